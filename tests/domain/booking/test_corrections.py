"""Putting closed books right, and what the reservation costs then."""

from datetime import timedelta
from uuid import UUID

import pytest

from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    BookClass,
    BookingCode,
    Charge,
    CorrectAttendance,
    CreditConsumed,
    CreditCorrected,
    CreditHeld,
    FinalizeAttendance,
    Violation,
    ViolationCleared,
    ViolationRecorded,
)
from contracts.envelope import Event
from contracts.ids import SessionId
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    FAR,
    HOUR,
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

END = NOON + HOUR
A, N, L, E = (
    Attendance.ATTENDED, Attendance.NO_SHOW, Attendance.LATE_CANCELLED, Attendance.EXCUSED,
)  # fmt: skip


def closed(credits: int = 2) -> Scenario:  # noqa: A002 - the contract's word
    """Ann came, Ben did not, Cat gave up late; a pack each."""
    past: tuple[Event | tuple[Event, ...], ...] = (
        scheduled(3), with_credits(ANN, BEN, CAT, credits=credits), late_cancelled(CAT),
        reserved(ANN), reserved(BEN), checked_in(ANN),
    )  # fmt: skip
    return given(*past).when(FinalizeAttendance(session_id=SES), NOON)


def correct(client: object, becomes: Attendance) -> CorrectAttendance:
    return CorrectAttendance(session_id=SES, client_id=client, becomes=becomes, reason="saw them")


@pytest.mark.parametrize(
    ("client", "was", "becomes", "charges", "credits"),
    [
        (ANN, A, N, (Charge.CONSUMED, Charge.FORFEITED), 1),
        (ANN, A, E, (Charge.CONSUMED, Charge.RELEASED), 0),
        (BEN, N, A, (Charge.FORFEITED, Charge.CONSUMED), 1),
        (BEN, N, E, (Charge.FORFEITED, Charge.RELEASED), 0),
        (CAT, L, A, (Charge.FORFEITED, Charge.CONSUMED), 1),
        (CAT, L, E, (Charge.FORFEITED, Charge.RELEASED), 0),
    ],
)
def test_the_books_and_the_credit_are_put_right_together(
    client: object, was: Attendance, becomes: Attendance, charges: tuple[Charge, Charge],
    credits: int,  # noqa: A002
) -> None:  # fmt: skip
    scenario = closed().when(correct(client, becomes), END)
    told, charged = scenario.outcome[:2]  # type: ignore[index]
    assert fact(AttendanceCorrected, was=was, becomes=becomes, credits=credits).fits(told)
    assert fact(CreditCorrected, was=charges[0], becomes=charges[1], before=1, after=credits).fits(
        charged
    )
    scenario.then_answered(status=becomes)


def test_a_late_cancel_that_was_a_no_show_costs_the_same_credit_but_is_judged_anew() -> None:
    scenario = closed().when(correct(CAT, N), END)
    scenario.then(
        fact(AttendanceCorrected, was=L, becomes=N, credits=1), fact(ViolationCleared),
        fact(ViolationRecorded, kind=Violation.NO_SHOW),
    )  # fmt: skip
    scenario.when(correct(CAT, L), END).then(
        fact(AttendanceCorrected, was=N, becomes=L), fact(ViolationCleared),
        fact(ViolationRecorded, kind=Violation.LATE_CANCEL),
    )  # fmt: skip
    scenario.then_answered(status="cancelled_late")


def test_what_is_right_stays() -> None:
    closed().when(correct(ANN, A), END).then_nothing()


def test_an_excuse_gives_the_credit_back_and_taking_it_back_needs_one() -> None:
    scenario = closed(credits=1).when(correct(ANN, E), END)
    assert scenario.gym.state(client_ledger, ANN).grants[grant_of(ANN)].available == 1
    scenario.gym.happened(scheduled(1, FAR, NOON + 30 * HOUR))
    scenario.when(BookClass(session_id=FAR, client_id=ANN), END)
    scenario.when(correct(ANN, A), END).then(
        fact(AttendanceCorrected, was=E, becomes=A, credits=0),
        fact(CreditCorrected, was=Charge.RELEASED, becomes=Charge.CONSUMED, before=0, after=0),
    )


def test_a_correction_gives_back_what_it_cost_however_long_ago_that_was() -> None:
    scenario = closed(credits=300)
    for nth in range(150):
        later = SessionId(UUID(int=5_000 + nth))
        held = CreditHeld(
            client_id=BEN, grant_id=grant_of(BEN), session_id=later, credits=1,
            reservation_id=reservation_of(BEN, later), starts_at=NOON, ends_at=END,
        )  # fmt: skip
        spent = CreditConsumed(
            client_id=BEN, grant_id=grant_of(BEN), reservation_id=held.reservation_id, credits=1
        )
        scenario.gym.happened(held, spent)
    scenario.when(correct(BEN, E), END + timedelta(days=400)).then(
        fact(AttendanceCorrected, was=N, becomes=E, credits=0, charge=Charge.RELEASED),
        fact(CreditCorrected, was=Charge.FORFEITED, becomes=Charge.RELEASED, before=1, after=0),
        fact(ViolationCleared),
    )
    assert scenario.gym.state(client_ledger, BEN).grants[grant_of(BEN)].available == 150


def test_a_late_cancel_that_was_refilled_cost_nothing_and_gives_nothing_back() -> None:
    past: tuple[Event | tuple[Event, ...], ...] = (
        scheduled(1), with_credits(ANN, CAT), late_cancelled(CAT), reserved(ANN), checked_in(ANN),
    )  # fmt: skip
    scenario = given(*past).when(FinalizeAttendance(session_id=SES), NOON)
    assert scenario.gym.state(class_session, SES).refilled == (CAT,)
    scenario.when(correct(CAT, E), END).then(
        fact(AttendanceCorrected, was=L, becomes=E, credits=0, charge=Charge.RELEASED)
    )


def test_nobody_gave_up_late_who_did_not() -> None:
    closed().when(correct(ANN, L), END).then_refused(BookingCode.NOT_CANCELLED, field="becomes")


def test_only_closed_books_are_corrected_and_only_of_people_in_them() -> None:
    past = (scheduled(2), with_credits(ANN), reserved(ANN))
    given(*past).when(correct(ANN, A), END).then_refused(BookingCode.NOT_FINALIZED)
    given().when(correct(ANN, A), END).then_refused(BookingCode.SESSION_NOT_FOUND)
    stranger = given(*past).when(FinalizeAttendance(session_id=SES), NOON)
    stranger.when(correct(BEN, A), END).then_refused(BookingCode.NOT_BOOKED)
