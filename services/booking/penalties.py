"""Late cancels and no-shows: judged when the books are closed, and what follows from it."""

from collections.abc import Iterable

from chassis.eventstore.store import Unit
from contracts.booking import (
    CollectFee,
    ContestFee,
    ResolveContest,
    Violation,
    WaiveFee,
)
from contracts.ids import ClientId, ReservationId, SessionId
from services.booking.domain import fees, penalty
from services.booking.domain.class_session import ClassSession, Reservation, class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.penalty import FeeStage, Offence, client_penalties


def judge(unit: Unit, session_id: SessionId) -> frozenset[ClientId]:
    """Judge everybody who gave up a seat late or did not come; whose late cancel was refilled.

    Comes before their credits are settled: what is held says what the seat was paid with.
    """
    session = unit.state(class_session, session_id)
    offences = list(_offences(unit, session_id, session))
    unit.states(client_penalties, [one.client for one in offences])
    for one in offences:
        _judge(unit, one)
    return frozenset(one.client for one in offences if one.is_refilled)


def _offences(unit: Unit, session_id: SessionId, session: ClassSession) -> Iterable[Offence]:
    late = list(session.late_cancelled.items())
    missing = [(client, one) for client, one in session.reserved.items() if not one.checked_in]
    unit.states(client_ledger, [client for client, _ in (*late, *missing)])
    for nth, (client, one) in enumerate(late, start=1):
        yield from _offence(
            unit, session_id, client, one, Violation.LATE_CANCEL, later=len(late) - nth
        )
    for client, one in missing:
        yield from _offence(unit, session_id, client, one, Violation.NO_SHOW)


def _offence(
    unit: Unit,
    session_id: SessionId,
    client: ClientId,
    seat: Reservation,
    kind: Violation,
    *,
    later: int = 0,
) -> Iterable[Offence]:
    """The offence; none when nothing is held for the reservation, as after it was settled."""
    session, ledger = unit.state(class_session, session_id), unit.state(client_ledger, client)
    held = ledger.holds.get(seat.reservation_id)
    if held is not None:
        yield Offence(
            client=client, session_id=session_id, reservation_id=seat.reservation_id, kind=kind,
            grant_kind=ledger.grants[held.grant_id].kind, starts_at=session.starts_at,
            free_until=seat.free_until, empty_seats=max(session.free_seats, 0),
            later_late_cancels=later,
        )  # fmt: skip


def _judge(unit: Unit, offence: Offence) -> None:
    policy = unit.state(class_session, offence.session_id).policy
    state = unit.state(client_penalties, offence.client)
    judged = penalty.judge(state, offence, policy, unit.ctx.now)
    after = unit.record(client_penalties, offence.client, judged)
    fee = after.cases[offence.reservation_id].fee
    if fee is not None and fee.stage is FeeStage.PENDING:
        unit.wake(
            _falls_due(offence.reservation_id),
            fee.waivable_until,
            CollectFee(client_id=offence.client, reservation_id=offence.reservation_id),
        )


def clear(unit: Unit, client: ClientId, reservation: ReservationId, reason: str) -> None:
    """The client was there, or is excused: take back what followed from the violation."""
    state = unit.state(client_penalties, client)
    unit.record(client_penalties, client, fees.clear(state, client, reservation, reason))
    unit.forget(_falls_due(reservation))


def waive_fee(command: WaiveFee, unit: Unit) -> None:
    state = unit.state(client_penalties, command.client_id)
    unit.record(client_penalties, command.client_id, fees.waive(state, command, unit.ctx.actor))
    unit.forget(_falls_due(command.reservation_id))


def contest_fee(command: ContestFee, unit: Unit) -> None:
    state = unit.state(client_penalties, command.client_id)
    contested = fees.contest(state, command, unit.ctx.actor, unit.ctx.now)
    unit.record(client_penalties, command.client_id, contested)


def resolve_contest(command: ResolveContest, unit: Unit) -> None:
    state = unit.state(client_penalties, command.client_id)
    resolved = fees.resolve(state, command, unit.ctx.actor, unit.ctx.now)
    unit.record(client_penalties, command.client_id, resolved)


def collect_fee(command: CollectFee, unit: Unit) -> None:
    state = unit.state(client_penalties, command.client_id)
    due = fees.collect(state, command, unit.ctx.now)
    unit.record(client_penalties, command.client_id, due)


def _falls_due(reservation: ReservationId) -> str:
    return f"collect_fee:{reservation}"
