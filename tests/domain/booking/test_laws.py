"""The laws of booking hold, whatever is asked, in whatever order."""

from collections import Counter
from functools import cache
from inspect import signature
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import INVARIANT_MARKER, RULE_MARKER

from contracts.booking import Attendance, Period
from tests.domain.booking.gym_rules import AT_CHECK_IN, COSTLY, LATES, OPTIONS, OVERRIDES, PROGRAMS
from tests.domain.booking.histories import COACHES, MOVES_BY, PAID, Booking
from tests.domain.booking.histories_asked import STAFF, STARTS
from tests.domain.booking.histories_changed import ANEW, COVERS, TERMS
from tests.domain.booking.histories_people import LEAVING, LEAVING_DEBTS
from tests.domain.booking.histories_people import NEEDED as NEEDED_OF_ERASED
from tests.domain.booking.language import HOUR, MINUTE, NOON
from tests.domain.booking.laws import CLIENTS
from tests.domain.booking.situations import NEEDED

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
    "move": 2, "substitute": 2, "reinstate": 3, "settle_a_fee": 4, "publish": 1,
    "check_oneself_in": 2, "claim_too_late": 3, "go_and_come_back": 1, "book_or_wait": 2,
    "say_session_anew": 2, "say_grant_anew": 2, "let_them_swap": 1,
}  # fmt: skip
"""How often each is tried in a long walk."""

WEEKS: tuple[dict[str, int], ...] = (
    MOVES,
    MOVES
    | {"join": 14, "give_up": 9, "resize": 4, "grant": 6, "decline": 4}
    | {"say_session_anew": 8, "say_grant_anew": 4},
    MOVES
    | {"move": 8, "substitute": 3, "staff_books": 8, "join": 8, "change_grant": 4}
    | {"say_session_anew": 9, "say_grant_anew": 12},
    {},
)
"""An ordinary one, long lines, plans that change; none, when it is about what comes after it."""

THE_DAY = {
    "book": 12, "staff_books": 8, "give_up": 7, "undo_cancel": 2, "remove": 2, "arrive": 4,
    "walk_in": 3, "claim": 3, "join": 3, "resize": 2, "sign": 2, "sit_elsewhere": 2, "grant": 2,
    "move": 1, "change_grant": 3, "settle_a_fee": 1, "check_oneself_in": 2,
    "go_and_come_back": 1, "say_session_anew": 4, "say_grant_anew": 2,
    "let_them_swap": 2,
}  # fmt: skip
AFTERWARDS = {
    "finalize": 1, "correct": 4, "settle_a_fee": 8, "time_passes": 2, "days_pass": 2,
    "staff_books": 1, "walk_in": 1, "come_in": 2,
}  # fmt: skip

NEEDS = {
    "give_up": "seated", "arrive": "seated", "remove": "seated", "sit_elsewhere": "seated",
    "come_in": "seated", "check_oneself_in": "seated",
    "let_them_swap": "seated",
    "leave": "line", "claim": "line", "promote_now": "line", "decline": "offered",
    "claim_too_late": "offered", "undo_cancel": "late", "go_and_come_back": "seated",
    "correct": "books",
}  # fmt: skip

LAWS = [name for name in dir(Booking) if hasattr(getattr(Booking, name), INVARIANT_MARKER)]
RULES = [name for name in dir(Booking) if hasattr(getattr(Booking, name), RULE_MARKER)]
"""What the histories are made of."""

WALKS = 208
STAY = 160  # walks on which nobody is erased


@pytest.mark.parametrize("seed", range(WALKS))
def test_the_laws_hold_on_a_long_walk(seed: int) -> None:
    """Longer and denser than what hypothesis draws: where rare combinations happen."""
    walked(seed)


def test_the_walks_come_to_whatever_the_laws_speak_of() -> None:
    assert sorted((NEEDED | NEEDED_OF_ERASED) - all_reached()) == []


def test_there_is_no_rule_of_the_histories_that_never_changes_anything() -> None:
    assert [one for one in RULES if f"changed by {one}" not in all_reached()] == []


def all_reached() -> set[str]:
    return set[str]().union(*(walked(seed) for seed in range(WALKS)))


@cache
def walked(seed: int) -> Counter[str]:
    """What one walk came to; the same each time."""
    dice, week = Random(seed), WEEKS[seed % len(WEEKS)]
    leaving, owing = ({}, {}) if seed < STAY else (LEAVING, {}) if week else ({}, LEAVING_DEBTS)
    costly = COSTLY if owing else {}
    booking = Booking()
    booking.open_the_week(
        capacities=tuple(dice.choices([1, 1, 2] if week else [2, 3], k=len(STARTS))),
        paid=tuple(dice.choices(PAID if week else PAID[:3], k=len(CLIENTS))),
        before=dice.choice([30, 12, 6, 5] if week else [3]) * HOUR,
        first=dice.sample(CLIENTS, len(CLIENTS)),
        rules=tuple(_drawn(dice) | costly if dice.random() < 0.7 else None for _ in STARTS),
        gyms=_drawn(dice) | costly if costly or dice.random() < 0.5 else None,
        lates=tuple(dice.choices(LATES, k=len(STARTS))),
        programs=tuple(dice.choices(PROGRAMS, k=len(STARTS))),
    )
    for _ in range(120 if week else 0):
        _move(booking, dice, week | leaving)
    while booking.now < NOON + 3 * HOUR:
        booking.time_passes(by=20 * MINUTE if booking.now > NOON - 4 * HOUR else HOUR)
        for _ in range(3):
            _move(booking, dice, THE_DAY | leaving)
    for session in dice.sample(list(STARTS), dice.choice([1, 2, 3])):
        booking.finalize(session)
    for _ in range(dice.choice([20, 30] if week else [40, 60])):
        _move(booking, dice, AFTERWARDS | leaving | owing)
    booking.teardown()
    return booking.reached


def _drawn(dice: Random) -> dict[str, Any]:
    return {rule: dice.choice(values) for rule, values in OPTIONS.items()}


def _move(booking: Booking, dice: Random, moves: dict[str, int]) -> None:
    (name,) = dice.choices(list(moves), list(moves.values()))
    needs = NEEDS.get(name)
    if needs and not booking._pairs(needs):
        return
    drawn = {
        "client": dice.choice(CLIENTS), "session": dice.choice(list(STARTS)),
        "line": dice.random() < 0.8, "nth": dice.randrange(12), "here": dice.random() < 0.7,
        "capacity": dice.choice([1, 1, 2, 3]), "credits": dice.choice([1, 1, 1, 1, 2, 0]),
        "short": dice.random() < 0.5, "own": dice.random() < 0.5,
        "storm": dice.randrange(4 if booking.now > NOON - 3 * HOUR else 30),
        "spot": dice.choice([None, "a", "b"]), "roles": dice.choice([("client:x",), STAFF]),
        "waive": dice.random() < 0.5, "overbook": dice.random() < 0.2,
        "keep_place": dice.random() < 0.3, "becomes": dice.choice(list(Attendance)),
        "days": dice.choice([None, 0.1, 2]), "lift": dice.random() < 0.7,
        "what": dice.randrange(6), "swap": dice.random() < 0.8,
        "notice": dice.choice([0, 0, 360]), "per": dice.choice([None, None, *Period]),
        "by": dice.choice([MINUTE, 10 * MINUTE, 20 * MINUTE, HOUR]), "coach": dice.choice(COACHES),
        "covers": dice.choice(COVERS), "over": dice.choice(OVERRIDES), "rules": _drawn(dice),
        "later": dice.choice([HOUR * 0, HOUR, 5 * HOUR]), "despite": dice.choice(AT_CHECK_IN),
        "anew": dice.choice(ANEW), "terms": dice.choice(TERMS),
    }  # fmt: skip
    if name in {"move", "days_pass"}:
        drawn["by"] = dice.choice(MOVES_BY if name == "move" else [8 * HOUR, 24 * HOUR])
    move, known = getattr(booking, name), len(booking.gym.log)
    move(**{one: drawn[one] for one in signature(move).parameters})
    if len(booking.gym.log) > known:
        booking.reached[f"changed by {name}"] += 1
    for law in LAWS:
        getattr(booking, law)()
