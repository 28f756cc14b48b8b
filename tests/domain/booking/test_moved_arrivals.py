"""Whoever came to a class that moves away from them is not checked in to where it has gone."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.booking import (
    AttendanceUnrecorded,
    Cancellation,
    CancelReservation,
    CheckedIn,
    CheckInAtDoor,
    CheckInSource,
    CheckInUndone,
    CloseAttendance,
    FinalizeAttendance,
    MarkedNoShow,
    ReservationCancelled,
    SeatsCounted,
)
from contracts.envelope import Event
from contracts.timetable import HoldMoved, RescheduleSession, SessionRescheduled, SessionsPlaced
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    SES,
    checked_in,
    given,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

BY_CLOCK = ("system:booking", "system")
DAY = 24 * HOUR
JUST_BEFORE = NOON - 10 * MINUTE
SEATED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(3), with_credits(ANN, BEN), reserved(ANN), reserved(BEN),
)  # fmt: skip
LET_IN = CheckInAtDoor(client_id=ANN, location_id=HALL, session_id=SES)


def moved(by: timedelta, *past: Event, **policy: Any) -> Scenario:
    """Ten minutes before it was to start the class moves, with Ann and Ben."""
    starts_at = NOON + by
    move = RescheduleSession(session_id=SES, starts_at=starts_at, ends_at=starts_at + HOUR)
    return given(scheduled(3, **policy), *SEATED[1:], *past).when(move, JUST_BEFORE)


def test_a_check_in_does_not_go_along_to_a_much_later_time() -> None:
    gone = moved(DAY, checked_in(ANN)).then(
        fact(SessionRescheduled),
        fact(SessionsPlaced),
        fact(HoldMoved, client_id=ANN),
        fact(HoldMoved, client_id=BEN),
        fact(CheckInUndone, client_id=ANN),
    )
    gone.when(CancelReservation(session_id=SES, client_id=ANN), NOON, "client:x", "member")
    assert not isinstance(gone.outcome, Exception), gone.outcome
    assert fact(ReservationCancelled, kind=Cancellation.EARLY).fits(gone.outcome[0])


@pytest.mark.parametrize(
    ("by", "opens"),
    [(30 * MINUTE, 30), (-5 * MINUTE, 30), (15 * MINUTE, 0), (3 * HOUR, 180)],
    ids=["as long as it is open", "sooner", "hardly", "open for hours"],
)
def test_whoever_waits_for_it_stays_checked_in(by: timedelta, opens: int) -> None:
    gym = moved(by, checked_in(ANN), check_in_opens_minutes_before=opens).gym
    assert gym.state(class_session, SES).reserved[ANN].checked_in


def test_nobody_is_a_no_show_because_somebody_came_to_the_time_before() -> None:
    closes = NOON + DAY + 3 * HOUR
    moved(DAY, checked_in(ANN)).when(CloseAttendance(session_id=SES), closes, *BY_CLOCK).then(
        fact(SeatsCounted), fact(AttendanceUnrecorded)
    )


@pytest.mark.parametrize("closed", [False, True])
def test_an_entry_to_the_time_before_that_is_heard_of_late_is_none(closed: bool) -> None:
    scenario = moved(DAY, checked_in(BEN))
    if closed:
        scenario.when(FinalizeAttendance(session_id=SES), NOON + DAY + HOUR)
        assert any(fact(MarkedNoShow, client_id=ANN).fits(one) for one in scenario.gym.log)
    scenario.when(LET_IN, NOON - 15 * MINUTE, *BY_CLOCK).then_nothing()
    assert f"put_books_right:{SES}:{ANN}" not in scenario.gym.deadlines


def test_an_entry_that_is_heard_of_after_a_short_move_is_a_check_in() -> None:
    moved(30 * MINUTE).when(LET_IN, NOON - 20 * MINUTE, *BY_CLOCK).then(
        fact(CheckedIn, client_id=ANN, source=CheckInSource.DOOR)
    )
