"""Laws of bans: whatever staff lift, and whatever corrections take back, in whatever order."""

from functools import cache
from random import Random

import pytest

from contracts.booking import Attendance, BookClass, BookingBanImposed, BookingBanLifted
from contracts.money import Price
from tests.domain.booking.gym_rules import OPTIONS
from tests.domain.booking.histories import Booking
from tests.domain.booking.histories_asked import STAFF, STARTS
from tests.domain.booking.language import FAR, HOUR, NOON, SES
from tests.domain.booking.laws import CLIENTS, DAY
from tests.domain.booking.test_laws import LAWS

WALKS = 30
ORDINARY = {rule: values[0] for rule, values in OPTIONS.items()}
FEE = Price(minor=500, currency="EUR")


@pytest.mark.parametrize("seed", range(WALKS))
def test_the_laws_hold_when_books_are_corrected_and_bans_lifted(seed: int) -> None:
    walked(seed)


def test_the_walks_come_to_every_end_of_a_ban_and_to_bans_after_it() -> None:
    reached = set[str]().union(*(walked(seed) for seed in range(WALKS)))
    assert {"by rules", "by rules after staff", "by rules after fell"} <= reached
    assert {"ended by staff", "ended by fell", "ended by served"} <= reached


@cache
def walked(seed: int) -> set[str]:
    """What became of bans when nobody came to two classes; the same each time."""
    dice, booking = Random(seed), Booking()
    strict = ORDINARY | {
        "ban_after_penalties": dice.choice([1, 2]), "ban_days": dice.choice([2, 30]),
        "no_show_fee": dice.choice([None, FEE]), "fee_waive_hours": 24 * 7,
    }  # fmt: skip
    booking.open_the_week(
        capacities=(4,) * len(STARTS), paid=((0, None),) * len(CLIENTS), before=12 * HOUR,
        first=list(CLIENTS), rules=(strict,) * len(STARTS), gyms=None,
        lates=(None,) * len(STARTS), programs=(None,) * len(STARTS),
    )  # fmt: skip
    for client in CLIENTS:
        booking._do(BookClass(session_id=FAR, client_id=client), *STAFF)
    booking.time_passes(NOON + 3 * HOUR - booking.now)
    booking.finalize(SES)
    closes = dice.randrange(60)
    for nth in range(60):
        if nth == closes:
            booking.finalize(FAR)
        _move(booking, dice)
        for law in LAWS:
            getattr(booking, law)()
    booking.teardown()
    return _told(booking)


def _move(booking: Booking, dice: Random) -> None:
    match dice.choices(["correct", "ban", "settle", "days"], [8, 4, 2, 1])[0]:
        case "correct":
            booking.correct(dice.randrange(12), dice.choice(list(Attendance)))
        case "ban":
            lifts = dice.random() < 0.8
            booking.ban(dice.choice(CLIENTS), dice.choice([None, 0.1, 2]), lifts)
        case "settle":
            booking.settle_a_fee(dice.randrange(12), dice.randrange(6))
        case "days":
            booking.days_pass(dice.choice([8 * HOUR, DAY]))


def _told(booking: Booking) -> set[str]:
    """How bans ended, and after which end of another the rules imposed one."""
    reached, ended = set[str](), dict[object, object]()
    for event in booking.gym.log:
        if isinstance(event, BookingBanLifted):
            ended[event.client_id] = event.kind
            reached.add(f"ended by {event.kind}")
        if isinstance(event, BookingBanImposed) and event.cause is not None:
            after = ended.get(event.client_id)
            reached.add(f"by rules after {after}" if after else "by rules")
    return reached
