"""A miss that a correction has judged again counts where it counted, whatever it is called now."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    Attendance,
    BanEnd,
    BookClass,
    BookingBanImposed,
    BookingBanLifted,
    CancelReservation,
    CorrectAttendance,
    EndBookingBan,
    FeeAssessed,
    FeeForgiven,
    FinalizeAttendance,
    LiftBookingBan,
    Violation,
    ViolationRecorded,
)
from contracts.envelope import Event
from contracts.ids import SessionId
from contracts.money import Price
from tests.domain.booking.language import ANN, HOUR, NOON, given, granted, opened, scheduled
from tests.scenario import Scenario

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
DESK = ("staff:x", "owner")
PRICED: dict[str, Any] = {
    "late_cancel_fee": Price(minor=500, currency="EUR"),
    "no_show_fee": Price(minor=1200, currency="EUR"),
}
LATE_CANCEL, NO_SHOW = Violation.LATE_CANCEL, Violation.NO_SHOW


def class_on(day: int) -> SessionId:
    return SessionId(UUID(int=700 + day))


def closed_on(day: int) -> datetime:
    return NOON + day * DAY + HOUR


def missing(days: dict[int, Violation], **policy: Any) -> Scenario:
    """Ann, who pays by the month, missed a class on each of these days after the first of March."""
    scenario = given(opened(ANN), granted(ANN, 0))
    for day, kind in days.items():
        missing_on(scenario, day, kind, **policy)
    return scenario


def missing_on(
    scenario: Scenario,
    day: int,
    kind: Violation = NO_SHOW,
    *,
    closed_at: datetime | None = None,
    **policy: Any,
) -> None:
    """And one on this day."""
    session, starts_at = class_on(day), NOON + day * DAY
    scenario.gym.happened(scheduled(3, session, starts_at, **PRICED | policy))
    seat = {"session_id": session, "client_id": ANN}
    scenario.when(BookClass(**seat), starts_at - DAY).then_answered(status="reserved")
    if kind is LATE_CANCEL:
        cancel = CancelReservation(**seat)
        scenario.when(cancel, starts_at - HOUR).then_answered(status="cancelled_late")
    scenario.when(FinalizeAttendance(session_id=session), closed_at or closed_on(day))


def corrected(scenario: Scenario, day: int, *becomes: Attendance, at: int) -> Scenario:
    """Days later somebody puts the books of that day right, in so many steps."""
    for one in becomes:
        command = CorrectAttendance(
            session_id=class_on(day), client_id=ANN, becomes=one, reason="seen"
        )
        scenario.when(command, closed_on(at), *DESK)
    return scenario


def told(scenario: Scenario, kind: type[Event]) -> list[Any]:
    return [event for event in scenario.gym.log if isinstance(event, kind)]


BANS: dict[str, Any] = {
    "ban_after_penalties": 3,
    "ban_window_days": 90,
    "ban_days": 21,
    "free_passes": 0,
}
THREE = {0: NO_SHOW, 45: NO_SHOW, 89: LATE_CANCEL}


def test_a_ban_stays_as_it_is_when_a_late_cancel_turns_out_a_no_show_days_later() -> None:
    """By then the first of the three is more than ninety days ago."""
    scenario = missing(THREE, **BANS)
    (ban,) = told(scenario, BookingBanImposed)
    corrected(scenario, 89, Attendance.NO_SHOW, at=95)
    assert told(scenario, BookingBanLifted) == []
    assert told(scenario, BookingBanImposed) == [ban], "and is no longer"


def test_a_ban_that_somebody_lifted_comes_back_by_no_other_name() -> None:
    scenario = missing(THREE, **BANS)
    scenario.when(LiftBookingBan(client_id=ANN, reason="talked"), closed_on(89), *DESK)
    corrected(scenario, 89, Attendance.NO_SHOW, at=89)
    assert len(told(scenario, BookingBanImposed)) == 1


TWO_STEPS = (Attendance.ATTENDED, Attendance.LATE_CANCELLED)


def test_a_ban_comes_back_as_it_was_when_a_correction_is_taken_back_days_later() -> None:
    """The first of the three is more than ninety days ago by then."""
    scenario = missing(THREE, **BANS)
    corrected(scenario, 89, *TWO_STEPS, at=95)
    assert len(told(scenario, BookingBanLifted)) == 1
    first, again = told(scenario, BookingBanImposed)
    assert (again.until, again.cause) == (first.until, first.cause)


LIFT = LiftBookingBan(client_id=ANN, reason="talked")


@pytest.mark.parametrize("again", [89, 45, 0])
def test_a_ban_that_somebody_lifted_does_not_come_back_with_a_correction_taken_back(
    again: int,
) -> None:
    """Whichever of its misses was corrected wrongly."""
    scenario = missing(THREE, **BANS).when(LIFT, closed_on(90), *DESK)
    (lifted,) = told(scenario, BookingBanLifted)
    assert (lifted.kind, lifted.lifted_at) == (BanEnd.STAFF, closed_on(90))
    corrected(scenario, again, Attendance.ATTENDED, Attendance.NO_SHOW, at=91)
    assert len(told(scenario, BookingBanImposed)) == 1


def test_a_miss_after_a_ban_was_lifted_bans_again_counted_with_those_before_it() -> None:
    scenario = missing({0: NO_SHOW, 1: NO_SHOW, 2: NO_SHOW}, **BANS)
    scenario.when(LIFT, closed_on(2), *DESK)
    corrected(scenario, 1, Attendance.ATTENDED, at=3)
    missing_on(scenario, 10, **BANS)
    again = told(scenario, BookingBanImposed)[-1]
    assert (again.cause.penalties, again.cause.counted_at) == (3, closed_on(10))
    corrected(scenario, 10, Attendance.ATTENDED, at=11)
    assert [one.kind for one in told(scenario, BookingBanLifted)] == [BanEnd.STAFF, BanEnd.FELL]
    corrected(scenario, 10, Attendance.NO_SHOW, at=12)
    assert told(scenario, BookingBanImposed)[-1] == again, "nobody lifted that one"


def test_it_comes_back_where_it_was_not_told_yet_who_had_lifted_a_ban() -> None:
    """As it did then: the rules may have lifted it, because one of its misses was none."""
    scenario = missing(THREE, **BANS)
    scenario.gym.happened(BookingBanLifted(client_id=ANN, reason="talked"))
    corrected(scenario, 89, *TWO_STEPS, at=91)
    assert len(told(scenario, BookingBanImposed)) == 2


def test_nobody_is_banned_twice_for_the_same_misses() -> None:
    """Twenty-one days for three in a row; when one of them is judged again those are over."""
    scenario = missing({0: NO_SHOW, 1: NO_SHOW, 2: LATE_CANCEL}, **BANS)
    (ban,) = told(scenario, BookingBanImposed)
    scenario.when(EndBookingBan(client_id=ANN), ban.until)
    corrected(scenario, 2, *TWO_STEPS, at=40)
    assert told(scenario, BookingBanImposed) == [ban]


def test_a_miss_that_comes_back_is_one_too_many_for_those_after_it() -> None:
    """The second was no miss when the third was judged; the ban is as of the third."""
    scenario = missing({0: NO_SHOW, 1: LATE_CANCEL}, **BANS)
    corrected(scenario, 1, Attendance.ATTENDED, at=2)
    missing_on(scenario, 10, **BANS)
    assert told(scenario, BookingBanImposed) == []
    corrected(scenario, 1, Attendance.LATE_CANCELLED, at=12)
    (ban,) = told(scenario, BookingBanImposed)
    assert (ban.cause.counted_at, ban.until) == (closed_on(10), closed_on(10) + 21 * DAY)


PASSES: dict[str, Any] = {"free_passes": 1, "free_pass_days": 30}
STEPS = [
    (Attendance.NO_SHOW,),
    (Attendance.ATTENDED, Attendance.NO_SHOW),
    (Attendance.EXCUSED, Attendance.ATTENDED, Attendance.NO_SHOW),
]


@pytest.mark.parametrize("steps", STEPS, ids=["at once", "in two steps", "in three"])
def test_a_fee_that_no_pass_forgave_is_followed_by_one_that_none_forgives(
    steps: tuple[Attendance, ...],
) -> None:
    """The pass was used ten days before; when the books are corrected that is long ago."""
    scenario = missing({0: NO_SHOW, 10: LATE_CANCEL}, **PASSES)
    assert len(told(scenario, FeeForgiven)) == 1
    corrected(scenario, 10, *steps, at=45)
    assert len(told(scenario, FeeForgiven)) == 1
    fee = told(scenario, FeeAssessed)[-1]
    assert (fee.amount.minor, fee.assessment, fee.evidence.recent_violations) == (1200, 2, 1)
    assert fee.waivable_until == closed_on(45) + DAY, "its own times are by the clock"
    assert fee.contestable_until == closed_on(45) + 7 * DAY
    again = told(scenario, ViolationRecorded)[-1]
    assert (again.kind, again.judged_at) == (NO_SHOW, closed_on(10))


def test_a_miss_of_long_ago_uses_up_no_pass_of_today_when_it_is_judged_again() -> None:
    scenario = missing({0: NO_SHOW, 10: LATE_CANCEL}, **PASSES)
    corrected(scenario, 10, Attendance.NO_SHOW, at=45)
    missing_on(scenario, 50, **PASSES)
    assert told(scenario, FeeForgiven)[-1].session_id == class_on(50)


def test_what_came_after_a_miss_takes_no_pass_from_it() -> None:
    """Free as a late cancel; as a no-show it has a fee, which the pass of those days forgives."""
    scenario = missing({0: LATE_CANCEL, 10: NO_SHOW}, **PASSES | {"late_cancel_fee": None})
    assert told(scenario, FeeForgiven) == [], "the late cancel counted against the pass"
    corrected(scenario, 0, Attendance.NO_SHOW, at=12)
    assert [one.session_id for one in told(scenario, FeeForgiven)] == [class_on(0)]


def test_of_two_misses_judged_by_clocks_that_differ_one_is_free() -> None:
    """The books of both close at once; who is later to judge had looked at the clock before."""
    scenario = given(opened(ANN), granted(ANN, 0))
    missing_on(scenario, 0, closed_at=closed_on(1) + SECOND, **PASSES)
    missing_on(scenario, 1, closed_at=closed_on(1), **PASSES)
    assert [one.session_id for one in told(scenario, FeeForgiven)] == [class_on(0)]
    assert told(scenario, FeeAssessed)[-1].evidence.recent_violations == 1
    corrected(scenario, 0, Attendance.ATTENDED, Attendance.NO_SHOW, at=2)
    corrected(scenario, 1, Attendance.ATTENDED, Attendance.NO_SHOW, at=3)
    assert len(told(scenario, FeeForgiven)) == 1, "judged again with what it was judged with"
