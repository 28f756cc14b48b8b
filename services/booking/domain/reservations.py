"""Reservations: who may take a seat of a session.

The checks come in the order of docs/rules.md, Booking (B1 is the permission matrix); those on the
client's own ledger (B3, B7 to B9) are in ``bans_and_waivers`` and ``entitlement``. Staff give seats
clients may not take themselves (B10); what else they may set aside, saying so, is in ``overrides``.
"""

from datetime import datetime, timedelta

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    GrantKind,
    ReservationMade,
    ReservationSource,
    WaitlistLeft,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from services.booking.domain import booking_policy, spots
from services.booking.domain.class_session import ClassSession, Reservation, SessionEvent
from services.booking.domain.entitlement import AT_ONCE

OFFLINE = frozenset({ReservationSource.STAFF, ReservationSource.WALK_IN})
"""Seats staff gave: they do not count towards the online capacity, unless held by an offer."""


def must_be_new(state: ClassSession, client: ClientId, now: datetime) -> None:
    """Raise ``Refused`` when the client has, had or waits for a seat (B4).

    A client in line may take the seat that is offered to them, or a free one once seats are there
    to be claimed.
    """
    if client in state.reserved:
        raise Refused(
            BookingCode.ALREADY_BOOKED, "The client has a seat.", field="client_id",
            reservation_id=str(state.reserved[client].reservation_id),
        )  # fmt: skip
    if client in state.waiting and not may_claim(state, client, now):
        raise Refused(
            BookingCode.ALREADY_WAITLISTED, "The client is in line.", field="client_id",
            waitlist_position=list(state.waiting).index(client) + 1,
        )  # fmt: skip
    if client in state.late_cancelled:
        raise Refused(
            BookingCode.LATE_CANCELLED, "The client gave up a seat late.", field="client_id",
            free_until=state.late_cancelled[client].free_until.isoformat(),
        )  # fmt: skip


def may_claim(state: ClassSession, client: ClientId, now: datetime) -> bool:
    """Whether a client in line may take a seat by themselves."""
    if client in state.offers:
        return now < state.offers[client]
    return not state.serves(now) and state.free_online > 0


def must_be_in_window(
    state: ClassSession, now: datetime, *, by_staff: bool = False, head_start: timedelta = AT_ONCE
) -> None:
    """Raise ``Refused`` outside the booking window (B5, B6)."""
    opens_at = state.opens_at - head_start
    if now < opens_at and not by_staff:
        raise Refused(
            BookingCode.WINDOW_NOT_OPEN, "Booking is not open yet.", field="session_id",
            opens_at=opens_at.isoformat(),
        )  # fmt: skip
    if now >= state.closes_at:
        raise Refused(
            BookingCode.BOOKING_CLOSED, "Booking has closed.", field="session_id",
            closed_at=state.closes_at.isoformat(),
        )  # fmt: skip


def must_have_room(
    state: ClassSession, client: ClientId, now: datetime, *, by_staff: bool = False
) -> None:
    """Raise ``Refused`` unless there is a seat and nobody in line has a right to it (B10, B11)."""
    if client in state.offers:
        return
    must_be_for_the_taking(state, state.free_seats if by_staff else state.free_online, now)


def must_be_for_the_taking(state: ClassSession, free: int, now: datetime) -> None:
    """Raise ``Refused`` unless one of these ``free`` seats is nobody's in line (B10, B11)."""
    if free <= 0:
        raise _full(state)
    of_the_line = free <= max(state.free_online, 0)
    if of_the_line and state.owes(now):
        raise Refused(
            BookingCode.WAITLIST_HAS_PRIORITY, "The free seat belongs to the waitlist.",
            field="session_id", waiting=len(state.waiting),
        )  # fmt: skip


def must_have_room_out_of_turn(state: ClassSession, client: ClientId, *, overbook: bool) -> None:
    """Raise ``Refused(SESSION_FULL)`` unless there is a seat for staff to give, or to invent.

    The line has no say.
    """
    if client not in state.offers and state.free_seats <= 0 and not overbook:
        raise _full(state)


def _full(state: ClassSession) -> Refused:
    return Refused(
        BookingCode.SESSION_FULL, "The session is full.", field="session_id",
        capacity=state.capacity, seats_taken=len(state.reserved) + len(state.offers),
        waiting=len(state.waiting), online_capacity=state.online_capacity,
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
    spot: str | None = None,
    reason: str = "",
    overrides: tuple[BookingCode, ...] = (),
) -> list[SessionEvent]:
    """Give the client the seat; whoever stood in line claims it."""
    events: list[SessionEvent] = []
    if client in state.waiting:
        if source not in OFFLINE:
            source = ReservationSource.CLAIMED
        events.append(
            WaitlistLeft(
                session_id=session_id, client_id=client, reason="claimed",
                policy_version=state.policy.version,
            )
        )  # fmt: skip
    taken = len(state.reserved) + 1
    there = client in state.offers or taken + len(state.offers) <= state.capacity
    events.append(
        ReservationMade(
            session_id=session_id, client_id=client, reservation_id=reservation_id,
            source=source, grant_id=grant_id, grant_kind=grant_kind,
            free_until=booking_policy.free_until(state.policy, state.starts_at, now),
            policy_version=state.policy.version, seats_taken=taken, capacity=state.capacity,
            online=source not in OFFLINE or client in state.offers,
            spot=spots.assigned(state, spot), overbooked=not there, reason=reason,
            overrides=overrides,
        )
    )  # fmt: skip
    return events


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
