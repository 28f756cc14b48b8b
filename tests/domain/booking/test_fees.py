"""A fee that was asked for: waived, contested, due, or taken back."""

from contracts.booking import (
    BookingCode,
    CollectFee,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeReversed,
    FeeWaived,
    Violation,
    ViolationCleared,
    WaiveFee,
)
from services.booking.domain import fees
from services.booking.domain.penalty import FeeStage
from tests.domain.booking.language import ANN, BEN, HOUR, MINUTE, SES, given, reservation_of
from tests.domain.booking.misses import DAY, DONE, OWED, after, assessed, contest, due, verdict
from tests.scenario import fact


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


def test_a_verdict_before_it_is_due_has_it_fall_due_although_its_time_found_it_contested() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE)
    at, collect = scenario.gym.deadlines.pop(f"collect_fee:{one}")  # where the clock is ahead
    scenario.when(collect, at).then_nothing()
    scenario.when(verdict(one, stands=True), at - MINUTE).then(fact(FeeContestResolved))
    assert scenario.gym.deadlines == {f"collect_fee:{one}": (at, collect)}
    scenario.when(collect, at).then(fact(FeeDue))


def test_a_contest_that_was_right_waives_or_takes_back() -> None:
    scenario, one = assessed()
    scenario.when(contest(one), DONE).when(verdict(one, stands=False), DONE).then(
        fact(FeeContestResolved, fee_stands=False, policy_version=1), fact(FeeWaived)
    )
    assert not scenario.gym.deadlines, "nothing falls due"
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
