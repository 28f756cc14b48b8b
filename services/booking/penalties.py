"""Late cancels and no-shows: judged when the books are closed, and what follows from it."""

from chassis.eventstore.store import Unit
from contracts.booking import (
    Attendance,
    CollectFee,
    ContestFee,
    ResolveContest,
    WaiveFee,
)
from contracts.ids import ClientId, ReservationId, SessionId
from services.booking import deadlines, erasing, ledgers
from services.booking.domain import bans, bans_and_waivers, fees, offences, penalty
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.offences import Offence
from services.booking.domain.penalty import Case, FeeStage, client_penalties


def judge(unit: Unit, session_id: SessionId) -> None:
    """Judge everybody who gave up a seat late or did not come."""
    session = unit.state(class_session, session_id)
    judged = [
        offences.offence(session, session_id, client, kind)
        for client, kind in offences.committed(session)
    ]
    unit.states(client_penalties, [one.client for one in judged])
    unit.states(client_ledger, [one.client for one in judged])
    for one in judged:
        _judge(unit, one)


def offence_in(
    unit: Unit, session_id: SessionId, client: ClientId, shown_as: Attendance
) -> Offence | None:
    """What the client did, if the corrected books are to show them so; ``None``: nothing wrong."""
    kind = offences.KINDS.get(shown_as)
    session = unit.state(class_session, session_id)
    return None if kind is None else offences.offence(session, session_id, client, kind)


def judge_anew(unit: Unit, offence: Offence, reason: str) -> None:
    """Judge what the corrected books show, unless the reservation counts as that already.

    A late cancel that was refilled counts no more, whatever the books had called it before. One
    that turns out a no-show is judged as if it had been put right in two steps: what the first
    judgement asked for is taken back, and what somebody was let off stays so. Bans it earns none:
    it is as many penalties as before, at most, and they were counted.
    """
    client, reservation = offence.client, offence.reservation_id
    case = unit.state(client_penalties, client).cases.get(reservation)
    if case is None or not case.counts:
        _judge(unit, offence)
    elif offence.is_refilled:
        clear(unit, client, reservation, reason)
    elif case.kind is not offence.kind:
        _take_back(unit, client, reservation, reason)
        _record(unit, offence)
        _reconsider_ban(unit, client, reason)


def _judge(unit: Unit, offence: Offence) -> None:
    """And ban the client who has too many penalties by it, unless staff let them off those."""
    case = _record(unit, offence)
    if case is None or not case.is_penalty:
        return
    policy = unit.state(class_session, offence.session_id).policy
    lifted_at = unit.state(client_ledger, offence.client).bans_lifted_at
    judged = unit.state(client_penalties, offence.client)
    cause = bans.earned(judged, policy, case.judged_at, lifted_at)
    if cause is not None:
        ledgers.ban_by_rule(unit, offence.client, bans.ends_at(policy, cause), cause)


def _record(unit: Unit, offence: Offence) -> Case | None:
    """The case; ``None`` where the client was erased: nobody is left to judge."""
    if bans_and_waivers.is_erased(unit.state(client_ledger, offence.client)):
        return None
    policy = unit.state(class_session, offence.session_id).policy
    state = unit.state(client_penalties, offence.client)
    judged = penalty.judge(state, offence, policy, unit.ctx.now)
    after = unit.record(client_penalties, offence.client, judged)
    _collect_in_time(unit, offence.client, offence.reservation_id)
    return after.cases[offence.reservation_id]


def _collect_in_time(unit: Unit, client: ClientId, reservation: ReservationId) -> None:
    """Have a fee that is pending be due when the time to waive it is over."""
    fee = unit.state(client_penalties, client).cases[reservation].fee
    if fee is not None and fee.stage is FeeStage.PENDING:
        command = CollectFee(client_id=client, reservation_id=reservation)
        unit.wake(deadlines.fee_falls_due(reservation), fee.waivable_until, command)


def clear(unit: Unit, client: ClientId, reservation: ReservationId, reason: str) -> None:
    """The client was there, or is excused: take back what followed from the violation."""
    _take_back(unit, client, reservation, reason)
    _reconsider_ban(unit, client, reason)


def _take_back(unit: Unit, client: ClientId, reservation: ReservationId, reason: str) -> None:
    state = unit.state(client_penalties, client)
    unit.record(
        client_penalties, client, fees.clear(state, client, reservation, unit.ctx.actor, reason)
    )
    unit.forget(deadlines.fee_falls_due(reservation))


def waive_fee(command: WaiveFee, unit: Unit) -> None:
    """Let a client off a fee while it is pending; a ban that rests on it may fall.

    Raises ``Refused``: ``FEE_NOT_FOUND``, ``FEE_NOT_PENDING``. An open contest is settled with it.
    """
    state = unit.state(client_penalties, command.client_id)
    unit.record(client_penalties, command.client_id, fees.waive(state, command, unit.ctx.actor))
    unit.forget(deadlines.fee_falls_due(command.reservation_id))
    _reconsider_ban(unit, command.client_id, command.reason)


def contest_fee(command: ContestFee, unit: Unit) -> None:
    state = unit.state(client_penalties, command.client_id)
    contested = fees.contest(state, command, unit.ctx.actor, unit.ctx.now)
    unit.record(client_penalties, command.client_id, contested)


def resolve_contest(command: ResolveContest, unit: Unit) -> None:
    """Decide on a contest; a fee that stands, and waited for that, is due if its time has come.

    Raises ``Refused``: ``FEE_NOT_FOUND``, ``NOT_CONTESTED``.
    """
    client, reservation = command.client_id, command.reservation_id
    state = unit.state(client_penalties, client)
    resolved = fees.resolve(state, command, unit.ctx.actor)
    unit.record(client_penalties, client, resolved)
    if not command.fee_stands:
        unit.forget(deadlines.fee_falls_due(reservation))
    collect_fee(CollectFee(client_id=client, reservation_id=reservation), unit)
    # Where the clock is ahead of ours its time may have come, and found it contested.
    _collect_in_time(unit, client, reservation)
    _reconsider_ban(unit, client, command.reason)


def collect_fee(command: CollectFee, unit: Unit) -> None:
    """Have the fee be due. Nobody is asked for one who was erased before erasing waived it."""
    if bans_and_waivers.is_erased(unit.state(client_ledger, command.client_id)):
        erasing.let_off(unit, command.client_id)
        return
    state = unit.state(client_penalties, command.client_id)
    due = fees.collect(state, command, unit.ctx.now)
    unit.record(client_penalties, command.client_id, due)


def _reconsider_ban(unit: Unit, client: ClientId, reason: str) -> None:
    """Lift a ban of the rules' own when they would not impose it any more."""
    ban = unit.state(client_ledger, client).rules_ban
    if ban is None or ban.cause is None:
        return
    if not bans.still_stands(unit.state(client_penalties, client), ban.cause):
        ledgers.lift_by_rules(unit, client, reason)
