"""Books that are put right, and wrong, and right: what is asked for in the end."""

from typing import Any

import pytest

from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    CancelReservation,
    CollectFee,
    CorrectAttendance,
    CreditCorrected,
    FeeAssessed,
    FeeDue,
    FeeReversed,
    FeeWaived,
    Violation,
    ViolationRecorded,
    WaiveFee,
)
from contracts.ids import ReservationId
from contracts.money import Price
from services.booking.domain.penalty import FeeStage
from tests.domain.booking.language import ANN, HOUR, MINUTE, NOON, SES
from tests.domain.booking.misses import (
    CLOSE,
    DAY,
    DONE,
    OWED,
    after,
    assessed,
    contest,
    due,
    seat,
    unlimited,
    verdict,
)
from tests.scenario import Scenario, fact


def corrected(scenario: Scenario, becomes: Attendance, days: float) -> Scenario:
    asked = CorrectAttendance(session_id=SES, client_id=ANN, becomes=becomes, reason="seen")
    return scenario.when(asked, DONE + days * DAY)


def test_a_fee_a_correction_took_back_is_asked_for_again_by_another() -> None:
    scenario, one = due()
    corrected(scenario, Attendance.ATTENDED, 2)
    corrected(scenario, Attendance.NO_SHOW, 3).then(
        fact(AttendanceCorrected),
        fact(CreditCorrected),
        fact(ViolationRecorded),
        fact(FeeAssessed, amount=OWED, assessment=2, waivable_until=DONE + 4 * DAY),
    )
    collect = CollectFee(client_id=ANN, reservation_id=one)
    assert scenario.gym.deadlines[f"collect_fee:{one}"] == (DONE + 4 * DAY, collect)
    scenario.when(collect, DONE + 4 * DAY - MINUTE).then_nothing()
    scenario.when(collect, DONE + 4 * DAY).then(fact(FeeDue, reservation_id=one, assessment=2))
    scenario.when(collect, DONE + 4 * DAY).then_nothing()
    corrected(scenario, Attendance.EXCUSED, 5)
    taken_back = [e for e in scenario.gym.log if isinstance(e, FeeReversed)]
    assert [(e.assessment, e.was_due) for e in taken_back] == [(1, True), (2, True)]


def test_a_pending_fee_that_was_taken_back_is_asked_for_again_and_may_be_waived() -> None:
    scenario, one = assessed()
    corrected(scenario, Attendance.ATTENDED, 0.1)
    corrected(scenario, Attendance.NO_SHOW, 0.2)
    asked = WaiveFee(client_id=ANN, reservation_id=one, reason="ill")
    scenario.when(asked, DONE + DAY).then(fact(FeeWaived))


def test_who_was_let_off_a_fee_is_not_asked_for_it_again() -> None:
    waived, one = assessed()
    waived.when(WaiveFee(client_id=ANN, reservation_id=one, reason="ill"), DONE)
    contested, one = due()
    contested.when(contest(one), DONE + DAY).when(verdict(one, stands=False), DONE + DAY)
    forgiven, _ = assessed(free_passes=1)
    for scenario in (waived, contested, forgiven):
        corrected(scenario, Attendance.ATTENDED, 2)
        corrected(scenario, Attendance.NO_SHOW, 3).then(
            fact(AttendanceCorrected), fact(CreditCorrected), fact(ViolationRecorded)
        )


def test_another_price_is_asked_when_the_books_say_another_violation() -> None:
    scenario = unlimited(late_cancel_fee=None)
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - HOUR).when(CLOSE, DONE)
    assert not any(isinstance(event, FeeAssessed) for event in scenario.gym.log)
    corrected(scenario, Attendance.ATTENDED, 1)
    corrected(scenario, Attendance.NO_SHOW, 2)
    asked = [e for e in scenario.gym.log if isinstance(e, FeeAssessed)]
    assert [(e.kind, e.assessment) for e in asked] == [(Violation.NO_SHOW, 1)]


STRAIGHT = (Attendance.NO_SHOW,)
BY_WAY_OF_A_MISTAKE = (Attendance.ATTENDED, Attendance.NO_SHOW)


def gave_up_late(late: int | None, **policy: Any) -> tuple[Scenario, ReservationId]:
    """Ann's late cancel, in closed books, at this price; a no-show would cost 15.00."""
    price = None if late is None else Price(minor=late, currency="EUR")
    scenario = unlimited(late_cancel_fee=price, **policy)
    one = seat(scenario)
    cancel = CancelReservation(session_id=SES, client_id=ANN)
    return scenario.when(cancel, NOON - HOUR).when(CLOSE, DONE), one


@pytest.mark.parametrize("path", [STRAIGHT, BY_WAY_OF_A_MISTAKE], ids=["straight", "by mistake"])
@pytest.mark.parametrize(("late", "taken_back"), [(None, []), (500, [500])])
def test_a_late_cancel_that_was_a_no_show_costs_a_no_show_whatever_the_path(
    late: int | None, taken_back: list[int], path: tuple[Attendance, ...]
) -> None:
    scenario, one = gave_up_late(late)
    for days, becomes in enumerate(path, start=1):
        corrected(scenario, becomes, days / 10)
    case = after(scenario).cases[one]
    assert (case.kind, case.counts) == (Violation.NO_SHOW, True)
    assert case.fee is not None
    assert (case.fee.amount, case.fee.stage) == (OWED, FeeStage.PENDING)
    fell = [e.amount.minor for e in scenario.gym.log if isinstance(e, FeeReversed)]
    assert fell == taken_back
    due_at, _ = scenario.gym.deadlines[f"collect_fee:{one}"]
    assert due_at == DONE + len(path) * DAY / 10 + DAY


def test_a_no_show_that_was_a_late_cancel_costs_a_late_cancel() -> None:
    scenario, one = gave_up_late(500)
    corrected(scenario, Attendance.NO_SHOW, 0.1)
    corrected(scenario, Attendance.LATE_CANCELLED, 0.2)
    case = after(scenario).cases[one]
    assert case.kind is Violation.LATE_CANCEL
    assert case.fee is not None
    assert (case.fee.amount.minor, case.fee.assessment) == (500, 3)


@pytest.mark.parametrize("path", [STRAIGHT, BY_WAY_OF_A_MISTAKE], ids=["straight", "by mistake"])
def test_who_was_let_off_a_late_cancel_is_not_asked_for_the_no_show(
    path: tuple[Attendance, ...],
) -> None:
    waived, one = gave_up_late(500)
    waived.when(WaiveFee(client_id=ANN, reservation_id=one, reason="ill"), DONE)
    forgiven, another = gave_up_late(500, free_passes=1)
    for scenario, reservation, stage in (
        (waived, one, FeeStage.WAIVED), (forgiven, another, FeeStage.FORGIVEN),
    ):  # fmt: skip
        for days, becomes in enumerate(path, start=1):
            corrected(scenario, becomes, days)
        case = after(scenario).cases[reservation]
        assert (case.kind, case.fee and case.fee.stage) == (Violation.NO_SHOW, stage)
        assert not case.is_penalty
