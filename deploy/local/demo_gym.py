"""The demo gym on paper: its people, places, timetable and who books what. Pure, from a date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SLUG, NAME = "demo", "Iron Temple"
ZONE, CURRENCY = "Europe/Berlin", "EUR"
PASSWORD = "back2back-demo"
CLIENTS = 50
SIGNED_IN = 3  # clients with a password; hashing fifty would take longer than all the rest
CREDITS = 20
DAYS = 14

OWNER = ("Olga Owner", "owner@demo.gym")
STAFF = (
    ("Frida Frontdesk", "desk@demo.gym", "FRONT_DESK"),
    ("Tariq Trainer", "trainer@demo.gym", "TRAINER"),
)
LOCATION, ROOMS = "Mitte", (("Big hall", 20), ("Studio", 8))
TIMETABLE = (
    (time(7), 45, "Morning ride", 0),
    (time(12, 15), 45, "Lunch strength", 0),
    (time(17, 30), 60, "Functional", 0),
    (time(19), 60, "Yoga flow", 1),
)
FIRST = ("Ada", "Ben", "Cleo", "Dara", "Emil", "Fatma", "Gil", "Hana", "Ivo", "June")
LAST = ("Albers", "Brandt", "Costa", "Diallo", "Engel")


@dataclass(frozen=True, slots=True)
class Person:
    """A client of the demo gym."""

    name: str
    email: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Class:
    """One class of the two weeks; room is an index into ``ROOMS``."""

    key: str
    """Names the class whenever the plan is made: its day and place in the timetable."""
    title: str
    starts_at: datetime
    ends_at: datetime
    room: int
    capacity: int


def clients() -> list[Person]:
    """The same fifty people every time."""
    return [
        Person(
            f"{FIRST[n % 10]} {LAST[n // 10]}",
            f"{FIRST[n % 10]}.{LAST[n // 10]}@demo.gym".lower(),
            PASSWORD if n < SIGNED_IN else None,
        )
        for n in range(CLIENTS)
    ]


def classes(today: date) -> list[Class]:
    """Four classes a day for two weeks, from the day after ``today``."""
    return [each for day in range(1, DAYS + 1) for each in _of_day(today + timedelta(days=day))]


def bookings(planned: list[Class]) -> list[tuple[Class, int]]:
    """Who books what, in order: the first days fill up, one studio class beyond its seats."""
    near = planned[:12]
    pairs = [(each, (13 * n + 7 * k) % CLIENTS)
             for n, each in enumerate(near) for k in range(3 + n % 4)]  # fmt: skip
    studio = next(each for each in planned if each.room == 1)
    taken = {(each.key, client) for each, client in pairs}
    crowd = [(studio, n) for n in range(studio.capacity + 4) if (studio.key, n) not in taken]
    return [*dict.fromkeys([*pairs, *crowd])]


def _of_day(day: date) -> Iterator[Class]:
    zone = ZoneInfo(ZONE)
    for number, (at, minutes, title, room) in enumerate(TIMETABLE):
        starts_at = datetime.combine(day, at, zone).astimezone(UTC)
        ends_at = starts_at + timedelta(minutes=minutes)
        yield Class(f"{day}/{number}", title, starts_at, ends_at, room, ROOMS[room][1])
