"""Bans and waivers: who may not book, and who has yet to sign (B3).

A client may be banned twice over, by somebody at the gym and by the rules: the later end counts.
Source: docs/rules.md, Booking.
"""

from datetime import datetime

from chassis.decider import Refused
from contracts.booking import (
    BanCause,
    BanEnd,
    BookingBanImposed,
    BookingBanLifted,
    BookingCode,
    StandingBan,
    WaiverRecorded,
)
from contracts.ids import ClientId
from services.booking.domain.client_ledger import Ban, ClientLedger, LedgerEvent
from services.booking.domain.grant import FOREVER, utc


def longest_ban(state: ClientLedger) -> Ban | None:
    """Somebody's ban or the rules' beside it, whichever is the later to end."""
    bans = [ban for ban in (state.ban, state.rules_ban) if ban is not None]
    return max(bans, key=lambda ban: ban.until or FOREVER, default=None)


def _is_on(ban: Ban, now: datetime) -> bool:
    return ban.until is None or now < ban.until


def must_not_be_banned(state: ClientLedger, now: datetime) -> None:
    """Raise ``Refused(BOOKING_BANNED)`` while the client may not book."""
    ban = longest_ban(state)
    if ban is not None and _is_on(ban, now):
        raise Refused(
            BookingCode.BOOKING_BANNED, "The client may not book.", field="client_id",
            until=ban.until.isoformat() if ban.until else None, reason=ban.reason,
        )  # fmt: skip


def is_erased(state: ClientLedger) -> bool:
    """Whether there is nobody left to book for, or to charge."""
    return state.ban is not None and state.ban.erased


def must_not_be_erased(state: ClientLedger) -> None:
    """Raise ``Refused(BOOKING_BANNED)`` when the client was erased, which nobody overrides."""
    if is_erased(state):
        raise Refused(BookingCode.BOOKING_BANNED, "The client was erased.", field="client_id")


def must_have_signed(state: ClientLedger) -> None:
    """Raise ``Refused(WAIVER_REQUIRED)`` unless the client accepted the waiver."""
    if not state.waivers:
        raise Refused(
            BookingCode.WAIVER_REQUIRED, "The waiver is not signed yet.", field="client_id"
        )


def sign_waiver(state: ClientLedger, client: ClientId, document: str) -> list[LedgerEvent]:
    """The client accepts the text; once each."""
    if document in state.waivers:
        return []
    return [WaiverRecorded(client_id=client, document=document)]


def impose_ban(
    state: ClientLedger,
    client: ClientId,
    until: datetime | None,
    reason: str,
    now: datetime,
    *,
    cause: BanCause | None = None,
) -> list[LedgerEvent]:
    """Keep the client from booking. A ban never shortens the one that is on.

    One that somebody imposes is kept beside a longer one of the rules: it shuts the doors too, and
    it stays when the rules lift theirs.
    """
    until = utc(until)
    if until is not None and until <= now:
        return []
    on = state.ban if cause is None else longest_ban(state)
    if on is not None and (on.until is None or (until is not None and until <= on.until)):
        return []
    return [BookingBanImposed(client_id=client, until=until, reason=reason, cause=cause)]


def bar_erased(state: ClientLedger, client: ClientId) -> list[LedgerEvent]:
    """Keep a client who was erased from booking for good, whatever ban was on; once."""
    if is_erased(state):
        return []
    return [BookingBanImposed(client_id=client, until=None, reason="erased", erased=True)]


def lift_ban(
    state: ClientLedger,
    client: ClientId,
    reason: str,
    now: datetime,
    *,
    kind: BanEnd = BanEnd.STAFF,
) -> list[LedgerEvent]:
    """Let the client book again. Raises ``Refused(BOOKING_BANNED)`` when they were erased."""
    must_not_be_erased(state)
    if longest_ban(state) is None:
        return []
    return [
        BookingBanLifted(
            client_id=client, reason=reason, policy_version=_judged_by(state), kind=kind,
            lifted_at=now,
        )
    ]  # fmt: skip


def lift_by_rules(
    state: ClientLedger, client: ClientId, reason: str, now: datetime
) -> list[LedgerEvent]:
    """Lift the ban the rules imposed. One that somebody imposed goes on until its own end."""
    if state.rules_ban is None or is_erased(state):
        return []
    ban, remaining = state.ban, None
    if ban is not None and _is_on(ban, now):
        remaining = StandingBan(until=ban.until, because=ban.reason)
    return [
        BookingBanLifted(
            client_id=client, reason=reason, remaining=remaining, policy_version=_judged_by(state),
            kind=BanEnd.FELL, lifted_at=now,
        )
    ]  # fmt: skip


def _judged_by(state: ClientLedger) -> int:
    """The version of the policy that imposed the rules' ban; 0 without one."""
    cause = state.rules_ban.cause if state.rules_ban else None
    return cause.policy_version if cause else 0


def end_ban(state: ClientLedger, client: ClientId, now: datetime) -> list[LedgerEvent]:
    """Lift a ban whose time is over, when no longer one is beside it."""
    ban = longest_ban(state)
    if ban is None or _is_on(ban, now):
        return []
    return lift_ban(state, client, "served", now, kind=BanEnd.SERVED)
