"""Commands on a client's ledger: what they may spend, what they signed, whether they may book."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from chassis.eventstore.store import Result, Rule, Unit
from contracts.booking import (
    BanCause,
    BarErasedClient,
    ChangeEntitlement,
    Coverage,
    EndBookingBan,
    EndEntitlement,
    ExpireCredits,
    GrantCredits,
    GrantOutcome,
    ImposeBookingBan,
    LiftBookingBan,
    OpenLedger,
    ResumeEntitlement,
    SignWaiver,
    SuspendEntitlement,
    Suspension,
)
from contracts.envelope import Command
from contracts.ids import ClientId, GrantId
from services.booking import covering, deadlines, erasing, lapsing, seats
from services.booking.domain import bans_and_waivers, catalogue, grants
from services.booking.domain import client_ledger as ledgers
from services.booking.domain.catalogue import program
from services.booking.domain.client_ledger import ClientLedger, LedgerEvent, client_ledger

C = TypeVar("C", bound=Command)


class LedgerNotOpen(Exception):
    """Nobody has told booking of this client yet; whoever keeps the clients may know them."""

    def __init__(self, client: ClientId) -> None:
        super().__init__("the client has no ledger")
        self.client = client


def opened(unit: Unit, client: ClientId) -> ClientLedger:
    """The client's ledger. Raises ``LedgerNotOpen``."""
    ledger = unit.state(client_ledger, client)
    if not ledger.is_open:
        raise LedgerNotOpen(client)
    return ledger


def open_ledger(command: OpenLedger, unit: Unit) -> None:
    ledger = unit.state(client_ledger, command.client_id)
    unit.record(client_ledger, command.client_id, ledgers.open_ledger(ledger, command.client_id))


def opening(client: ClientId, rule: Rule[C]) -> Rule[C]:
    """``rule``, with the client's ledger opened first in the same breath."""

    def in_one(command: C, unit: Unit) -> Result:
        open_ledger(OpenLedger(client_id=client), unit)
        return rule(command, unit)

    return in_one


def grant_credits(command: GrantCredits, unit: Unit) -> GrantOutcome:
    """Give a client what pays for seats; flagged seats and lines that passed them over are next.

    Raises ``LedgerNotOpen``, then ``Refused``: ``PROGRAM_NOT_FOUND``, ``ALREADY_GRANTED``,
    ``INVALID_GRANT`` or ``EXPIRES_IN_THE_PAST``.
    """
    ledger = opened(unit, command.client_id)
    _must_cover_what_is_there(unit, command.coverage)
    _gain(unit, command.client_id, grants.grant_credits(ledger, command, unit.ctx.now))
    _expire_in_time(unit, command.client_id, command.grant_id)
    given = unit.state(client_ledger, command.client_id).grants[command.grant_id]
    return GrantOutcome(valid_from=given.valid_from, expires_at=given.expires_at)


def change_entitlement(command: ChangeEntitlement, unit: Unit) -> None:
    ledger = opened(unit, command.client_id)
    _must_cover_what_is_there(unit, command.coverage)
    changed = grants.change(ledger, command, unit.ctx.now)
    _gain(unit, command.client_id, changed)
    _expire_in_time(unit, command.client_id, command.grant_id)
    lapsing.narrow(unit, command.client_id, command.grant_id, ledger.grants[command.grant_id])


def suspend_entitlement(command: SuspendEntitlement, unit: Unit) -> None:
    ledger = opened(unit, command.client_id)
    suspended = grants.suspend(ledger, command)
    unit.record(client_ledger, command.client_id, suspended)
    if suspended and command.because is Suspension.HOLD:
        lapsing.lapse(unit, command.client_id, command.grant_id)
    elif suspended:
        covering.cover_again(unit, command.client_id, suspended)


def resume_entitlement(command: ResumeEntitlement, unit: Unit) -> None:
    ledger = opened(unit, command.client_id)
    _gain(unit, command.client_id, grants.resume(ledger, command))


def end_entitlement(command: EndEntitlement, unit: Unit) -> None:
    ledger = opened(unit, command.client_id)
    ended = grants.end(ledger, command)
    unit.record(client_ledger, command.client_id, ended)
    if ended:
        lapsing.lapse(unit, command.client_id, command.grant_id)
        lapsing.leave_lines(unit, command.client_id)


def expire_credits(command: ExpireCredits, unit: Unit) -> None:
    client, grant_id = command.client_id, command.grant_id
    ledger = unit.state(client_ledger, client)
    expired = grants.expire(ledger, client, grant_id, unit.ctx.now)
    unit.record(client_ledger, client, expired)


def sign_waiver(command: SignWaiver, unit: Unit) -> None:
    ledger = opened(unit, command.client_id)
    signed = bans_and_waivers.sign_waiver(ledger, command.client_id, command.document)
    unit.record(client_ledger, command.client_id, signed)


def impose_booking_ban(command: ImposeBookingBan, unit: Unit) -> None:
    client, ledger = command.client_id, opened(unit, command.client_id)
    imposed = bans_and_waivers.impose_ban(
        ledger, client, command.until, command.reason, unit.ctx.now
    )
    _ban(unit, client, imposed)


def ban_by_rule(unit: Unit, client: ClientId, until: datetime, cause: BanCause) -> None:
    """Keep the client from booking because of what they did."""
    ledger, now = unit.state(client_ledger, client), unit.ctx.now
    reason = f"{cause.penalties} late cancels or no-shows in {cause.window_days} days"
    _ban(unit, client, bans_and_waivers.impose_ban(ledger, client, until, reason, now, cause=cause))


def _ban(unit: Unit, client: ClientId, imposed: Sequence[LedgerEvent]) -> None:
    """Record the ban, if it is one, and have it end in time."""
    unit.record(client_ledger, client, imposed)
    if imposed:
        _end_in_time(unit, client)


def _end_in_time(unit: Unit, client: ClientId) -> None:
    ban = bans_and_waivers.longest_ban(unit.state(client_ledger, client))
    if ban is None or ban.until is None:
        unit.forget(deadlines.ban_ends(client))
    else:
        unit.wake(deadlines.ban_ends(client), ban.until, EndBookingBan(client_id=client))


def bar_erased_client(command: BarErasedClient, unit: Unit) -> None:
    """Whether or not they ever had a ledger: nobody opens one for them after that.

    What they had booked others may have, and nothing of it is charged.
    """
    client = command.client_id
    _ban(unit, client, bans_and_waivers.bar_erased(unit.state(client_ledger, client), client))
    erasing.give_up_everything(unit, client)


def lift_booking_ban(command: LiftBookingBan, unit: Unit) -> None:
    client, ledger = command.client_id, opened(unit, command.client_id)
    _gain(unit, client, bans_and_waivers.lift_ban(ledger, client, command.reason, unit.ctx.now))
    unit.forget(deadlines.ban_ends(client))


def lift_by_rules(unit: Unit, client: ClientId, reason: str) -> None:
    """Lift the ban the rules imposed, whatever somebody decided beside it."""
    ledger = unit.state(client_ledger, client)
    _gain(unit, client, bans_and_waivers.lift_by_rules(ledger, client, reason, unit.ctx.now))
    _end_in_time(unit, client)


def end_booking_ban(command: EndBookingBan, unit: Unit) -> None:
    client = command.client_id
    _gain(
        unit,
        client,
        bans_and_waivers.end_ban(unit.state(client_ledger, client), client, unit.ctx.now),
    )


def _gain(unit: Unit, client: ClientId, events: Sequence[LedgerEvent]) -> None:
    seats.gain(unit, [(client, events)])


def _must_cover_what_is_there(unit: Unit, coverage: Coverage | None) -> None:
    """Raise ``Refused(PROGRAM_NOT_FOUND)``; a program may be retired, its sessions go on."""
    for one in unit.states(program, coverage.program_ids if coverage else ()):
        catalogue.must_be_there(one, field="coverage")


def _expire_in_time(unit: Unit, client: ClientId, grant_id: GrantId) -> None:
    expires_at = unit.state(client_ledger, client).grants[grant_id].expires_at
    if expires_at is not None:
        expire = ExpireCredits(client_id=client, grant_id=grant_id)
        unit.wake(deadlines.credits_expire(grant_id), expires_at, expire)
