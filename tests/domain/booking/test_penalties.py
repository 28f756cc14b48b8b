"""Late cancels and no-shows: what they cost, and who is let off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    BookClass,
    BookingCode,
    CancelReservation,
    CollectFee,
    ContestFee,
    CorrectAttendance,
    CreditConsumed,
    CreditCorrected,
    CreditForfeited,
    CreditReleased,
    FeeAssessed,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeForgiven,
    FeeReversed,
    FeeWaived,
    FinalizeAttendance,
    Forgiveness,
    GrantKind,
    ResolveContest,
    Violation,
    ViolationCleared,
    ViolationRecorded,
    WaiveFee,
)
from contracts.envelope import Event
from contracts.ids import ClientId, ReservationId
from contracts.money import Money, Price
from services.booking.domain import fees
from services.booking.domain.penalty import ClientPenalties, FeeStage, client_penalties
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    OTHER,
    SES,
    checked_in,
    given,
    granted,
    late_cancelled,
    opened,
    reservation_of,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

FEE = Price(minor=1500, currency="EUR")
OWED = Money(minor=1500, currency="EUR")
CLOSE = FinalizeAttendance(session_id=SES)
DONE = NOON + HOUR
DAY = timedelta(days=1)
PRICED: dict[str, Any] = {"late_cancel_fee": FEE, "no_show_fee": FEE}


def missed(client: ClientId = ANN, days_ago: float = 10, **values: Any) -> ViolationRecorded:
    """A violation of the client's in another session, some days before the books are closed."""
    facts = {
        "starts_at": NOON, "free_until": NOON, "empty_seats": 0, "later_late_cancels": 0,
        "recent_violations": 0,
    }  # fmt: skip
    told: dict[str, Any] = {
        "client_id": client, "session_id": OTHER, "kind": Violation.NO_SHOW,
        "reservation_id": reservation_of(client, OTHER), "grant_kind": GrantKind.UNLIMITED,
        "policy_version": 1, "judged_at": DONE - days_ago * DAY, "evidence": facts,
    }  # fmt: skip
    return ViolationRecorded.model_validate(told | values)


def unlimited(*past: Event, **policy: Any) -> Scenario:
    """Ann, who has an unlimited grant, booked."""
    free = {"free_passes": 0}
    scenario = given(scheduled(3, **(PRICED | free | policy)), opened(ANN), granted(ANN, 0), *past)
    return scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - 24 * HOUR)


def seat(scenario: Scenario) -> ReservationId:
    return ReservationId(UUID(str(scenario.answer.reservation_id)))


def assessed(**policy: Any) -> tuple[Scenario, ReservationId]:
    """A pending fee for Ann's no-show."""
    scenario = unlimited(**policy)
    reservation = seat(scenario)
    return scenario.when(CLOSE, DONE), reservation


def due() -> tuple[Scenario, ReservationId]:
    scenario, one = assessed()
    return scenario.when(CollectFee(client_id=ANN, reservation_id=one), DONE + DAY), one


def test_a_no_show_on_a_pack_costs_the_credit_and_no_fee() -> None:
    scenario = given(scheduled(3, **PRICED), with_credits(ANN), reserved(ANN)).when(CLOSE, DONE)
    told = [event for event in scenario.gym.log if isinstance(event, FeeAssessed)]
    assert told == []
    assert isinstance(scenario.gym.log[-1], CreditForfeited)


def test_a_no_show_on_an_unlimited_grant_costs_the_policys_fee() -> None:
    scenario = unlimited()
    one = seat(scenario)
    scenario.when(CLOSE, DONE)
    told = next(event for event in scenario.gym.log if isinstance(event, FeeAssessed))
    assert (told.kind, told.amount, told.reservation_id) == (Violation.NO_SHOW, OWED, one)
    assert told.waivable_until == DONE + DAY
    assert told.contestable_until == DONE + 7 * DAY
    assert told.evidence.starts_at == NOON
    assert scenario.gym.deadlines[f"collect_fee:{one}"] == (
        DONE + DAY, CollectFee(client_id=ANN, reservation_id=one),
    )  # fmt: skip


def test_a_late_cancel_costs_when_the_books_are_closed_not_before() -> None:
    cancelled = unlimited().when(CancelReservation(session_id=SES, client_id=ANN), LATE + MINUTE)
    assert not any(isinstance(event, FeeAssessed) for event in cancelled.gym.log)
    closed = cancelled.when(CLOSE, DONE)
    told = next(event for event in closed.gym.log if isinstance(event, FeeAssessed))
    assert told.kind is Violation.LATE_CANCEL


@pytest.mark.parametrize("price", [None, Price(minor=0, currency="EUR")])
def test_without_a_price_a_violation_is_noted_and_costs_nothing(price: Price | None) -> None:
    scenario = unlimited(no_show_fee=price).when(CLOSE, DONE)
    names = [type(event) for event in scenario.gym.log]
    assert ViolationRecorded in names
    assert FeeAssessed not in names


@pytest.mark.parametrize(
    ("past", "is_free"),
    [
        ((), True),
        ((missed(days_ago=10),), False),
        ((missed(days_ago=29.9),), False),
        ((missed(days_ago=30),), True),
        ((missed(forgiven=Forgiveness.REFILLED),), True),
        ((missed(BEN),), True),
        ((missed(grant_kind=GrantKind.PACK),), False),
        (
            (
                missed(),
                ViolationCleared(
                    client_id=ANN, session_id=OTHER, reservation_id=reservation_of(ANN, OTHER),
                    reason="was there",
                ),
            ),
            True,
        ),
    ],
)  # fmt: skip
def test_the_first_fee_in_thirty_rolling_days_is_forgiven(
    past: tuple[Event, ...], is_free: bool
) -> None:
    scenario = unlimited(*past, free_passes=1).when(CLOSE, DONE)
    forgiven = [e.forgiven for e in scenario.gym.log if isinstance(e, FeeForgiven)]
    assert forgiven == ([Forgiveness.FREE_PASS] if is_free else [])
    assert bool(scenario.gym.deadlines) == (not is_free)


@pytest.mark.parametrize(
    ("capacity", "forgiven"),
    [(1, {ANN, BEN}), (2, {ANN}), (3, set()), (9, set())],
    ids=["nobody counts", "the last counts", "both count", "no more than there are"],
)
def test_only_as_many_late_cancels_count_as_seats_stayed_empty(
    capacity: int, forgiven: set[ClientId]
) -> None:
    """Cat has a seat; Ann, then Ben, gave theirs up late."""
    people = with_credits(ANN, BEN, CAT)
    scenario = given(
        scheduled(capacity), people, late_cancelled(ANN), late_cancelled(BEN), reserved(CAT)
    ).when(CLOSE, DONE)
    released = {e.client_id for e in scenario.gym.log if isinstance(e, CreditReleased)}
    judged = {e.client_id: e.forgiven for e in scenario.gym.log if isinstance(e, ViolationRecorded)}
    assert released == forgiven
    assert {one for one, why in judged.items() if why is Forgiveness.REFILLED} == forgiven


def test_a_refilled_late_cancel_on_an_unlimited_grant_is_assessed_and_forgiven() -> None:
    scenario = unlimited(free_passes=0).when(
        CancelReservation(session_id=SES, client_id=ANN), LATE + MINUTE
    )
    scenario.gym.happened(*with_credits(BEN, CAT), *reserved(BEN), *reserved(CAT))
    scenario.gym.happened(*with_credits(third := ClientId(UUID(int=77))), *reserved(third))
    scenario.when(CLOSE, DONE)
    forgiven = [e.forgiven for e in scenario.gym.log if isinstance(e, FeeForgiven)]
    assert forgiven == [Forgiveness.REFILLED]
    assert scenario.gym.deadlines == {}


def test_staff_waives_a_pending_fee_and_it_never_falls_due() -> None:
    scenario, one = assessed(version=7)
    scenario.when(WaiveFee(client_id=ANN, reservation_id=one, reason="ill"), DONE, "staff:7").then(
        fact(FeeWaived, by="staff:7", reason="ill", session_id=SES, policy_version=7)
    )
    assert scenario.gym.deadlines == {}
    scenario.when(CollectFee(client_id=ANN, reservation_id=one), DONE + DAY).then_nothing()


def test_a_fee_falls_due_when_nobody_waived_it_in_time() -> None:
    scenario, one = assessed()
    collect = CollectFee(client_id=ANN, reservation_id=one)
    scenario.when(collect, DONE + DAY - MINUTE).then_nothing()
    scenario.when(collect, DONE + DAY).then(
        fact(FeeDue, reservation_id=one, amount=OWED, kind=Violation.NO_SHOW, session_id=SES)
    )
    scenario.when(collect, DONE + DAY).then_nothing()
    scenario.when(
        WaiveFee(client_id=ANN, reservation_id=one, reason="ill"), DONE + DAY
    ).then_refused(BookingCode.FEE_NOT_PENDING, stage=FeeStage.DUE)


def contest(one: ReservationId) -> ContestFee:
    return ContestFee(client_id=ANN, reservation_id=one, reason="I was there")


def verdict(one: ReservationId, *, stands: bool) -> ResolveContest:
    return ResolveContest(client_id=ANN, reservation_id=one, fee_stands=stands, reason="seen")


def test_a_contested_fee_waits_for_the_verdict() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE, "client:a").then(
        fact(FeeContested, by="client:a", reason="I was there")
    )
    scenario.when(CollectFee(client_id=ANN, reservation_id=one), DONE + DAY).then_nothing()
    scenario.when(verdict(one, stands=True), DONE + 2 * DAY, "staff:7").then(
        fact(FeeContestResolved, fee_stands=True, by="staff:7"), fact(FeeDue, reservation_id=one)
    )


def test_a_verdict_before_the_fee_is_due_leaves_it_to_the_clock() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE).when(verdict(one, stands=True), DONE + HOUR).then(
        fact(FeeContestResolved)
    )
    scenario.when(CollectFee(client_id=ANN, reservation_id=one), DONE + DAY).then(fact(FeeDue))


def test_a_contest_that_was_right_waives_or_takes_back() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE).when(verdict(one, stands=False), DONE).then(
        fact(FeeContestResolved, fee_stands=False, policy_version=1), fact(FeeWaived)
    )
    scenario, one = due()
    scenario.when(contest(one), DONE + 2 * DAY).when(verdict(one, stands=False), DONE + DAY).then(
        fact(FeeContestResolved), fact(FeeReversed, was_due=True, amount=OWED)
    )


def test_who_lets_a_contested_fee_fall_has_resolved_the_contest() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE)
    cleared = fees.clear(after(scenario), ANN, one, "staff:7", "was there")
    assert [type(event) for event in cleared] == [
        ViolationCleared, FeeContestResolved, FeeReversed,
    ]  # fmt: skip
    scenario.when(WaiveFee(client_id=ANN, reservation_id=one, reason="ill"), DONE, "staff:7").then(
        fact(FeeContestResolved, fee_stands=False, by="staff:7", reason="ill"), fact(FeeWaived)
    )
    scenario.when(verdict(one, stands=True), DONE).then_refused(BookingCode.NOT_CONTESTED)


def test_a_fee_is_contested_once_in_time_and_while_it_is_asked_for() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE + 7 * DAY).then_refused(BookingCode.CONTEST_CLOSED)
    scenario.when(contest(one), DONE + 6 * DAY).when(contest(one), DONE).then_refused(
        BookingCode.ALREADY_CONTESTED
    )
    scenario, one = assessed()
    scenario.when(WaiveFee(client_id=ANN, reservation_id=one, reason="x"), DONE)
    scenario.when(contest(one), DONE).then_refused(BookingCode.FEE_CLOSED)
    scenario.when(verdict(one, stands=True), DONE).then_refused(BookingCode.NOT_CONTESTED)


def test_a_fee_nobody_assessed_is_not_found() -> None:
    unknown = reservation_of(BEN)
    for ask in (WaiveFee(client_id=ANN, reservation_id=unknown, reason="x"), contest(unknown)):
        given().when(ask, DONE).then_refused(BookingCode.FEE_NOT_FOUND, field="reservation_id")


def after(scenario: Scenario) -> ClientPenalties:
    found: ClientPenalties = scenario.gym.state(client_penalties, ANN)
    return found


def test_a_correction_takes_back_what_followed_once() -> None:
    scenario, one = due()
    cleared = fees.clear(after(scenario), ANN, one, "staff:7", "was there")
    assert [type(event) for event in cleared] == [ViolationCleared, FeeReversed]
    scenario.gym.happened(*cleared)
    assert fees.clear(after(scenario), ANN, one, "staff:7", "was there") == []
    assert fees.clear(after(scenario), ANN, reservation_of(BEN), "staff:7", "was there") == []


def test_a_pending_fee_that_is_corrected_was_never_due() -> None:
    scenario, one = assessed()
    reversed_ = fees.clear(after(scenario), ANN, one, "staff:7", "was there")[-1]
    assert isinstance(reversed_, FeeReversed)
    assert not reversed_.was_due


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


def test_who_came_is_not_judged() -> None:
    scenario = given(scheduled(3, **PRICED), with_credits(ANN), reserved(ANN))
    scenario.gym.happened(checked_in(ANN))
    scenario.when(CLOSE, DONE)
    assert isinstance(scenario.gym.log[-1], CreditConsumed)
    assert not any(isinstance(event, ViolationRecorded) for event in scenario.gym.log)
