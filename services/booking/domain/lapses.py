"""Lapses: seats ahead that nothing the client has pays for any more.

Because what paid for them is on hold, has ended, or was made to cover less: other days, places,
programs or hours. By the session's policy they stay and are flagged, or are given up early and for
nothing. A payment past due lapses nothing: it is often made before the class. Source:
docs/rules.md, Ledger.
"""

from collections.abc import Sequence
from datetime import datetime

from contracts.booking import (
    BookingCode,
    Cancellation,
    GrantKind,
    LapsedSeats,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from services.booking.domain.class_session import ClassSession, Stage

REASONS = {
    BookingCode.ON_HOLD: "entitlement_on_hold",
    BookingCode.NO_ENTITLEMENT: "entitlement_ended",
}
"""What lapsed it -> why the seat was given up."""


def is_ahead(
    state: ClassSession, client: ClientId, reservation: ReservationId, now: datetime
) -> bool:
    """Whether the client has that seat and is still to come."""
    seat = state.reserved.get(client)
    if seat is None or seat.reservation_id != reservation or seat.checked_in:
        return False
    return state.stage is Stage.SCHEDULED and now < state.starts_at


def lapse(
    state: ClassSession, session_id: SessionId, client: ClientId, because: BookingCode
) -> Sequence[ReservationFlagged | ReservationCancelled]:
    """Flag the seat, or give it up, as the policy says; nothing when it is flagged so already."""
    seat = state.reserved[client]
    if state.policy.lapsed_seats is LapsedSeats.CANCEL:
        return [
            ReservationCancelled(
                session_id=session_id, client_id=client, reservation_id=seat.reservation_id,
                kind=Cancellation.EARLY, free_until=seat.free_until,
                policy_version=state.policy.version, seats_taken=len(state.reserved) - 1,
                reason=REASONS[because],
            )
        ]  # fmt: skip
    return flag(state, session_id, client, because)


def flag(
    state: ClassSession, session_id: SessionId, client: ClientId, because: BookingCode
) -> list[ReservationFlagged]:
    """Note that nothing pays for the seat; nothing when that is noted already."""
    seat = state.reserved[client]
    if seat.flag is because:
        return []
    return [
        ReservationFlagged(
            session_id=session_id, client_id=client, reservation_id=seat.reservation_id,
            reason=because, policy_version=state.policy.version,
        )
    ]  # fmt: skip


def cover(
    state: ClassSession, session_id: SessionId, client: ClientId, grant_id: GrantId, kind: GrantKind
) -> list[ReservationCovered]:
    """The grant pays for the seat from now on; any flag comes off."""
    return [
        ReservationCovered(
            session_id=session_id, client_id=client, grant_id=grant_id, grant_kind=kind,
            reservation_id=state.reserved[client].reservation_id,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip
