"""The laws of booking hold, whatever is asked, in whatever order."""

from inspect import signature
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import INVARIANT_MARKER

from contracts.booking import Attendance, Period
from tests.domain.booking.histories import (
    CLIENTS,
    COACHES,
    COVERS,
    MOVES_BY,
    STAFF,
    STARTS,
    Booking,
)
from tests.domain.booking.language import HOUR, MINUTE, NOON

TestBooking = Booking.TestCase
TestBooking.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


MOVES: dict[str, int] = {
    "book": 12, "give_up": 6, "leave": 1, "join": 2, "grant": 4, "resize": 2, "arrive": 4,
    "time_passes": 12, "give_up_or_leave_what_was_never_taken": 1, "call_off": 2, "finalize": 3,
    "staff_books": 2, "undo_cancel": 3, "remove": 1, "sit_elsewhere": 1, "walk_in": 2, "claim": 4,
    "decline": 2, "promote_now": 1, "correct": 3, "ban": 1, "sign": 2, "change_grant": 2,
    "move": 2, "substitute": 2, "reinstate": 3,
}  # fmt: skip
"""How often each is tried in a long walk."""

NEEDS = {
    "give_up": "seated", "arrive": "seated", "remove": "seated", "sit_elsewhere": "seated",
    "leave": "line", "claim": "line", "promote_now": "line", "decline": "offered",
    "undo_cancel": "late", "correct": "books",
}  # fmt: skip

LAWS = [name for name in vars(Booking) if hasattr(getattr(Booking, name), INVARIANT_MARKER)]


@pytest.mark.parametrize("seed", range(40))
def test_the_laws_hold_on_a_long_walk(seed: int) -> None:
    """Longer and denser than what hypothesis draws: where rare combinations happen."""
    dice = Random(seed)
    booking = Booking()
    booking.open_the_week(
        capacities=tuple(dice.choices([1, 1, 2], k=len(STARTS))),
        packs=tuple(dice.choices([1, 1, 1, 1, 2, 0], k=len(CLIENTS))),
        before=dice.choice([30, 12, 6, 5]) * HOUR,
        first=dice.sample(CLIENTS, len(CLIENTS)),
        limit=dice.choice([0, 0, 1]),
    )
    for _ in range(200):
        _move(booking, dice)
        for law in LAWS:
            getattr(booking, law)()
    booking.teardown()


def _move(booking: Booking, dice: Random) -> None:
    (name,) = dice.choices(list(MOVES), list(MOVES.values()))
    needs = NEEDS.get(name)
    if needs and not booking._pairs(needs):
        return
    drawn = {
        "client": dice.choice(CLIENTS), "session": dice.choice(list(STARTS)),
        "line": dice.random() < 0.8, "nth": dice.randrange(12), "here": dice.random() < 0.7,
        "capacity": dice.choice([1, 1, 2, 3]), "credits": dice.choice([1, 1, 1, 1, 2, 0]),
        "short": dice.random() < 0.5,
        "storm": dice.randrange(4 if booking.now > NOON - 3 * HOUR else 30),
        "spot": dice.choice([None, "a", "b"]), "roles": dice.choice([("client:x",), STAFF]),
        "waive": dice.random() < 0.5, "overbook": dice.random() < 0.2,
        "keep_place": dice.random() < 0.3, "becomes": dice.choice(list(Attendance)),
        "days": dice.choice([None, 0.1, 2]), "lift": dice.random() < 0.7,
        "what": dice.randrange(6), "swap": dice.random() < 0.5,
        "notice": dice.choice([0, 0, 360]), "per": dice.choice([None, None, *Period]),
        "by": dice.choice([MINUTE, 10 * MINUTE, 20 * MINUTE, HOUR]), "coach": dice.choice(COACHES),
        "covers": dice.choice(COVERS),
    }  # fmt: skip
    if name == "move":
        drawn["by"] = dice.choice(MOVES_BY)
    move = getattr(booking, name)
    move(**{one: drawn[one] for one in signature(move).parameters})
