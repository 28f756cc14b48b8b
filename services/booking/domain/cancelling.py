"""Cancelling: what giving up a seat means, taking it back, and staff taking a seat away.

Source: docs/rules.md, Cancelling.
"""

from datetime import datetime

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    Cancellation,
    ReservationCancelled,
    ReservationReinstated,
)
from contracts.ids import ClientId, SessionId
from services.booking.domain import booking_policy, spots
from services.booking.domain.class_session import ClassSession, Reservation, must_be_on
from services.booking.domain.reservations import must_be_for_the_taking, reservation_of


def cancel(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    now: datetime,
    *,
    reason: str = "",
) -> ReservationCancelled:
    """Give up the client's seat, early or late."""
    reservation = _to_be_given_up(state, client)
    closed_at = booking_policy.cancellation_closes_at(state.policy, state.starts_at)
    if now >= closed_at:
        raise Refused(
            BookingCode.CANCELLATION_CLOSED, "It is too late to cancel.", field="session_id",
            closed_at=closed_at.isoformat(),
        )  # fmt: skip
    late = now >= reservation.free_until
    kind = Cancellation.LATE if late else Cancellation.EARLY
    return _cancelled(state, session_id, client, kind, reason)


def must_say_why(reason: str) -> None:
    """Raise ``Refused(REASON_REQUIRED)`` when staff overrides a rule and gives no reason."""
    if not reason.strip():
        raise Refused(
            BookingCode.REASON_REQUIRED, "Say why the rule is overridden.", field="reason"
        )


def remove(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    now: datetime,
    *,
    waive: bool,
    reason: str,
) -> ReservationCancelled:
    """Staff takes the seat back; unless waived it is late when the client's own cancel were."""
    if waive:
        must_say_why(reason)
    reservation = _to_be_given_up(state, client)
    late = now >= reservation.free_until and not waive
    kind = Cancellation.LATE if late else Cancellation.STAFF
    return _cancelled(state, session_id, client, kind, reason, removed=True)


def must_be_undoable(
    state: ClassSession, client: ClientId, now: datetime, *, by_staff: bool
) -> None:
    """Raise ``Refused`` unless the client gave up a seat late that may be theirs again.

    ``FORBIDDEN`` when staff took it back and somebody else asks.
    """
    must_be_on(state)
    late = state.late_cancelled.get(client)
    if late is None:
        raise Refused(
            BookingCode.NOT_CANCELLED, "The client gave up no seat late.", field="client_id"
        )
    if late.removed and not by_staff:
        raise Refused(
            BookingCode.FORBIDDEN, "Only staff gives back a seat that staff took.",
            field="client_id",
        )  # fmt: skip
    if now >= state.starts_at and not by_staff:
        raise Refused(
            BookingCode.BOOKING_CLOSED, "The session has started.", field="session_id",
            closed_at=state.starts_at.isoformat(),
        )  # fmt: skip


def must_have_room_again(state: ClassSession, client: ClientId, now: datetime) -> None:
    """Raise ``Refused`` unless a seat given up late is free and nobody waits for it."""
    is_online = state.late_cancelled[client].online
    free = state.free_online if is_online else state.free_seats
    must_be_for_the_taking(state, free, now)


def undo(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    *,
    reason: str = "",
    overrides: tuple[BookingCode, ...] = (),
) -> ReservationReinstated:
    """Give the client the seat back that they gave up late."""
    late = state.late_cancelled[client]
    # The session may have moved since the seat was given up.
    free_until = max(late.free_until, booking_policy.late_from(state.policy, state.starts_at))
    return ReservationReinstated(
        session_id=session_id, client_id=client, reservation_id=late.reservation_id,
        free_until=free_until, policy_version=state.policy.version,
        seats_taken=len(state.reserved) + 1, capacity=state.capacity,
        spot=spots.assigned(state, late.spot), reason=reason, overrides=overrides,
    )  # fmt: skip


def _to_be_given_up(state: ClassSession, client: ClientId) -> Reservation:
    must_be_on(state)
    reservation = reservation_of(state, client)
    if reservation.checked_in:
        raise Refused(
            BookingCode.ALREADY_CHECKED_IN, "The client is checked in.", field="client_id"
        )
    return reservation


def _cancelled(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    kind: Cancellation,
    reason: str,
    *,
    removed: bool = False,
) -> ReservationCancelled:
    reservation = state.reserved[client]
    return ReservationCancelled(
        session_id=session_id, client_id=client, reservation_id=reservation.reservation_id,
        kind=kind, free_until=reservation.free_until, policy_version=state.policy.version,
        seats_taken=len(state.reserved) - 1, reason=reason, removed=removed,
    )  # fmt: skip
