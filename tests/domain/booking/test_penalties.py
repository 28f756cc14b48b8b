"""Late cancels and no-shows: what they cost, and who is let off by the rules."""

from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    CancelReservation,
    CollectFee,
    CreditConsumed,
    CreditForfeited,
    CreditReleased,
    FeeAssessed,
    FeeForgiven,
    Forgiveness,
    GrantKind,
    Violation,
    ViolationCleared,
    ViolationRecorded,
)
from contracts.envelope import Event
from contracts.ids import ClientId
from contracts.money import Price
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    LATE,
    MINUTE,
    NOON,
    OTHER,
    SES,
    checked_in,
    given,
    late_cancelled,
    reservation_of,
    reserved,
    scheduled,
    with_credits,
)
from tests.domain.booking.misses import CLOSE, DAY, DONE, OWED, PRICED, seat, unlimited


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


def test_who_came_is_not_judged() -> None:
    scenario = given(scheduled(3, **PRICED), with_credits(ANN), reserved(ANN))
    scenario.gym.happened(checked_in(ANN))
    scenario.when(CLOSE, DONE)
    assert isinstance(scenario.gym.log[-1], CreditConsumed)
    assert not any(isinstance(event, ViolationRecorded) for event in scenario.gym.log)
