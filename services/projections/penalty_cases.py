"""A penalty case, row by row: what each event of booking's makes of one.

Used by the penalties, on the rows they keep.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, TypeGuard, get_args
from uuid import UUID

from contracts.booking import (
    FeeAssessed,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeForgiven,
    FeeReversed,
    FeeWaived,
    ViolationCleared,
    ViolationRecorded,
)
from contracts.envelope import Envelope, Event
from contracts.ids import ClientId, GymId, ReservationId, SessionId
from services.projections.sessions import Incomplete

FeeEvent: TypeAlias = (
    FeeAssessed | FeeForgiven | FeeWaived | FeeContested | FeeContestResolved | FeeDue | FeeReversed
)
PenaltyEvent: TypeAlias = ViolationRecorded | ViolationCleared | FeeEvent
"""What a client's penalties stream holds; each of them moves a case."""

_PENALTY_EVENTS = frozenset(get_args(PenaltyEvent))

Key = tuple[GymId, ReservationId]


def is_of_a_case(event: Event) -> TypeGuard[PenaltyEvent]:
    """Whether it is one of them; ``isinstance`` would ask class after class."""
    return type(event) in _PENALTY_EVENTS


@dataclass(frozen=True, slots=True)
class Case:
    """One case as the table holds it; columns in this order."""

    gym_id: GymId
    reservation_id: ReservationId
    client_id: ClientId
    session_id: SessionId
    kind: str
    grant_kind: str
    status: str
    forgiven: str | None
    amount_minor: int | None
    currency: str | None
    policy_version: int
    judged_at: datetime
    evidence: str
    waivable_until: datetime | None
    contestable_until: datetime | None
    contest: str | None
    contest_reason: str | None
    decided_by: UUID | None
    reason: str | None
    version: int
    position: int
    before_cleared: str | None = None  # the status it is shown with when it counts again


def fold(cases: dict[Key, Case], envelope: Envelope, event: PenaltyEvent) -> None:
    """Bring the case the event speaks of up to it. Raises ``Incomplete``."""
    key = (envelope.gym_id, event.reservation_id)
    case = cases.get(key)
    if isinstance(event, ViolationRecorded):
        moved = _judged(envelope, event, case)
    elif case is None:
        raise Incomplete(f"penalties: {event.event_type} of a case never judged")
    else:
        moved = _moved_on(case, event)
    cases[key] = replace(moved, version=envelope.version, position=envelope.position)


def _judged(envelope: Envelope, event: ViolationRecorded, earlier: Case | None) -> Case:
    """Judged anew after it was cleared, a case shows its last fee until it has another.

    What somebody, or a free pass, let the client off is never asked for again: it stays that fee.
    """
    fresh = Case(
        envelope.gym_id, event.reservation_id, event.client_id, event.session_id, event.kind,
        event.grant_kind, "forgiven" if event.forgiven else "no_fee", event.forgiven, None, None,
        event.policy_version, event.judged_at, event.evidence.model_dump_json(), None, None, None,
        None, None, None, envelope.version, envelope.position,
    )  # fmt: skip
    if earlier is None or earlier.amount_minor is None:
        return fresh
    return replace(
        earlier, kind=fresh.kind, judged_at=fresh.judged_at, evidence=fresh.evidence,
        policy_version=fresh.policy_version, status=earlier.before_cleared or earlier.status,
        before_cleared=None,
    )  # fmt: skip


def _moved_on(case: Case, event: ViolationCleared | FeeEvent) -> Case:
    match event:
        case FeeContested():
            return replace(case, contest="open", contest_reason=event.reason)
        case FeeContestResolved():
            verdict = "fee_stands" if event.fee_stands else "fee_falls"
            by = staff_of(event.by)
            return replace(case, contest=verdict, decided_by=by, reason=event.reason)
        case FeeReversed():
            return replace(case, status="reversed", reason=event.reason, before_cleared=None)
        case ViolationCleared():
            return replace(case, status="cleared", reason=event.reason, before_cleared=case.status)
        case _:
            return _fee_moved_on(case, event)


def _fee_moved_on(case: Case, event: FeeAssessed | FeeForgiven | FeeWaived | FeeDue) -> Case:
    match event:
        case FeeAssessed():
            return replace(
                case, status="pending", amount_minor=event.amount.minor,
                currency=event.amount.currency, waivable_until=event.waivable_until,
                contestable_until=event.contestable_until, forgiven=None, contest=None,
                contest_reason=None, decided_by=None, reason=None,
            )  # fmt: skip
        case FeeForgiven():
            return replace(case, status="forgiven", forgiven=event.forgiven)
        case FeeWaived():
            by = staff_of(event.by)
            return replace(case, status="waived", decided_by=by, reason=event.reason)
        case FeeDue():
            return replace(case, status="due")


def staff_of(actor: str) -> UUID | None:
    """The staff member an actor is; ``None`` for anybody else."""
    kind, _, text = actor.partition(":")
    try:
        return UUID(text) if kind == "staff" else None
    except ValueError:
        return None
