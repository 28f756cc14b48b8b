"""ClientPenalties: what one client's late cancels and no-shows have come to, case by case.

Keeps      a reservation has one fee at a time, and another only after a correction took the last
           one back; so many fees as the policy has free passes are forgiven
           in any rolling window; a fee ends once: forgiven, waived, due and perhaps reversed
Passes     a free pass forgives a fee, never a forfeited credit: the credit paid for a seat that was
           kept for the client, and nothing is taken on top; given back it would make one missed
           seat a month free for whoever has a pack. Every violation counts against the passes,
           whatever it cost, even one that staff waived; only what was refilled or cleared does not
Stream     ``penalty-{client_id}``, not one a case: free passes are counted over all the client's
           violations, so they are decided here and guarded by the stream's version
Rules      here the judgement, in ``fees`` what may become of a fee
Source     docs/rules.md, Penalties
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate
from contracts.booking import (
    BookingPolicy,
    Evidence,
    FeeAssessed,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeForgiven,
    FeeReversed,
    FeeWaived,
    Forgiveness,
    GrantKind,
    Violation,
    ViolationCleared,
    ViolationRecorded,
)
from contracts.ids import ReservationId, SessionId
from contracts.money import Money
from services.booking.domain.offences import Offence

FeeEvent: TypeAlias = (
    FeeAssessed | FeeForgiven | FeeWaived | FeeContested | FeeContestResolved | FeeDue | FeeReversed
)
PenaltyEvent: TypeAlias = ViolationRecorded | ViolationCleared | FeeEvent


class FeeStage(StrEnum):
    """How far a fee has come."""

    PENDING = "pending"
    FORGIVEN = "forgiven"
    WAIVED = "waived"
    DUE = "due"
    REVERSED = "reversed"
    """Somebody looked and let the client off."""
    CLEARED = "cleared"
    """A correction took it back: there was nothing to pay for."""


OPEN = (FeeStage.PENDING, FeeStage.DUE)
"""Stages of a fee that is, or will be, asked for."""


class Contest(StrEnum):
    """Whether the client says the fee is wrong."""

    NONE = "none"
    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Fee:
    """What a case costs, and how far that has come."""

    amount: Money
    policy_version: int
    waivable_until: datetime  # UTC; due from then on
    contestable_until: datetime  # UTC
    stage: FeeStage = FeeStage.PENDING
    contest: Contest = Contest.NONE
    assessment: int = 1  # of the reservation's


@dataclass(frozen=True, slots=True)
class Case:
    """One reservation that was given up late or not used."""

    session_id: SessionId
    kind: Violation
    judged_at: datetime  # UTC; at first: a correction judges again, but as of then
    counts: bool  # against the free passes: neither refilled nor cleared
    fee: Fee | None = None
    policy_version: int = 0  # it was judged by; 0 not known

    @property
    def is_penalty(self) -> bool:
        """Whether it weighs on the client: it counts, and nobody let them off."""
        weighs = (*OPEN, FeeStage.CLEARED)  # judged anew, at no price
        return self.counts and (self.fee is None or self.fee.stage in weighs)

    @property
    def next_assessment(self) -> int | None:
        """Which fee of the reservation would be its next one; ``None``: it has had its last."""
        if self.fee is None:
            return 1
        return self.fee.assessment + 1 if self.fee.stage is FeeStage.CLEARED else None


@dataclass(frozen=True, slots=True)
class ClientPenalties:
    """What the past has made of the client's cases."""

    cases: Mapping[ReservationId, Case] = field(default_factory=dict)  # in the order of judgement

    def violations_before(self, reservation: ReservationId, until: datetime, days: int) -> int:
        """How many count that were judged before this one, in so many days before ``until``.

        By the order of judgement: whose books closed at one moment may have been judged by clocks
        that say otherwise, and each of two misses would be the first.
        """
        since = until - timedelta(days=days)
        before = takewhile(lambda one: one != reservation, self.cases)
        return sum(self.cases[one].counts and since < self.cases[one].judged_at for one in before)


def evolve(state: ClientPenalties, event: PenaltyEvent) -> ClientPenalties:
    match event:
        case ViolationRecorded():
            earlier = state.cases.get(event.reservation_id)
            case = Case(
                event.session_id, event.kind, event.judged_at,
                counts=event.forgiven is not Forgiveness.REFILLED,
                fee=earlier.fee if earlier else None, policy_version=event.policy_version,
            )  # fmt: skip
        case ViolationCleared():
            case = replace(state.cases[event.reservation_id], counts=False)
        case FeeAssessed():
            fee = Fee(
                event.amount, event.policy_version, event.waivable_until, event.contestable_until,
                assessment=event.assessment,
            )  # fmt: skip
            case = replace(state.cases[event.reservation_id], fee=fee)
        case _:
            case = _moved_on(state.cases[event.reservation_id], event)
    return replace(state, cases={**state.cases, event.reservation_id: case})


def _moved_on(case: Case, event: FeeEvent) -> Case:
    if case.fee is None:
        return case
    match event:
        case FeeForgiven():
            fee = replace(case.fee, stage=FeeStage.FORGIVEN)
        case FeeWaived():
            fee = replace(case.fee, stage=FeeStage.WAIVED)
        case FeeDue():
            fee = replace(case.fee, stage=FeeStage.DUE)
        case FeeReversed():
            by_verdict = case.counts  # a correction clears the violation first
            stage = FeeStage.REVERSED if by_verdict else FeeStage.CLEARED
            fee = replace(case.fee, stage=stage)
        case FeeContested():
            fee = replace(case.fee, contest=Contest.OPEN)
        case FeeContestResolved():
            fee = replace(case.fee, contest=Contest.RESOLVED)
        case FeeAssessed():
            return case
        case _:
            assert_never(event)
    return replace(case, fee=fee)


client_penalties: Aggregate[ClientPenalties, PenaltyEvent] = Aggregate(
    "penalty", ClientPenalties(), evolve, snapshot_every=200, shape=3
)


def judge(
    state: ClientPenalties, offence: Offence, policy: BookingPolicy, now: datetime
) -> list[PenaltyEvent]:
    """Record the violation and assess what it costs.

    Clients with a credit to lose lose that instead. A free pass forgives fees only. A fee that a
    correction took back is asked for again; what somebody, or a free pass, let the client off is
    not. Judged again, a violation counts with those it counted with at first: later ones were
    counted with it, and windows move on. A fee's own times are from ``now``.
    """
    earlier = state.cases.get(offence.reservation_id)
    judged_at = earlier.judged_at if earlier else now
    recent = state.violations_before(offence.reservation_id, judged_at, policy.free_pass_days)
    assessment = earlier.next_assessment if earlier else 1
    amount = _price(offence, policy) if assessment else None
    forgiven: Forgiveness | None = None
    if offence.is_refilled:
        forgiven = Forgiveness.REFILLED
    elif amount is not None and recent < policy.free_passes:
        forgiven = Forgiveness.FREE_PASS
    evidence = Evidence(
        starts_at=offence.starts_at, free_until=offence.free_until,
        empty_seats=offence.empty_seats, later_late_cancels=offence.later_late_cancels,
        after_start=offence.after_start, recent_violations=recent,
    )  # fmt: skip
    events: list[PenaltyEvent] = [
        ViolationRecorded(
            client_id=offence.client, session_id=offence.session_id,
            reservation_id=offence.reservation_id, kind=offence.kind,
            grant_kind=offence.grant_kind, forgiven=forgiven, policy_version=policy.version,
            judged_at=judged_at, evidence=evidence,
        )
    ]  # fmt: skip
    if amount is None or assessment is None:
        return events
    fee = _assessed(offence, policy, amount, evidence, now)
    events.append(fee.model_copy(update={"assessment": assessment}))
    if forgiven is not None:
        events.append(
            FeeForgiven(
                client_id=offence.client, session_id=offence.session_id,
                reservation_id=offence.reservation_id, forgiven=forgiven,
                policy_version=policy.version,
            )
        )  # fmt: skip
    return events


def _price(offence: Offence, policy: BookingPolicy) -> Money | None:
    if offence.grant_kind is not GrantKind.UNLIMITED:
        return None
    late = offence.kind is Violation.LATE_CANCEL
    price = policy.late_cancel_fee if late else policy.no_show_fee
    if price is None or price.minor == 0:
        return None
    return Money(minor=price.minor, currency=price.currency)


def _assessed(
    offence: Offence, policy: BookingPolicy, amount: Money, evidence: Evidence, now: datetime
) -> FeeAssessed:
    return FeeAssessed(
        client_id=offence.client, session_id=offence.session_id,
        reservation_id=offence.reservation_id, kind=offence.kind, amount=amount,
        policy_version=policy.version, evidence=evidence,
        waivable_until=now + timedelta(hours=policy.fee_waive_hours),
        contestable_until=now + timedelta(days=policy.fee_contest_days),
    )  # fmt: skip
