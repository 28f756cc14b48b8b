"""Attendance nobody recorded: asked for, penalized by nobody, and nothing is held for ever."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.booking import (
    AddWalkIn,
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    AttendanceUnrecorded,
    BookClass,
    BookingCode,
    Cancellation,
    CheckedIn,
    CheckInAtDoor,
    CloseAttendance,
    CorrectAttendance,
    CreditConsumed,
    CreditCorrected,
    CreditForfeited,
    CreditReleased,
    FinalizeAttendance,
    MarkedNoShow,
    ReleaseUnrecorded,
    ReservationCancelled,
    SeatsCounted,
    UndoCancel,
    ViolationRecorded,
)
from contracts.ids import ClientId, SessionId
from services.booking import deadlines
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    SES,
    checked_in,
    given,
    grant_of,
    late_cancelled,
    reservation_of,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

CLOSE = CloseAttendance(session_id=SES)
RELEASE = ReleaseUnrecorded(session_id=SES)
CLOSES = NOON + 3 * HOUR  # two hours after the end
EXCUSES = CLOSES + timedelta(days=7)


def forgotten(**policy: Any) -> Scenario:
    """Ann has a seat, Cat gave hers up late, and nobody says who came."""
    return given(
        scheduled(5, **policy), with_credits(ANN, CAT, credits=1), reserved(ANN),
        late_cancelled(CAT),
    )  # fmt: skip


def taken_back(client: ClientId) -> ReservationCancelled:
    return ReservationCancelled(
        session_id=SES, client_id=client, reservation_id=reservation_of(client),
        kind=Cancellation.STAFF, free_until=NOON, policy_version=1, seats_taken=0,
    )  # fmt: skip


def available(scenario: Scenario, client: object) -> int:
    ledger = scenario.gym.state(client_ledger, client)  # type: ignore[arg-type]
    return int(ledger.grants[grant_of(client)].available)  # type: ignore[arg-type]


def test_it_is_asked_for_once_and_nobody_is_penalized() -> None:
    scenario = forgotten().when(CLOSE, CLOSES)
    scenario.then(
        fact(SeatsCounted, empty_seats=4),
        fact(AttendanceUnrecorded, seats=2, excused_at=EXCUSES, policy_version=1),
    )
    assert scenario.gym.deadlines[deadlines.unrecorded_excused(SES)] == (EXCUSES, RELEASE)
    scenario.when(CLOSE, CLOSES + HOUR).then_nothing()
    assert available(scenario, ANN) == 0


def test_it_is_not_asked_for_before_its_time_or_of_an_empty_session() -> None:
    forgotten().when(CLOSE, CLOSES - MINUTE).then_nothing()
    given(scheduled(5), with_credits(ANN)).when(CLOSE, CLOSES).then_nothing()


def test_everybody_is_excused_days_later_and_has_their_credit_back() -> None:
    scenario = forgotten().when(CLOSE, CLOSES).when(RELEASE, EXCUSES - MINUTE)
    scenario.then_nothing()
    scenario.when(RELEASE, EXCUSES).then(
        fact(
            AttendanceFinalized, attended=0, no_shows=0, late_cancels=0, policy_version=1,
            excused=(reservation_of(CAT), reservation_of(ANN)), excused_clients=(CAT, ANN),
        ),
        fact(CreditReleased, client_id=CAT), fact(CreditReleased, client_id=ANN),
    )  # fmt: skip
    books = scenario.gym.state(class_session, SES)
    assert {books.attendance_of(one) for one in (ANN, CAT)} == {Attendance.EXCUSED}
    assert (available(scenario, ANN), available(scenario, CAT)) == (1, 1)
    assert not scenario.gym.state(client_ledger, ANN).holds
    scenario.when(RELEASE, EXCUSES).then_nothing()


def test_the_policy_says_after_how_many_days() -> None:
    scenario = forgotten(unrecorded_excused_days=1).when(CLOSE, CLOSES)
    scenario.when(RELEASE, CLOSES + timedelta(days=1))
    assert fact(AttendanceFinalized, attended=0).fits(scenario.outcome[0])  # type: ignore[index]


def test_whoever_records_it_in_time_decides() -> None:
    """Staff closes the books although nobody was checked in: nobody came."""
    scenario = forgotten().when(CLOSE, CLOSES)
    scenario.when(FinalizeAttendance(session_id=SES), CLOSES + HOUR).then(
        fact(MarkedNoShow, client_id=ANN), fact(AttendanceFinalized, no_shows=1, late_cancels=1),
        fact(ViolationRecorded), fact(ViolationRecorded),
        fact(CreditForfeited), fact(CreditForfeited),
    )  # fmt: skip
    assert deadlines.unrecorded_excused(SES) not in scenario.gym.deadlines
    scenario.when(RELEASE, EXCUSES).then_nothing()


def test_one_check_in_is_a_record() -> None:
    past = (scheduled(5), with_credits(ANN, BEN), reserved(ANN), reserved(BEN), checked_in(ANN))
    scenario = given(*past).when(CLOSE, CLOSES)
    scenario.then(
        fact(SeatsCounted), fact(MarkedNoShow, client_id=BEN),
        fact(AttendanceFinalized, attended=1, no_shows=1, excused=()), fact(ViolationRecorded),
        fact(CreditConsumed), fact(CreditForfeited),
    )  # fmt: skip
    assert not scenario.gym.state(class_session, SES).is_unrecorded


def test_who_was_there_after_all_pays_for_it() -> None:
    scenario = forgotten().when(CLOSE, CLOSES).when(RELEASE, EXCUSES)
    correct = CorrectAttendance(
        session_id=SES, client_id=ANN, becomes=Attendance.ATTENDED, reason="saw her"
    )
    scenario.when(correct, EXCUSES + HOUR).then(
        fact(AttendanceCorrected, was=Attendance.EXCUSED, credits=1),
        fact(CreditCorrected, before=0, after=1),
    )
    assert available(scenario, ANN) == 0


def test_excused_books_are_closed() -> None:
    scenario = forgotten().when(CLOSE, CLOSES).when(RELEASE, EXCUSES)
    scenario.when(FinalizeAttendance(session_id=SES), EXCUSES)
    scenario.then_refused(BookingCode.SESSION_FINALIZED)
    assert not any(isinstance(one, CheckedIn) for one in scenario.gym.log)


BELATED = BookClass(
    session_id=SES, client_id=BEN, overrides=(BookingCode.BOOKING_CLOSED,), reason="came after all"
)
MUCH_LATER = EXCUSES + timedelta(days=1)


def test_a_seat_given_when_the_books_of_an_empty_session_were_due_is_asked_about_too() -> None:
    scenario = given(scheduled(5), with_credits(BEN, credits=1)).when(CLOSE, CLOSES)
    scenario.when(BELATED, MUCH_LATER, "staff:x", "owner")
    at, again = scenario.gym.deadlines[deadlines.attendance_closes(SES)]
    assert at == MUCH_LATER + 2 * HOUR, "as long after it as after the end"
    scenario.when(again, at)
    scenario.then(fact(AttendanceUnrecorded, seats=1, excused_at=EXCUSES))
    at, release = scenario.gym.deadlines[deadlines.unrecorded_excused(SES)]
    scenario.when(release, at)
    assert available(scenario, BEN) == 1


def test_a_seat_given_after_somebody_was_asked_who_came_is_let_go_of_in_the_end() -> None:
    scenario = forgotten().when(CLOSE, CLOSES)
    for client in (ANN, CAT):
        scenario.gym.happened(taken_back(client))
    scenario.when(RELEASE, EXCUSES).then_nothing()
    scenario.gym.happened(*with_credits(BEN, credits=1))
    scenario.when(BELATED, MUCH_LATER, "staff:x", "owner")
    at, release = scenario.gym.deadlines[deadlines.unrecorded_excused(SES)]
    scenario.when(release, at)
    assert available(scenario, BEN) == 1


def test_a_seat_given_before_the_books_are_due_moves_nothing() -> None:
    scenario = given(scheduled(5), with_credits(BEN)).when(BELATED, CLOSES - MINUTE, "x", "owner")
    assert deadlines.attendance_closes(SES) not in scenario.gym.deadlines


def test_a_seat_taken_back_after_somebody_was_asked_is_let_go_of_in_the_end() -> None:
    """However long after it: the first deadline to excuse everybody is over."""
    scenario = given(scheduled(5), with_credits(CAT, credits=1), late_cancelled(CAT))
    scenario.when(CLOSE, CLOSES)
    del scenario.gym.deadlines[deadlines.unrecorded_excused(SES)]
    scenario.when(UndoCancel(session_id=SES, client_id=CAT), MUCH_LATER, "staff:x", "owner")
    at, release = scenario.gym.deadlines[deadlines.unrecorded_excused(SES)]
    scenario.when(release, at)
    assert available(scenario, CAT) == 1


def comes_in(session: SessionId | None) -> CheckInAtDoor:
    return CheckInAtDoor(client_id=ANN, location_id=HALL, session_id=session)


@pytest.mark.parametrize("by_grant_of", [SES, None], ids=["the class's grant", "the desk's"])
def test_who_came_in_by_the_door_and_is_heard_of_late_has_the_books_close(
    by_grant_of: SessionId | None,
) -> None:
    """The way from the doors was cut until somebody was asked; then entries of noon are told."""
    scenario = forgotten().when(CLOSE, CLOSES)
    scenario.when(comes_in(by_grant_of), NOON, "system:booking", "system").then(fact(CheckedIn))
    at, again = scenario.gym.deadlines[deadlines.attendance_closes(SES)]
    assert at == CLOSES + timedelta(days=1), "another instant, and time for who is told of next"
    scenario.when(again, at).then(
        fact(AttendanceFinalized, attended=1, no_shows=0, late_cancels=1, excused=()),
        fact(ViolationRecorded, client_id=CAT),
        fact(CreditForfeited, client_id=CAT), fact(CreditConsumed, client_id=ANN),
    )  # fmt: skip
    assert deadlines.unrecorded_excused(SES) not in scenario.gym.deadlines


def test_what_was_recorded_after_somebody_was_asked_is_not_excused_but_closed() -> None:
    """Whatever recorded it: when everybody would be excused the books close."""
    scenario = forgotten().when(CLOSE, CLOSES)
    scenario.gym.happened(checked_in(ANN))
    scenario.when(RELEASE, EXCUSES).then(
        fact(AttendanceFinalized, attended=1, late_cancels=1, excused=()),
        fact(ViolationRecorded, client_id=CAT),
        fact(CreditForfeited, client_id=CAT), fact(CreditConsumed, client_id=ANN),
    )  # fmt: skip
    assert not scenario.gym.state(client_ledger, ANN).holds


def test_a_late_cancel_walked_in_after_somebody_was_asked_has_the_books_close() -> None:
    scenario = forgotten().when(CLOSE, CLOSES)
    came = AddWalkIn(
        session_id=SES, client_id=CAT, reason="was here all along",
        overrides=(BookingCode.LATE_CANCELLED, BookingCode.CHECK_IN_CLOSED),
    )  # fmt: skip
    scenario.when(came, CLOSES + HOUR, "staff:x", "owner").then_answered(status="checked_in")
    at, again = scenario.gym.deadlines[deadlines.attendance_closes(SES)]
    assert at == CLOSES + timedelta(days=1), "two hours later, but not within a day of asking"
    scenario.when(again, at)
    assert available(scenario, CAT) == 0
    assert not scenario.gym.state(client_ledger, CAT).holds
