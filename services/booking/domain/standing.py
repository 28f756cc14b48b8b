"""Standing: who may not book, and who has yet to sign the waiver (B3).

Source: docs/rules.md, Booking.
"""

from datetime import datetime

from chassis.decider import Refused
from contracts.booking import (
    BanCause,
    BookingBanImposed,
    BookingBanLifted,
    BookingCode,
    WaiverRecorded,
)
from contracts.ids import ClientId
from services.booking.domain.client_ledger import ClientLedger, LedgerEvent
from services.booking.domain.grant import utc


def must_be_welcome(state: ClientLedger, now: datetime) -> None:
    """Raise ``Refused(BOOKING_BANNED)`` while the client may not book."""
    ban = state.ban
    if ban is not None and (ban.until is None or now < ban.until):
        raise Refused(
            BookingCode.BOOKING_BANNED, "The client may not book.", field="client_id",
            until=ban.until.isoformat() if ban.until else None, reason=ban.reason,
        )  # fmt: skip


def must_not_be_erased(state: ClientLedger) -> None:
    """Raise ``Refused(BOOKING_BANNED)`` when the client was erased, which nobody overrides."""
    if state.ban is not None and state.ban.erased:
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
    """Keep the client from booking. A ban never shortens the one that is on."""
    until = utc(until)
    if until is not None and until <= now:
        return []
    on = state.ban
    if on is not None and (on.until is None or (until is not None and until <= on.until)):
        return []
    return [BookingBanImposed(client_id=client, until=until, reason=reason, cause=cause)]


def bar_erased(state: ClientLedger, client: ClientId) -> list[LedgerEvent]:
    """Keep a client who was erased from booking for good, whatever ban was on; once."""
    if state.ban is not None and state.ban.erased:
        return []
    return [BookingBanImposed(client_id=client, until=None, reason="erased", erased=True)]


def lift_ban(state: ClientLedger, client: ClientId, reason: str) -> list[LedgerEvent]:
    """Let the client book again. Raises ``Refused(BOOKING_BANNED)`` when they were erased."""
    if state.ban is not None and state.ban.erased:
        raise Refused(BookingCode.BOOKING_BANNED, "The client was erased.", field="client_id")
    return [] if state.ban is None else [BookingBanLifted(client_id=client, reason=reason)]


def end_ban(state: ClientLedger, client: ClientId, now: datetime) -> list[LedgerEvent]:
    """Lift a ban whose time is over."""
    ban = state.ban
    if ban is None or ban.until is None or now < ban.until:
        return []
    return lift_ban(state, client, "served")
