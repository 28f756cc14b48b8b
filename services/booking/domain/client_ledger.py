"""ClientLedger: what one client may spend, what their reservations hold, and when they are busy.

Keeps      per grant ``credits = available + held + consumed + forfeited + expired``, none below
           zero; a client is never promised to two sessions at one time, but by a move or by staff,
           and then it is told
Stream     ``ledger-{client_id}``; every reservation of the client is recorded on it, so overlap,
           limits and credit are decided here and guarded by the stream's version
Rules      ``grants``, ``entitlement``, ``holds``, ``bans_and_waivers``
Source     docs/rules.md, Ledger; the checks B3 and B7 to B9 in docs/rules.md, Booking
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, replace
from contracts.booking import (
    BanCause,
    BanEnd,
    BookingBanImposed,
    BookingBanLifted,
    BookingCode,
    Charge,
    CreditConsumed,
    CreditCorrected,
    CreditForfeited,
    CreditHeld,
    CreditReleased,
    CreditsExpired,
    CreditsGranted,
    EntitlementChanged,
    EntitlementEnded,
    EntitlementResumed,
    EntitlementSuspended,
    LedgerOpened,
    LineJoined,
    PromotionMissed,
    TimeReleased,
    TimeTaken,
    WaiverRecorded,
)
from contracts.ids import ClientId, GrantId, ProgramId, ReservationId, SessionId
from contracts.timetable import HoldMoved
from services.booking.domain.grant import Grant
from services.booking.domain.hold import Hold

Settled: TypeAlias = CreditReleased | CreditConsumed | CreditForfeited
GrantEvent: TypeAlias = (
    CreditsGranted
    | EntitlementChanged
    | EntitlementSuspended
    | EntitlementResumed
    | EntitlementEnded
    | CreditsExpired
)
HoldEvent: TypeAlias = CreditHeld | HoldMoved | Settled | TimeReleased | TimeTaken | CreditCorrected
StandingEvent: TypeAlias = (
    LedgerOpened
    | WaiverRecorded
    | BookingBanImposed
    | BookingBanLifted
    | PromotionMissed
    | LineJoined
)
LedgerEvent: TypeAlias = GrantEvent | HoldEvent | StandingEvent

REMEMBERED = timedelta(days=30)  # lines of sessions that were to start longer ago are forgotten
NO_DAYS: Mapping[date, int] = {}
CHARGES: Mapping[type[Settled], Charge] = {
    CreditReleased: Charge.RELEASED,
    CreditConsumed: Charge.CONSUMED,
    CreditForfeited: Charge.FORFEITED,
}


@dataclass(frozen=True)
class Ban:
    """The client may not book."""

    until: datetime | None  # UTC; None until it is lifted
    reason: str
    cause: BanCause | None = None  # None: somebody decided so
    erased: bool = False  # for good


@dataclass(frozen=True)
class ClientLedger:
    """What the past has made of the ledger."""

    is_open: bool = False
    grants: Mapping[GrantId, Grant] = field(default_factory=dict)  # oldest first
    holds: Mapping[ReservationId, Hold] = field(default_factory=dict)
    missed: Mapping[SessionId, BookingCode] = field(default_factory=dict)
    """Sessions that passed the client over since the ledger last gained anything."""
    lines: Mapping[SessionId, datetime] = field(default_factory=dict)
    """Where the client stood in line, with the start then; whether they still do, sessions say."""
    ban: Ban | None = None  # by somebody at the gym
    rules_ban: Ban | None = None  # beside it
    bans_lifted_at: datetime | None = None
    """When staff last let the client book again: what was judged by then bans them no more."""
    waivers: tuple[str, ...] = ()

    def booked_on(self, day: date) -> int:
        """Sessions of a local day that were booked and not given back."""
        return sum(grant.days.get(day, 0) for grant in self.grants.values())

    def booked_in(self, program: ProgramId, day: date) -> int:
        """Those of a program."""
        return sum(
            grant.programs.get(program, NO_DAYS).get(day, 0) for grant in self.grants.values()
        )


def evolve(state: ClientLedger, event: LedgerEvent) -> ClientLedger:
    match event:
        case CreditHeld():
            return _held(state, event)
        case CreditReleased() | CreditConsumed() | CreditForfeited():
            return _settled(state, event)
        case HoldMoved() | TimeReleased() | TimeTaken():
            return _time_evolved(state, event)
        case CreditCorrected():
            return _corrected(state, event)
        case (
            LedgerOpened() | WaiverRecorded() | BookingBanImposed() | BookingBanLifted()
            | PromotionMissed() | LineJoined()
        ):  # fmt: skip
            return _standing_evolved(state, event)
        case _:
            return _grant_evolved(state, event)


def _time_evolved(state: ClientLedger, event: HoldMoved | TimeReleased | TimeTaken) -> ClientLedger:
    hold, missed, grants = state.holds[event.reservation_id], state.missed, state.grants
    match event:
        case HoldMoved():
            grant = grants[hold.grant_id].counting(hold.on, -1, hold.program_id)
            hold = hold.moved(event)
            grant = grant.counting(hold.on, 1, hold.program_id)
            grants, missed = {**grants, hold.grant_id: grant}, {}
        case TimeReleased():
            hold, missed = replace(hold, is_busy=False), {}
        case TimeTaken():
            hold = replace(hold, is_busy=True)
    holds = {**state.holds, event.reservation_id: hold}
    return replace(state, holds=holds, grants=grants, missed=missed)


def _grant_evolved(state: ClientLedger, event: GrantEvent) -> ClientLedger:
    missed: Mapping[SessionId, BookingCode] = {}
    match event:
        case CreditsGranted():
            grant = Grant(
                event.kind, event.credits, event.valid_from, event.expires_at,
                period=event.period, early_hours=event.early_hours, coverage=event.coverage,
                last_day=event.expires_on,
            )  # fmt: skip
        case EntitlementChanged():
            grant = replace(
                state.grants[event.grant_id], credits=event.credits,
                expires_at=event.expires_at, early_hours=event.early_hours,
                coverage=event.coverage, last_day=event.expires_on,
            )  # fmt: skip
        case EntitlementSuspended():
            grant = replace(state.grants[event.grant_id], suspended=event.because)
            missed = state.missed
        case EntitlementResumed():
            grant = replace(state.grants[event.grant_id], suspended=None)
        case EntitlementEnded():
            grant = replace(state.grants[event.grant_id], is_ended=True)
            missed = state.missed
        case CreditsExpired():
            grant = state.grants[event.grant_id]
            grant = replace(grant, expired=grant.expired + event.credits, is_over=True)
            missed = state.missed
        case _:
            assert_never(event)
    return replace(state, grants={**state.grants, event.grant_id: grant}, missed=missed)


def _standing_evolved(state: ClientLedger, event: StandingEvent) -> ClientLedger:
    match event:
        case LedgerOpened():
            return replace(state, is_open=True)
        case WaiverRecorded():
            return replace(state, waivers=(*state.waivers, event.document))
        case BookingBanImposed():
            ban = Ban(event.until, event.reason, event.cause, event.erased)
            return replace(state, ban=ban) if ban.cause is None else replace(state, rules_ban=ban)
        case BookingBanLifted():
            ban_left = state.ban if event.remaining else None
            by_staff = event.kind is BanEnd.STAFF
            lifted_at = event.lifted_at if by_staff else state.bans_lifted_at
            return replace(state, ban=ban_left, rules_ban=None, bans_lifted_at=lifted_at, missed={})
        case PromotionMissed():
            return replace(state, missed={**state.missed, event.session_id: event.reason})
        case LineJoined():
            known = {k: at for k, at in state.lines.items() if at > event.joined_at - REMEMBERED}
            return replace(state, lines={**known, event.session_id: event.starts_at})
    assert_never(event)


def _held(state: ClientLedger, event: CreditHeld) -> ClientLedger:
    hold = Hold(
        event.grant_id, event.session_id, event.starts_at, event.ends_at, event.credits,
        on=event.on, program_id=event.program_id,
    )  # fmt: skip
    grant = state.grants[event.grant_id]
    grant = replace(grant, held=grant.held + event.credits)
    grant = grant.counting(event.on, 1, event.program_id)
    return replace(
        state,
        holds={**state.holds, event.reservation_id: hold},
        grants={**state.grants, event.grant_id: grant},
    )


def _settled(state: ClientLedger, event: Settled) -> ClientLedger:
    """The hold is gone, and with it what kept the client from sessions that passed them over."""
    hold, charge = state.holds[event.reservation_id], CHARGES[type(event)]
    back = -1 if charge is Charge.RELEASED else 0
    grant = state.grants[event.grant_id].charged(charge, event.credits)
    grant = replace(grant, held=grant.held - event.credits)
    grant = grant.counting(hold.on, back, hold.program_id)
    holds = dict(state.holds)
    del holds[event.reservation_id]
    grants = {**state.grants, event.grant_id: grant}
    return replace(state, grants=grants, holds=holds, missed={})


def _corrected(state: ClientLedger, event: CreditCorrected) -> ClientLedger:
    back = (event.was is Charge.RELEASED) - (event.becomes is Charge.RELEASED)
    grant = state.grants[event.grant_id].charged(event.was, -event.before)
    grant = grant.charged(event.becomes, event.after)
    grant = grant.counting(event.on, back, event.program_id)
    return replace(state, grants={**state.grants, event.grant_id: grant}, missed={})


client_ledger: Aggregate[ClientLedger, LedgerEvent] = Aggregate(
    "ledger", ClientLedger(), evolve, snapshot_every=200, shape=3
)


def open_ledger(state: ClientLedger, client: ClientId) -> list[LedgerEvent]:
    """Let the client hold grants; once."""
    return [] if state.is_open else [LedgerOpened(client_id=client)]
