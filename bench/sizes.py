"""How much of everything a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The full run's; ``quick`` proves that the bench works and says nothing about speed."""

    rounds: int = 5
    commanders: int = 64
    seconds: float = 4.0
    """Of one throughput measurement."""
    classes: int = 1_000
    members: int = 1_000
    screens: int = 1_000
    updates: int = 20
    """Bookings seen by all screens, in one round."""
    few_events: int = 10_000
    many_events: int = 10_000_000
    cold_clients: int = 1_000
    """Who book and cancel once in one measurement of what growth costs."""
    rebuild_events: int = 50_000
    bookings: int = 500
    """With their traces or without, in one round."""
    queries: int = 4_000
    """Roster queries in one round."""
    starts: int = 3
    demo_days: int = 90
    demo_clients: int = 300


def quick() -> Sizes:
    """Tiny."""
    return Sizes(
        rounds=1, commanders=8, seconds=0.3, classes=20, members=60, screens=20, updates=3,
        few_events=1_000, many_events=5_000, cold_clients=40, rebuild_events=1_500,
        bookings=40, queries=100, starts=1, demo_days=2,
        demo_clients=12,
    )  # fmt: skip
