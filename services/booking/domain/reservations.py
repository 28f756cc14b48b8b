"""Reservations: who may take a seat of a session, and what giving it up means.

The checks come in the order of domain rules 3.1 (B1 is the permission matrix; B3, B8 and B12 have
no facts yet); those on the client's own ledger stand between ``must_be_bookable`` and
``must_have_a_seat``. Staff may book outside the window (B5); every other rule binds them too.
"""

from datetime import datetime

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    Cancellation,
    GrantKind,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    WaitlistLeft,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from services.booking.domain import booking_policy
from services.booking.domain.class_session import (
    ClassSession,
    Reservation,
    SessionEvent,
    must_be_on,
)


def must_be_bookable(
    state: ClassSession, client: ClientId, now: datetime, *, by_staff: bool
) -> None:
    """Raise ``Refused`` unless the client may now ask for a seat or a place in line (B2-B6)."""
    must_be_on(state)
    _must_be_new(state, client, now)
    if now < state.opens_at and not by_staff:
        raise Refused(
            BookingCode.WINDOW_NOT_OPEN, "Booking is not open yet.", field="session_id",
            opens_at=state.opens_at.isoformat(),
        )  # fmt: skip
    if now >= state.closes_at:
        raise Refused(
            BookingCode.BOOKING_CLOSED, "Booking has closed.", field="session_id",
            closed_at=state.closes_at.isoformat(),
        )  # fmt: skip


def _must_be_new(state: ClassSession, client: ClientId, now: datetime) -> None:
    """B4. Once seats are there to be claimed, a waiting client may claim a free one."""
    if client in state.reserved:
        raise Refused(
            BookingCode.ALREADY_BOOKED, "The client has a seat.", field="client_id",
            reservation_id=str(state.reserved[client].reservation_id),
        )  # fmt: skip
    if client in state.waiting and (state.promotes(now) or state.free_seats <= 0):
        raise Refused(
            BookingCode.ALREADY_WAITLISTED, "The client is in line.", field="client_id",
            waitlist_position=list(state.waiting).index(client) + 1,
        )  # fmt: skip
    if client in state.late_cancelled:
        raise Refused(
            BookingCode.LATE_CANCELLED, "The client gave up a seat late.", field="client_id",
            free_until=state.late_cancelled[client].free_until.isoformat(),
        )  # fmt: skip


def must_have_a_seat(state: ClassSession, now: datetime) -> None:
    """Raise ``Refused`` unless there is a seat and nobody in line has a right to it (B10, B11)."""
    if state.free_seats <= 0:
        raise Refused(
            BookingCode.SESSION_FULL, "The session is full.", field="session_id",
            capacity=state.capacity, seats_taken=len(state.reserved), waiting=len(state.waiting),
        )  # fmt: skip
    if state.promotes(now) and any(one not in state.skipped for one in state.waiting):
        raise Refused(
            BookingCode.WAITLIST_HAS_PRIORITY, "The free seat belongs to the waitlist.",
            field="session_id", waiting=len(state.waiting),
        )  # fmt: skip


def reserve(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    *,
    reservation_id: ReservationId,
    source: ReservationSource,
    grant_id: GrantId,
    grant_kind: GrantKind,
    now: datetime,
) -> list[SessionEvent]:
    """Give the client the seat; whoever stood in line claims it."""
    events: list[SessionEvent] = []
    if client in state.waiting:
        source = ReservationSource.CLAIMED
        events.append(WaitlistLeft(session_id=session_id, client_id=client, reason="claimed"))
    events.append(
        ReservationMade(
            session_id=session_id, client_id=client, reservation_id=reservation_id,
            source=source, grant_id=grant_id, grant_kind=grant_kind,
            free_until=booking_policy.free_until(state.policy, state.starts_at, now),
            policy_version=state.policy.version,
            seats_taken=len(state.reserved) + 1, capacity=state.capacity,
        )
    )  # fmt: skip
    return events


def cancel(
    state: ClassSession, session_id: SessionId, client: ClientId, now: datetime
) -> ReservationCancelled:
    """Give up the client's seat, early or late."""
    must_be_on(state)
    reservation = reservation_of(state, client)
    if reservation.checked_in:
        raise Refused(
            BookingCode.ALREADY_CHECKED_IN, "The client is checked in.", field="client_id"
        )
    closed_at = booking_policy.cancellation_closes_at(state.policy, state.starts_at)
    if now >= closed_at:
        raise Refused(
            BookingCode.CANCELLATION_CLOSED, "It is too late to cancel.", field="session_id",
            closed_at=closed_at.isoformat(),
        )  # fmt: skip
    late = now >= reservation.free_until
    return ReservationCancelled(
        session_id=session_id, client_id=client, reservation_id=reservation.reservation_id,
        kind=Cancellation.LATE if late else Cancellation.EARLY,
        free_until=reservation.free_until, policy_version=state.policy.version,
        seats_taken=len(state.reserved) - 1,
    )  # fmt: skip


def reservation_of(state: ClassSession, client: ClientId) -> Reservation:
    """The client's seat. Raises ``Refused(NOT_BOOKED)``, or ``LATE_CANCELLED`` if they had one."""
    if client in state.late_cancelled:
        raise Refused(
            BookingCode.LATE_CANCELLED, "The client gave up the seat late.", field="client_id",
            free_until=state.late_cancelled[client].free_until.isoformat(),
        )  # fmt: skip
    if client not in state.reserved:
        raise Refused(BookingCode.NOT_BOOKED, "The client has no seat.", field="client_id")
    return state.reserved[client]
