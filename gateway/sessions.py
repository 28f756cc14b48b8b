"""ClassSession in GraphQL, as the calendar, the roster and bookings show it."""

from datetime import datetime
from enum import Enum

import strawberry

from gateway import ids
from services.projections import bookings, calendar
from services.projections.sessions import Session


@strawberry.enum(
    description="How far a session has come. COMPLETED: it is over and its books are not closed. "
    "The clock alone decides that when it is read, so screens hear of it with the next change, or "
    "half a minute later."
)
class SessionStatus(Enum):
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FINALIZED = "finalized"
    UNRECORDED = "unrecorded"


@strawberry.enum(description="What a member has in a session.")
class OwnPlaceStatus(Enum):
    RESERVED = "reserved"
    CHECKED_IN = "checked_in"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED_LATE = "cancelled_late"
    EXCUSED = "excused"
    WAITING = "waiting"
    OFFERED = "offered"


@strawberry.type(description="A member's own seat, or place in line.")
class OwnPlace:
    status: OwnPlaceStatus
    reservation_id: strawberry.ID | None
    free_until: datetime | None = strawberry.field(description="Cancelling at or after it is late.")
    spot: str | None
    place: int | None = strawberry.field(description="In line, from 1.")
    offered_until: datetime | None = strawberry.field(
        description="A seat is held for them until then."
    )


@strawberry.type(description="One class on the calendar. Counts are people.")
class ClassSession:
    id: strawberry.ID
    version: int
    title: str
    location_id: strawberry.ID
    location_name: str | None
    room_id: strawberry.ID | None
    room_name: str | None
    instructor_id: strawberry.ID | None
    instructor_name: str | None
    starts_at: datetime
    ends_at: datetime
    time_zone: str = strawberry.field(description="IANA zone of the location.")
    booking_opens_at: datetime
    booking_closes_at: datetime
    capacity: int
    reserved: int = strawberry.field(description="Seats taken, those checked in included.")
    waiting: int
    checked_in: int
    status: SessionStatus
    cancel_reason: str | None
    program_id: strawberry.ID | None = strawberry.field(
        default=None, description="This and what follows: on the calendar only, null elsewhere."
    )
    program_name: str | None = None
    class_type_id: strawberry.ID | None = None
    class_type_name: str | None = None
    schedule_id: strawberry.ID | None = strawberry.field(
        default=None, description="The series it is an occurrence of."
    )
    original_instructor_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who was to give the class, when somebody else does."
    )
    original_instructor_name: str | None = None
    free_cancel_until: datetime | None = strawberry.field(
        default=None,
        description="After a change: whoever had a seat may leave freely until then.",
    )
    online_capacity: int | None = strawberry.field(
        default=None, description="Most seats members may take themselves; null: all."
    )
    spots: list[str] | None = strawberry.field(
        default=None, description="The spot map; empty without one."
    )
    waiver_required: bool | None = strawberry.field(
        default=None, description="Whether members must have signed the waiver."
    )
    my_place: OwnPlace | None = strawberry.field(
        default=None, description="In `session` only: what the member who asks has in it."
    )


STATUSES = {status.value: status for status in SessionStatus}


def _status(row: Session, now: datetime) -> SessionStatus:
    """No event tells that a session is over, so none is waited for: its end has passed."""
    found = STATUSES[row.status]
    is_over = found is SessionStatus.SCHEDULED and row.ends_at <= now
    return SessionStatus.COMPLETED if is_over else found


def shown(row: Session, now: datetime) -> ClassSession:
    """The row as clients see it at ``now``."""
    return ClassSession(
        id=ids.shown("ses", row.session_id),
        version=row.version,
        title=row.title,
        location_id=ids.shown("loc", row.location_id),
        location_name=row.location_name,
        room_id=ids.shown_or_null("room", row.room_id),
        room_name=row.room_name,
        instructor_id=ids.shown_or_null("stf", row.instructor_id),
        instructor_name=row.instructor_name,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        time_zone=row.time_zone,
        booking_opens_at=row.booking_opens_at,
        booking_closes_at=row.booking_closes_at,
        capacity=row.capacity,
        reserved=row.reserved,
        waiting=row.waiting,
        checked_in=row.checked_in,
        status=_status(row, now),
        cancel_reason=row.cancel_reason,
        program_id=ids.shown_or_null("prg", row.program_id),
        program_name=row.program_name,
        class_type_id=ids.shown_or_null("cty", row.class_type_id),
        class_type_name=row.class_type_name,
        schedule_id=ids.shown_or_null("sch", row.schedule_id),
        original_instructor_id=ids.shown_or_null("stf", row.original_instructor_id),
        original_instructor_name=row.original_instructor_name,
        free_cancel_until=row.free_cancel_until,
    )


def planned(row: calendar.Planned, now: datetime) -> ClassSession:
    """The row of the calendar as clients see it at ``now``."""
    session = shown(row, now)
    session.online_capacity = row.online_capacity
    session.spots = list(row.spots)
    session.waiver_required = row.waiver_required
    return session


def own_place(row: bookings.OwnPlace) -> OwnPlace:
    """The row as the member sees it."""
    return OwnPlace(
        status=OwnPlaceStatus(row.status),
        reservation_id=ids.shown_or_null("rsv", row.reservation_id),
        free_until=row.free_until,
        spot=row.spot,
        place=row.place,
        offered_until=row.offered_until,
    )
