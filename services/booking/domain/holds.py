"""Holds: what a reservation sets aside on its client's ledger, and what becomes of it."""

from collections.abc import Mapping
from datetime import datetime

from contracts.booking import (
    BookingCode,
    Charge,
    CreditCorrected,
    CreditHeld,
    CreditReleased,
    CreditsExpired,
    GrantKind,
    LineJoined,
    PromotionMissed,
    TimeReleased,
    TimeTaken,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from contracts.timetable import HoldMoved
from services.booking.domain import entitlement
from services.booking.domain.client_ledger import ClientLedger, LedgerEvent, Settled
from services.booking.domain.corrections import Settlement
from services.booking.domain.entitlement import Occasion
from services.booking.domain.hold import Hold


def hold(
    state: ClientLedger,
    client: ClientId,
    reservation: ReservationId,
    *,
    grant_id: GrantId,
    session_id: SessionId,
    occasion: Occasion,
) -> list[LedgerEvent]:
    """Set aside what the reservation needs."""
    busy = entitlement.overlapping(state, occasion)
    return [
        CreditHeld(
            client_id=client, grant_id=grant_id, reservation_id=reservation,
            session_id=session_id, starts_at=occasion.starts_at, ends_at=occasion.ends_at,
            credits=int(state.grants[grant_id].kind is GrantKind.PACK), on=occasion.on,
            program_id=occasion.program_id, overlaps=tuple(one.session_id for one in busy),
        )
    ]  # fmt: skip


def settle(
    state: ClientLedger, client: ClientId, reservation: ReservationId, as_what: type[Settled]
) -> list[LedgerEvent]:
    """Give back, spend or forfeit what the reservation has set aside; once.

    A credit that comes back to a pack whose last day is over expires there.
    """
    held = state.holds.get(reservation)
    if held is None:
        return []
    events: list[LedgerEvent] = [
        as_what(
            client_id=client, grant_id=held.grant_id, reservation_id=reservation,
            credits=held.credits,
        )
    ]  # fmt: skip
    if as_what is CreditReleased and held.credits and state.grants[held.grant_id].is_over:
        events.append(
            CreditsExpired(client_id=client, grant_id=held.grant_id, credits=held.credits)
        )
    return events


def correct(
    state: ClientLedger, client: ClientId, done: Settlement, charge: Charge
) -> tuple[int, list[LedgerEvent]]:
    """Charge a settled reservation as the corrected books say. Answers the credits it costs now.

    A credit that is to be taken again is taken only if there still is one.
    """
    if done.charge is charge:
        return done.credits, []
    grant, after = state.grants[done.grant_id], 0
    if charge is not Charge.RELEASED and grant.kind is GrantKind.PACK:
        after = 1 if done.credits or grant.available > 0 else 0
    events: list[LedgerEvent] = [
        CreditCorrected(
            client_id=client, grant_id=done.grant_id, reservation_id=done.reservation_id,
            was=done.charge, becomes=charge, before=done.credits, after=after, on=done.on,
            program_id=done.program_id,
        )
    ]  # fmt: skip
    if done.credits > after and grant.is_over:
        back = done.credits - after
        events.append(CreditsExpired(client_id=client, grant_id=done.grant_id, credits=back))
    return after, events


def move(
    holds: Mapping[ReservationId, Hold],
    client: ClientId,
    reservation: ReservationId,
    occasion: Occasion,
) -> list[LedgerEvent]:
    """Set the time aside that the session has moved to; what it overlaps with is told, not lost.

    Limits count it by that day, and by the program it is of by now.
    """
    held = holds.get(reservation)
    if held is None:
        return []
    overlaps = tuple(
        one.session_id
        for key, one in holds.items()
        if key != reservation
        and held.is_busy and one.is_busy_in(occasion.starts_at, occasion.ends_at)
    )  # fmt: skip
    return [
        HoldMoved(
            client_id=client, reservation_id=reservation, session_id=held.session_id,
            starts_at=occasion.starts_at, ends_at=occasion.ends_at,
            previous_starts_at=held.starts_at, on=occasion.on, program_id=occasion.program_id,
            overlaps=overlaps,
        )
    ]  # fmt: skip


def free_time(client: ClientId, reservation: ReservationId) -> list[LedgerEvent]:
    """Let the client be elsewhere after a late cancel; the credit stays held."""
    return [TimeReleased(client_id=client, reservation_id=reservation)]


def take_time(client: ClientId, reservation: ReservationId) -> list[LedgerEvent]:
    """Take the client's time again: the late cancel was undone."""
    return [TimeTaken(client_id=client, reservation_id=reservation)]


def stand(
    state: ClientLedger, client: ClientId, session_id: SessionId, starts_at: datetime, now: datetime
) -> list[LedgerEvent]:
    """Note that the client stands in a line, so that it is asked when a grant ends.

    Once, and again when the session was put off: a line is forgotten long after its start.
    """
    known = state.lines.get(session_id)
    if known is not None and starts_at <= known:
        return []
    return [
        LineJoined(
            client_id=client, session_id=session_id, starts_at=starts_at, joined_at=now
        )
    ]  # fmt: skip


def miss(
    state: ClientLedger, client: ClientId, session_id: SessionId, reason: BookingCode
) -> list[LedgerEvent]:
    """Note that a session passed the client over, so that it is asked again when they gain."""
    if state.missed.get(session_id) == reason:
        return []
    return [PromotionMissed(client_id=client, session_id=session_id, reason=reason)]
