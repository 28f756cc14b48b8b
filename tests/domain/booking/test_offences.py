"""What counts as a late cancel or a no-show: seats empty at the start, and corrected books."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    AddWalkIn,
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    BookClass,
    BookingCode,
    CancelReservation,
    ChangeCapacity,
    Charge,
    CloseWaitlist,
    CollectFee,
    CorrectAttendance,
    CreditCorrected,
    CreditReleased,
    FeeAssessed,
    FeeForgiven,
    FeeReversed,
    FinalizeAttendance,
    Forgiveness,
    RemoveReservation,
    SeatsCounted,
    UndoCancel,
    Violation,
    ViolationCleared,
    ViolationRecorded,
)
from contracts.envelope import Command, Event
from contracts.ids import ClientId, ReservationId
from contracts.money import Price
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    SES,
    checked_in,
    given,
    granted,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

CLOSE = FinalizeAttendance(session_id=SES)
START = CloseWaitlist(session_id=SES)
END = NOON + HOUR
FEE = Price(minor=1500, currency="EUR")
PRICED: dict[str, Any] = {"late_cancel_fee": FEE, "no_show_fee": FEE, "free_passes": 0}
N, L, A, E = (
    Attendance.NO_SHOW, Attendance.LATE_CANCELLED, Attendance.ATTENDED, Attendance.EXCUSED,
)  # fmt: skip


def forgiven(scenario: Scenario) -> set[ClientId]:
    """Whose late cancel was refilled."""
    return {
        event.client_id for event in scenario.gym.log
        if isinstance(event, ViolationRecorded) and event.forgiven is Forgiveness.REFILLED
    }  # fmt: skip


def evidence(scenario: Scenario, client: ClientId) -> Any:
    """The facts a client was judged on."""
    return next(
        event.evidence for event in scenario.gym.log
        if isinstance(event, ViolationRecorded) and event.client_id == client
    )  # fmt: skip


def test_the_seats_that_are_empty_are_counted_once_when_the_session_starts() -> None:
    scenario = given(scheduled(3), with_credits(ANN), reserved(ANN))
    scenario.when(START, NOON - MINUTE).then_nothing()
    scenario.when(START, NOON).then(fact(SeatsCounted, empty_seats=2))
    scenario.when(START, NOON).then_nothing()


AFTERWARDS: list[Command] = [
    AddWalkIn(session_id=SES, client_id=DAN),
    BookClass(
        session_id=SES, client_id=DAN, overrides=(BookingCode.BOOKING_CLOSED,), reason="late"
    ),
    CancelReservation(session_id=SES, client_id=ANN),
    RemoveReservation(session_id=SES, client_id=ANN, reason="left"),
    UndoCancel(session_id=SES, client_id=BEN),
    ChangeCapacity(session_id=SES, capacity=9),
    CLOSE,
]


@pytest.mark.parametrize("command", AFTERWARDS, ids=lambda one: type(one).__name__)
def test_they_are_counted_before_anything_changes_them_also_when_the_clock_is_late(
    command: Command,
) -> None:
    scenario = given(
        scheduled(3), with_credits(ANN, BEN, DAN), reserved(ANN), late_cancelled(BEN)
    ).when(command, NOON + MINUTE, "staff:x", "owner")
    assert isinstance(scenario.outcome, list), scenario.outcome
    assert scenario.outcome[0] == SeatsCounted(session_id=SES, empty_seats=2, policy_version=1)


def test_who_walks_in_after_the_start_makes_no_earlier_late_cancel_good() -> None:
    past = (scheduled(1), with_credits(ANN, DAN), late_cancelled(ANN))
    scenario = given(*past).when(START, NOON)
    scenario.when(AddWalkIn(session_id=SES, client_id=DAN), NOON + MINUTE, "staff:x", "owner")
    assert forgiven(scenario.when(CLOSE, END)) == set()
    before = given(*past)
    before.when(AddWalkIn(session_id=SES, client_id=DAN), NOON - MINUTE, "staff:x", "owner")
    assert forgiven(before.when(CLOSE, END)) == {ANN}


def test_a_capacity_changed_after_the_start_changes_no_judgement() -> None:
    scenario = given(scheduled(2), with_credits(ANN, BEN), late_cancelled(ANN), reserved(BEN))
    scenario.when(ChangeCapacity(session_id=SES, capacity=1), NOON + MINUTE)
    assert forgiven(scenario.when(CLOSE, END)) == set()


def test_a_seat_given_up_after_the_start_counts_whatever_was_full() -> None:
    """Ann gave hers up in time to be taken, by Ben, who leaves five minutes into the class."""
    scenario = given(scheduled(1), with_credits(ANN, BEN), late_cancelled(ANN), reserved(BEN))
    scenario.when(CancelReservation(session_id=SES, client_id=BEN), NOON + 5 * MINUTE)
    scenario.when(CLOSE, END)
    assert forgiven(scenario) == {ANN}
    assert (evidence(scenario, ANN).empty_seats, evidence(scenario, ANN).after_start) == (0, False)
    assert (evidence(scenario, BEN).empty_seats, evidence(scenario, BEN).after_start) == (0, True)


def test_late_cancels_after_the_start_make_room_for_none_before_it() -> None:
    """One seat was empty: Ann's, the last given up before the start. Ben left after it."""
    scenario = given(scheduled(2), with_credits(ANN, BEN), late_cancelled(ANN), reserved(BEN))
    scenario.when(CancelReservation(session_id=SES, client_id=BEN), NOON + MINUTE)
    assert forgiven(scenario.when(CLOSE, END)) == set()
    assert evidence(scenario, ANN).later_late_cancels == 0


def test_a_late_cancel_that_is_undone_and_done_again_after_the_start_counts() -> None:
    scenario = given(scheduled(1), with_credits(ANN), late_cancelled(ANN)).when(START, NOON)
    scenario.when(UndoCancel(session_id=SES, client_id=ANN), NOON + MINUTE, "staff:x", "owner")
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON + 2 * MINUTE)
    scenario.when(CLOSE, END)
    assert evidence(scenario, ANN).after_start


def test_books_closed_before_seats_were_counted_are_judged_by_what_was_empty_then() -> None:
    """Sessions of before: no count is on their stream."""
    finalized = AttendanceFinalized(session_id=SES, attended=0, no_shows=0, late_cancels=1)
    settled = CreditReleased(
        client_id=ANN, grant_id=granted(ANN).grant_id, credits=1,
        reservation_id=late_cancelled(ANN)[0].reservation_id,  # type: ignore[attr-defined]
    )  # fmt: skip
    scenario = given(
        scheduled(1), with_credits(ANN), late_cancelled(ANN), finalized, settled,
    ).when(correct(ANN, E), END).when(correct(ANN, L), END)  # fmt: skip
    assert evidence(scenario, ANN).empty_seats == 1


def correct(client: ClientId, becomes: Attendance) -> CorrectAttendance:
    return CorrectAttendance(session_id=SES, client_id=client, becomes=becomes, reason="saw them")


def came(*past: Event | tuple[Event, ...], at: datetime = NOON) -> tuple[Scenario, ReservationId]:
    """Ann, who has an unlimited grant, came; the books are closed. Her reservation."""
    scenario = given(scheduled(3, **PRICED), opened(ANN), granted(ANN, 0), *past)
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - 24 * HOUR)
    reservation = ReservationId(UUID(str(scenario.answer.reservation_id)))
    scenario.gym.happened(checked_in(ANN).model_copy(update={"reservation_id": reservation}))
    return scenario.when(CLOSE, at), reservation


def test_books_corrected_to_a_no_show_open_a_case_with_its_own_time_to_waive() -> None:
    scenario, one = came()
    scenario.when(correct(ANN, N), END + 24 * HOUR)
    told = next(event for event in scenario.gym.log if isinstance(event, FeeAssessed))
    assert (told.kind, told.reservation_id) == (Violation.NO_SHOW, one)
    assert told.waivable_until == END + 48 * HOUR
    due = scenario.gym.deadlines[f"collect_fee:{one}"]
    assert due == (END + 48 * HOUR, CollectFee(client_id=ANN, reservation_id=one))


def test_books_corrected_there_and_back_ask_for_one_fee_at_a_time() -> None:
    scenario, _ = came()
    scenario.when(correct(ANN, N), END).when(correct(ANN, A), END)
    assert [type(e) for e in scenario.outcome][-2:] == [ViolationCleared, FeeReversed]  # type: ignore[union-attr]
    scenario.when(correct(ANN, N), END)
    names = [type(event) for event in scenario.gym.log]
    assert names.count(FeeAssessed) == names.count(ViolationRecorded) == 2
    assert names.count(FeeReversed) == names.count(ViolationCleared) == 1


def test_books_corrected_to_another_violation_have_its_case_instead_and_no_other_beside() -> None:
    scenario = given(scheduled(3), with_credits(CAT), late_cancelled(CAT)).when(CLOSE, NOON)
    scenario.when(correct(CAT, N), END).when(correct(CAT, L), END)
    told = [one for one in scenario.gym.log if isinstance(one, ViolationRecorded)]
    assert [one.kind for one in told] == [
        Violation.LATE_CANCEL, Violation.NO_SHOW, Violation.LATE_CANCEL
    ]  # fmt: skip
    cleared = [one for one in scenario.gym.log if isinstance(one, ViolationCleared)]
    assert len(cleared) == len(told) - 1


def test_a_refilled_late_cancel_that_was_called_a_no_show_counts_no_more_once_it_is_one_again() -> (
    None
):
    past = (with_credits(ANN, BEN), late_cancelled(ANN), reserved(BEN))
    scenario = given(scheduled(1), *past).when(CLOSE, NOON).when(correct(ANN, N), END)
    scenario.when(correct(ANN, L), END).then(
        fact(AttendanceCorrected, was=N, becomes=L, credits=0, charge=Charge.RELEASED),
        fact(CreditCorrected, was=Charge.FORFEITED, becomes=Charge.RELEASED),
        fact(ViolationCleared, client_id=ANN, policy_version=1),
    )


def test_an_excuse_taken_back_is_judged_on_the_seats_that_were_empty_at_the_start() -> None:
    past = (with_credits(ANN, BEN), late_cancelled(ANN), reserved(BEN))
    for capacity, refilled in ((1, True), (2, False)):
        scenario = given(scheduled(capacity), *past).when(CLOSE, NOON)
        scenario.when(correct(ANN, E), END).when(correct(ANN, L), END)
        assert forgiven(scenario) == ({ANN} if refilled else set())
        told = [e for e in scenario.gym.log if isinstance(e, CreditCorrected)]
        assert [e.becomes for e in told] == (
            [] if refilled else [Charge.RELEASED, Charge.FORFEITED]
        ), "a refilled late cancel costs no credit, corrected or not"


def test_a_corrected_fee_may_use_the_free_pass() -> None:
    scenario = given(scheduled(3, **PRICED | {"free_passes": 1}), opened(ANN), granted(ANN, 0))
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - 24 * HOUR)
    one = ReservationId(UUID(str(scenario.answer.reservation_id)))
    scenario.gym.happened(checked_in(ANN).model_copy(update={"reservation_id": one}))
    scenario.when(CLOSE, NOON).when(correct(ANN, N), END)
    assert isinstance(scenario.gym.log[-1], FeeForgiven)


def test_a_free_pass_gives_no_forfeited_credit_back() -> None:
    """The seat was kept for them; the credit paid for that and nothing is taken on top."""
    scenario = given(scheduled(3, free_passes=1, no_show_fee=FEE), with_credits(ANN), reserved(ANN))
    scenario.when(CLOSE, LATE + 3 * HOUR)
    assert not any(isinstance(event, CreditReleased | FeeForgiven) for event in scenario.gym.log)
