"""Fees: what may become of one once it is assessed.

pending > forgiven (by the rules) | waived (by staff, or because the client was erased) | due (the
clock, unless it is contested) > reversed (a contest that was right) | cleared (a correction,
pending or due). A fee that is no longer asked for is not contested any more: whoever lets it fall
has resolved the contest. One that was cleared is asked for again, as another, when a correction
shows that there was a violation.

Source: docs/rules.md, Penalties.
"""

from datetime import datetime
from typing import TypedDict

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    CollectFee,
    ContestFee,
    FeeContested,
    FeeContestResolved,
    FeeDue,
    FeeReversed,
    FeeWaived,
    ResolveContest,
    ViolationCleared,
    WaiveFee,
)
from contracts.ids import ClientId, ReservationId, SessionId
from services.booking.domain.penalty import (
    OPEN,
    Case,
    ClientPenalties,
    Contest,
    Fee,
    FeeStage,
    PenaltyEvent,
)


class Names(TypedDict):
    """What every event of a case names."""

    client_id: ClientId
    session_id: SessionId
    reservation_id: ReservationId


def waive(state: ClientPenalties, command: WaiveFee, by: str) -> list[PenaltyEvent]:
    """Let the client off; only while the fee is pending."""
    case, fee = _fee(state, command.reservation_id)
    if fee.stage is not FeeStage.PENDING:
        raise Refused(
            BookingCode.FEE_NOT_PENDING, "The fee is not pending (any more).",
            field="reservation_id", stage=fee.stage,
            waivable_until=fee.waivable_until.isoformat(),
        )  # fmt: skip
    names = _names(command.client_id, command.reservation_id, case)
    return [
        *_settled(names, fee, by, command.reason),
        _waived(names, fee, by, command.reason),
    ]


def let_off(
    state: ClientPenalties, client: ClientId, by: str, reason: str
) -> dict[ReservationId, list[PenaltyEvent]]:
    """Let the client off every fee that is pending, whatever they say of it; by reservation."""
    let: dict[ReservationId, list[PenaltyEvent]] = {}
    for reservation, case in state.cases.items():
        if case.fee is not None and case.fee.stage is FeeStage.PENDING:
            names = _names(client, reservation, case)
            let[reservation] = [
                *_settled(names, case.fee, by, reason), _waived(names, case.fee, by, reason),
            ]  # fmt: skip
    return let


def contest(
    state: ClientPenalties, command: ContestFee, by: str, now: datetime
) -> list[PenaltyEvent]:
    """Say that the fee is wrong; once, while it is asked for and not too long after."""
    case, fee = _fee(state, command.reservation_id)
    if fee.contest is not Contest.NONE:
        raise Refused(
            BookingCode.ALREADY_CONTESTED, "The fee was contested.", field="reservation_id"
        )
    if fee.stage not in OPEN:
        raise Refused(
            BookingCode.FEE_CLOSED, "The fee is not asked for.", field="reservation_id",
            stage=fee.stage,
        )  # fmt: skip
    if now >= fee.contestable_until:
        raise Refused(
            BookingCode.CONTEST_CLOSED, "It is too late to contest the fee.",
            field="reservation_id", closed_at=fee.contestable_until.isoformat(),
        )  # fmt: skip
    names = _names(command.client_id, command.reservation_id, case)
    version = fee.policy_version
    return [FeeContested(**names, by=by, reason=command.reason, policy_version=version)]


def resolve(state: ClientPenalties, command: ResolveContest, by: str) -> list[PenaltyEvent]:
    """Decide on a contest. A fee that stands is pending, or due, as before."""
    case, fee = _fee(state, command.reservation_id)
    if fee.contest is not Contest.OPEN:
        raise Refused(BookingCode.NOT_CONTESTED, "Nobody contests the fee.", field="reservation_id")
    names = _names(command.client_id, command.reservation_id, case)
    events: list[PenaltyEvent] = [
        FeeContestResolved(
            **names, fee_stands=command.fee_stands, by=by, reason=command.reason,
            policy_version=fee.policy_version,
        )
    ]  # fmt: skip
    if fee.stage is FeeStage.PENDING and not command.fee_stands:
        events.append(_waived(names, fee, by, command.reason))
    elif fee.stage is FeeStage.DUE and not command.fee_stands:
        events.append(_reversed(names, case, fee, command.reason))
    return events


def collect(state: ClientPenalties, command: CollectFee, now: datetime) -> list[PenaltyEvent]:
    """The fee is due, unless it has ended, is contested, or its time has not come."""
    case = state.cases.get(command.reservation_id)
    fee = case.fee if case else None
    if case is None or fee is None or fee.stage is not FeeStage.PENDING:
        return []
    if fee.contest is Contest.OPEN or now < fee.waivable_until:
        return []
    return [_due(_names(command.client_id, command.reservation_id, case), case, fee)]


def clear(
    state: ClientPenalties, client: ClientId, reservation: ReservationId, by: str, reason: str
) -> list[PenaltyEvent]:
    """There was no violation: it counts no more, and its fee is not owed. Once."""
    case = state.cases.get(reservation)
    if case is None:
        return []
    names = _names(client, reservation, case)
    events: list[PenaltyEvent] = []
    if case.counts:
        version = case.policy_version
        events.append(ViolationCleared(**names, reason=reason, policy_version=version))
    if case.fee is not None and case.fee.stage in OPEN:
        events += _settled(names, case.fee, by, reason)
        events.append(_reversed(names, case, case.fee, reason))
    return events


def _fee(state: ClientPenalties, reservation: ReservationId) -> tuple[Case, Fee]:
    case = state.cases.get(reservation)
    if case is None or case.fee is None:
        raise Refused(
            BookingCode.FEE_NOT_FOUND, "There is no fee for this reservation.",
            field="reservation_id",
        )  # fmt: skip
    return case, case.fee


def _names(client: ClientId, reservation: ReservationId, case: Case) -> Names:
    return {"client_id": client, "session_id": case.session_id, "reservation_id": reservation}


def _settled(names: Names, fee: Fee, by: str, reason: str) -> list[PenaltyEvent]:
    """What becomes of a contest when the fee falls for whatever reason."""
    if fee.contest is not Contest.OPEN:
        return []
    return [
        FeeContestResolved(
            **names, fee_stands=False, by=by, reason=reason, policy_version=fee.policy_version
        )
    ]


def _waived(names: Names, fee: Fee, by: str, reason: str) -> FeeWaived:
    return FeeWaived(**names, by=by, reason=reason, policy_version=fee.policy_version)


def _due(names: Names, case: Case, fee: Fee) -> FeeDue:
    return FeeDue(
        **names, kind=case.kind, amount=fee.amount, policy_version=fee.policy_version,
        assessment=fee.assessment,
    )  # fmt: skip


def _reversed(names: Names, case: Case, fee: Fee, reason: str) -> FeeReversed:
    was_due = fee.stage is FeeStage.DUE
    return FeeReversed(
        **names, kind=case.kind, amount=fee.amount, was_due=was_due, reason=reason,
        assessment=fee.assessment, policy_version=fee.policy_version,
    )  # fmt: skip
