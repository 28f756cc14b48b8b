"""Who came, and closing the books."""

from datetime import datetime

import pytest

from contracts.booking import (
    AttendanceFinalized,
    AttendanceUnrecorded,
    BookClass,
    BookingCode,
    CheckedIn,
    CheckIn,
    CheckInUndone,
    CloseAttendance,
    CreditConsumed,
    CreditForfeited,
    FinalizeAttendance,
    MarkedNoShow,
    SeatsCounted,
    SessionCancelled,
    UndoCheckIn,
    Violation,
    ViolationRecorded,
    WaitlistLeft,
)
from contracts.envelope import Event
from services.booking.domain.class_session import Stage, class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    HOUR,
    MINUTE,
    NOON,
    SES,
    checked_in,
    given,
    granted,
    late_cancelled,
    opened,
    reservation_of,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

ARRIVE = CheckIn(session_id=SES, client_id=ANN)
UNDO = UndoCheckIn(session_id=SES, client_id=ANN)
DESK = ("staff:x", "front_desk")
CLOSE = FinalizeAttendance(session_id=SES)
TIME_IS_UP = CloseAttendance(session_id=SES)
DUE = NOON + 3 * HOUR  # two hours after the end
SEATED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(3), with_credits(ANN, BEN, CAT, DAN), reserved(ANN),
)  # fmt: skip
MIXED = (*SEATED, checked_in(ANN), reserved(BEN), late_cancelled(CAT))


@pytest.mark.parametrize("at", [NOON - 30 * MINUTE, NOON, NOON + HOUR])
def test_a_client_is_checked_in_from_half_an_hour_before_to_the_end(at: object) -> None:
    given(*SEATED).when(ARRIVE, at).then(  # type: ignore[arg-type]
        fact(CheckedIn, client_id=ANN, reservation_id=reservation_of(ANN))
    ).then_answered(status="checked_in", reservation_id=reservation_of(ANN))


def test_a_check_in_records_the_rules_that_let_it_be() -> None:
    past = (scheduled(3, version=7), with_credits(ANN), reserved(ANN))
    given(*past).when(ARRIVE, NOON).then(fact(CheckedIn, policy_version=7))


def test_check_in_opens_and_closes() -> None:
    given(*SEATED).when(ARRIVE, NOON - 31 * MINUTE).then_refused(
        BookingCode.CHECK_IN_NOT_OPEN, opens_at=(NOON - 30 * MINUTE).isoformat()
    )
    given(*SEATED).when(ARRIVE, NOON + 61 * MINUTE).then_refused(
        BookingCode.CHECK_IN_CLOSED, closed_at=(NOON + HOUR).isoformat()
    )


ASKS_WAIVER = (scheduled(3).model_copy(update={"waiver_required": True}), *SEATED[1:])


@pytest.mark.parametrize(
    ("past", "at", "code"),
    [
        (SEATED, NOON - HOUR, BookingCode.CHECK_IN_NOT_OPEN),
        (SEATED, NOON + 2 * HOUR, BookingCode.CHECK_IN_CLOSED),
        (ASKS_WAIVER, NOON, BookingCode.WAIVER_REQUIRED),
    ],
)
def test_the_desk_sets_a_rule_of_check_in_aside_by_name_and_it_is_on_record(
    past: tuple[Event, ...], at: datetime, code: BookingCode
) -> None:
    despite = ARRIVE.model_copy(update={"overrides": (code,), "reason": "walked in with ben"})
    given(*past).when(ARRIVE, at, *DESK).then_refused(code)
    given(*past).when(despite, at, *DESK).then(
        fact(CheckedIn, client_id=ANN, overrides=(code,), reason="walked in with ben")
    )
    silent = despite.model_copy(update={"reason": " "})
    given(*past).when(silent, at, *DESK).then_refused(BookingCode.REASON_REQUIRED)
    for somebody in ("staff:x", "trainer"), (f"client:{ANN}", "member"):
        given(*past).when(despite, at, *somebody).then_refused(
            BookingCode.FORBIDDEN, field="overrides"
        )


def test_a_rule_of_check_in_that_did_not_stand_in_the_way_is_not_on_record() -> None:
    despite = ARRIVE.model_copy(
        update={"overrides": (BookingCode.CHECK_IN_CLOSED,), "reason": "late"}
    )
    given(*SEATED).when(despite, NOON, *DESK).then(fact(CheckedIn, overrides=(), reason="late"))


def test_books_that_waited_for_somebody_close_after_a_check_in_that_came_too_late() -> None:
    despite = ARRIVE.model_copy(
        update={"overrides": (BookingCode.CHECK_IN_CLOSED,), "reason": "the list was on paper"}
    )
    asked = given(*SEATED).when(TIME_IS_UP, DUE)
    scenario = asked.when(despite, DUE + 24 * HOUR, *DESK).then(fact(CheckedIn))
    [(at, close)] = [
        one for one in scenario.gym.deadlines.values() if isinstance(one[1], CloseAttendance)
    ]
    assert at == DUE + 26 * HOUR
    scenario.when(close, at).then(fact(AttendanceFinalized, attended=1), fact(CreditConsumed))


@pytest.mark.parametrize(
    ("past", "code"),
    [
        ((), BookingCode.SESSION_NOT_FOUND),
        ((scheduled(),), BookingCode.NOT_BOOKED),
        ((scheduled(), with_credits(ANN), late_cancelled(ANN)), BookingCode.LATE_CANCELLED),
        ((*SEATED, checked_in(ANN)), BookingCode.ALREADY_CHECKED_IN),
        ((*SEATED, SessionCancelled(session_id=SES, reason="x")), BookingCode.SESSION_CANCELLED),
    ],
)
def test_a_check_in_is_refused_for_a_reason(past: tuple[Event, ...], code: BookingCode) -> None:
    given(*past).when(ARRIVE, NOON).then_refused(code)


def test_a_check_in_can_be_undone_until_the_books_are_closed() -> None:
    given(*SEATED, checked_in(ANN)).when(UNDO, NOON).then(
        fact(CheckInUndone, client_id=ANN)
    ).then_answered(status="reserved")
    given(*SEATED).when(UNDO, NOON).then_refused(BookingCode.NOT_CHECKED_IN)
    given(*MIXED).when(CLOSE, NOON).when(UNDO, NOON).then_refused(BookingCode.SESSION_FINALIZED)


def test_closing_the_books_spends_forfeits_and_counts() -> None:
    given(*MIXED).when(CLOSE, NOON).then(
        fact(SeatsCounted),
        fact(MarkedNoShow, client_id=BEN, reservation_id=reservation_of(BEN)),
        fact(AttendanceFinalized, attended=1, no_shows=1, late_cancels=1),
        fact(ViolationRecorded, client_id=CAT, kind=Violation.LATE_CANCEL),
        fact(ViolationRecorded, client_id=BEN, kind=Violation.NO_SHOW),
        fact(CreditForfeited, client_id=CAT, credits=1),
        fact(CreditConsumed, client_id=ANN, credits=1),
        fact(CreditForfeited, client_id=BEN, credits=1),
    )


def test_an_unlimited_grant_spends_no_credit() -> None:
    scenario = given(scheduled(), opened(ANN), granted(ANN, 0))
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - HOUR).when(ARRIVE, NOON)
    scenario.when(CLOSE, NOON).then(
        fact(SeatsCounted), fact(AttendanceFinalized, attended=1), fact(CreditConsumed, credits=0)
    )


def test_closing_the_books_dissolves_a_line_the_clock_has_not() -> None:
    given(*SEATED, checked_in(ANN), waiting(BEN, 1)).when(CLOSE, NOON).then(
        fact(SeatsCounted, empty_seats=2),
        fact(WaitlistLeft, client_id=BEN, reason="session_started"),
        fact(AttendanceFinalized),
        fact(CreditConsumed),
    )


def test_books_are_closed_once_and_not_before_the_start() -> None:
    given(*MIXED).when(CLOSE, NOON - MINUTE).then_refused(BookingCode.SESSION_NOT_STARTED)
    closed = given(*MIXED).when(CLOSE, NOON)
    assert closed.gym.state(class_session, SES).stage is Stage.FINALIZED
    closed.when(CLOSE, NOON).then_refused(BookingCode.SESSION_FINALIZED)


def test_the_clock_closes_the_books_when_somebody_took_attendance() -> None:
    given(*MIXED).when(TIME_IS_UP, DUE).then(
        fact(SeatsCounted),
        fact(MarkedNoShow),
        fact(AttendanceFinalized, attended=1, no_shows=1, late_cancels=1),
        fact(ViolationRecorded, client_id=CAT),
        fact(ViolationRecorded, client_id=BEN),
        fact(CreditForfeited),
        fact(CreditConsumed),
        fact(CreditForfeited),
    )


def test_the_clock_leaves_the_books_open_when_nobody_took_attendance() -> None:
    scenario = given(*SEATED, late_cancelled(CAT)).when(TIME_IS_UP, DUE)
    scenario.then(fact(SeatsCounted), fact(AttendanceUnrecorded))
    assert scenario.gym.state(class_session, SES).stage is Stage.SCHEDULED


def test_the_clock_does_nothing_early_or_twice() -> None:
    given(*MIXED).when(TIME_IS_UP, DUE - MINUTE).then_nothing()
    given(*MIXED).when(TIME_IS_UP, DUE).when(TIME_IS_UP, DUE).then_nothing()
