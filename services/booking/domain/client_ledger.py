"""ClientLedger: what one client may spend, what their reservations hold, and when they are busy.

Keeps      per grant ``credits = available + held + consumed + forfeited``, none below zero; a
           client is never promised to two sessions at one time
Stream     ``ledger-{client_id}``; every reservation of the client is recorded on it, so overlap
           and credit are decided here and guarded by the stream's version
Source     domain rules 3.1 (B7, B9) and 3.2
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, Refused
from contracts.booking import (
    BookingCode,
    CreditConsumed,
    CreditForfeited,
    CreditHeld,
    CreditReleased,
    CreditsGranted,
    GrantCredits,
    GrantKind,
    LedgerOpened,
    PromotionMissed,
    TimeReleased,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId

Settled: TypeAlias = CreditReleased | CreditConsumed | CreditForfeited
LedgerEvent: TypeAlias = (
    LedgerOpened | CreditsGranted | CreditHeld | TimeReleased | Settled | PromotionMissed
)

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits, or freedom, for sessions that start in [valid_from, expires_at)."""

    kind: GrantKind
    credits: int  # 0 when unlimited
    valid_from: datetime  # UTC
    expires_at: datetime | None  # UTC; None never
    held: int = 0
    consumed: int = 0
    forfeited: int = 0

    @property
    def available(self) -> int:
        return self.credits - self.held - self.consumed - self.forfeited

    def covers(self, starts_at: datetime) -> bool:
        return self.valid_from <= starts_at < (self.expires_at or FOREVER)

    @property
    def is_spendable(self) -> bool:
        return self.kind is GrantKind.UNLIMITED or self.available > 0


@dataclass(frozen=True, slots=True)
class Hold:
    """What a reservation has set aside: a credit, 0 of an unlimited grant, and the time."""

    grant_id: GrantId
    session_id: SessionId
    starts_at: datetime  # UTC
    ends_at: datetime  # UTC
    credits: int
    is_busy: bool = True  # False after a late cancel


@dataclass(frozen=True, slots=True)
class ClientLedger:
    """What the past has made of the ledger."""

    is_open: bool = False
    grants: Mapping[GrantId, Grant] = field(default_factory=dict)  # oldest first
    holds: Mapping[ReservationId, Hold] = field(default_factory=dict)
    missed: Mapping[SessionId, BookingCode] = field(default_factory=dict)
    """Sessions that passed the client over since the ledger last gained anything."""


def evolve(state: ClientLedger, event: LedgerEvent) -> ClientLedger:
    match event:
        case CreditHeld():
            hold = Hold(
                event.grant_id, event.session_id, event.starts_at, event.ends_at, event.credits
            )
            grant = state.grants[event.grant_id]
            grant = replace(grant, held=grant.held + event.credits)
            return replace(
                state,
                holds={**state.holds, event.reservation_id: hold},
                grants={**state.grants, event.grant_id: grant},
            )
        case CreditReleased() | CreditConsumed() | CreditForfeited():
            return _settled(state, event)
        case TimeReleased(reservation_id=reservation):
            idle = replace(state.holds[reservation], is_busy=False)
            return replace(state, holds={**state.holds, reservation: idle}, missed={})
        case CreditsGranted():
            grant = Grant(event.kind, event.credits, event.valid_from, event.expires_at)
            return replace(state, grants={**state.grants, event.grant_id: grant}, missed={})
        case PromotionMissed():
            return replace(state, missed={**state.missed, event.session_id: event.reason})
        case LedgerOpened():
            return replace(state, is_open=True)
    assert_never(event)


def _settled(state: ClientLedger, event: Settled) -> ClientLedger:
    """The hold is gone, and with it what kept the client from sessions that passed them over."""
    grant = state.grants[event.grant_id]
    match event:
        case CreditReleased():
            grant = replace(grant, held=grant.held - event.credits)
        case CreditConsumed():
            grant = replace(
                grant, held=grant.held - event.credits, consumed=grant.consumed + event.credits
            )
        case CreditForfeited():
            grant = replace(
                grant, held=grant.held - event.credits, forfeited=grant.forfeited + event.credits
            )
    kept = {one: hold for one, hold in state.holds.items() if one != event.reservation_id}
    grants = {**state.grants, event.grant_id: grant}
    return replace(state, grants=grants, holds=kept, missed={})


client_ledger: Aggregate[ClientLedger, LedgerEvent] = Aggregate(
    "ledger", ClientLedger(), evolve, snapshot_every=200
)


def open_ledger(state: ClientLedger, client: ClientId) -> list[LedgerEvent]:
    """Let the client hold grants; once."""
    return [] if state.is_open else [LedgerOpened(client_id=client)]


def grant_credits(state: ClientLedger, command: GrantCredits, now: datetime) -> list[LedgerEvent]:
    """Entitle the client to sessions that start in [valid_from, expires_at)."""
    if command.grant_id in state.grants:
        raise Refused(BookingCode.ALREADY_GRANTED, "The grant exists.", field="grant_id")
    if (command.kind is GrantKind.PACK) != (command.credits > 0):
        raise Refused(
            BookingCode.INVALID_GRANT, "A pack has credits, an unlimited grant has none.",
            field="credits",
        )  # fmt: skip
    valid_from = command.valid_from.astimezone(UTC) if command.valid_from else now
    expires_at = command.expires_at.astimezone(UTC) if command.expires_at else None
    if expires_at is not None and expires_at <= now:
        raise Refused(
            BookingCode.EXPIRES_IN_THE_PAST, "The grant would have expired.", field="expires_at",
            now=now.isoformat(),
        )  # fmt: skip
    if expires_at is not None and expires_at <= valid_from:
        raise Refused(
            BookingCode.INVALID_GRANT, "A grant expires after it begins.", field="expires_at"
        )
    return [
        CreditsGranted(
            client_id=command.client_id, grant_id=command.grant_id, kind=command.kind,
            credits=command.credits, valid_from=valid_from, expires_at=expires_at,
            reason=command.reason,
        )
    ]  # fmt: skip


def must_be_free(state: ClientLedger, starts_at: datetime, ends_at: datetime) -> None:
    """Raise ``Refused(OVERLAP)`` when the client has a seat elsewhere in [starts_at, ends_at)."""
    for hold in state.holds.values():
        if hold.is_busy and hold.starts_at < ends_at and starts_at < hold.ends_at:
            raise Refused(
                BookingCode.OVERLAP, "The client has a seat elsewhere at that time.",
                field="session_id", session_id=str(hold.session_id),
                starts_at=hold.starts_at.isoformat(), ends_at=hold.ends_at.isoformat(),
            )  # fmt: skip


def grant_for(state: ClientLedger, starts_at: datetime) -> GrantId:
    """The grant that pays for a seat at ``starts_at``. Raises ``Refused(NO_ENTITLEMENT)``.

    An unlimited one if there is, else the pack that expires first; of equals the oldest.
    """
    covering = [(g, one) for g, one in state.grants.items() if one.covers(starts_at)]
    spendable = [(g, one) for g, one in covering if one.is_spendable]
    if not spendable:
        raise Refused(
            BookingCode.NO_ENTITLEMENT, "Nothing the client has covers this session.",
            field="client_id", starts_at=starts_at.isoformat(), grants=len(state.grants),
            covering=len(covering),
        )  # fmt: skip
    return min(spendable, key=lambda found: _preference(found[1]))[0]


def _preference(grant: Grant) -> tuple[bool, datetime]:
    return grant.kind is not GrantKind.UNLIMITED, grant.expires_at or FOREVER


def hold(
    state: ClientLedger,
    client: ClientId,
    reservation: ReservationId,
    *,
    grant_id: GrantId,
    session_id: SessionId,
    starts_at: datetime,
    ends_at: datetime,
) -> list[LedgerEvent]:
    """Set aside what the reservation needs."""
    return [
        CreditHeld(
            client_id=client, grant_id=grant_id, reservation_id=reservation,
            session_id=session_id, starts_at=starts_at, ends_at=ends_at,
            credits=int(state.grants[grant_id].kind is GrantKind.PACK),
        )
    ]  # fmt: skip


def settle(
    state: ClientLedger, client: ClientId, reservation: ReservationId, as_what: type[Settled]
) -> list[LedgerEvent]:
    """Give back, spend or forfeit what the reservation has set aside; once."""
    held = state.holds.get(reservation)
    if held is None:
        return []
    return [
        as_what(
            client_id=client, grant_id=held.grant_id, reservation_id=reservation,
            credits=held.credits,
        )
    ]  # fmt: skip


def free_time(client: ClientId, reservation: ReservationId) -> list[LedgerEvent]:
    """Let the client be elsewhere after a late cancel; the credit stays held."""
    return [TimeReleased(client_id=client, reservation_id=reservation)]


def miss(
    state: ClientLedger, client: ClientId, session_id: SessionId, reason: BookingCode
) -> list[LedgerEvent]:
    """Note that a session passed the client over, so that it is asked again when they gain."""
    if state.missed.get(session_id) == reason:
        return []
    return [PromotionMissed(client_id=client, session_id=session_id, reason=reason)]
