"""One session moved, taught by somebody else, put elsewhere or reinstated."""

from datetime import date

from pydantic import AwareDatetime

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    ProgramId,
    ReservationId,
    RoomId,
    SessionId,
    StaffId,
)
from contracts.times import Instant
from contracts.timetable.policies import Value


class NewDeadline(Value):
    """Until when a seat may from now on be given up freely."""

    client_id: ClientId
    reservation_id: ReservationId
    free_until: AwareDatetime


class RescheduleSession(Command):
    """Move the session; everybody keeps their seat."""

    command_type = "booking.reschedule_session"
    session_id: SessionId
    starts_at: Instant
    ends_at: Instant


class SubstituteInstructor(Command):
    """Somebody else gives the class."""

    command_type = "booking.substitute_instructor"
    session_id: SessionId
    instructor_id: StaffId


class UnassignInstructor(Command):
    """Nobody gives the class for now; it stays on the calendar."""

    command_type = "booking.unassign_instructor"
    session_id: SessionId


class AssignRoom(Command):
    """Give the class another room, or none."""

    command_type = "booking.assign_room"
    session_id: SessionId
    room_id: RoomId | None = None


class ReinstateSession(Command):
    """The session takes place after all; nobody has a seat in it yet."""

    command_type = "booking.reinstate_session"
    session_id: SessionId


class RescheduleOutcome(Value):
    """Who has a seat elsewhere at the new time; nobody lost one."""

    overlapping: tuple[ClientId, ...] = ()


class SessionRescheduled(Event):
    """The session moved, and with it until when seats may be given up freely."""

    event_type = "booking.session_rescheduled.v1"
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    previous_starts_at: AwareDatetime
    previous_ends_at: AwareDatetime
    booking_opens_at: AwareDatetime
    booking_closes_at: AwareDatetime
    free_cancel_until: AwareDatetime | None = None
    """Everybody may leave freely until then; ``None`` when it moved too little for that."""
    deadlines: tuple[NewDeadline, ...] = ()
    by_series: bool = False
    policy_version: int = 0
    """0 of moves before it was told."""


class InstructorAssigned(Event):
    """The session has an instructor now."""

    event_type = "booking.instructor_assigned.v1"
    session_id: SessionId
    instructor_id: StaffId
    by_series: bool = False


class InstructorSubstituted(Event):
    """Somebody else gives the class; whoever had a seat may leave freely for a while."""

    event_type = "booking.instructor_substituted.v1"
    session_id: SessionId
    original: StaffId
    substitute: StaffId
    free_cancel_until: AwareDatetime
    deadlines: tuple[NewDeadline, ...] = ()
    by_series: bool = False
    policy_version: int = 0
    """0 of substitutes before it was told."""


class InstructorUnassigned(Event):
    """Nobody gives the class for now; whoever had a seat may leave freely for a while."""

    event_type = "booking.instructor_unassigned.v1"
    session_id: SessionId
    original: StaffId
    """Who gave it."""
    free_cancel_until: AwareDatetime
    deadlines: tuple[NewDeadline, ...] = ()
    policy_version: int


class RoomAssigned(Event):
    """The session has another room, or none."""

    event_type = "booking.room_assigned.v1"
    session_id: SessionId
    room_id: RoomId | None
    previous: RoomId | None
    by_series: bool = False


class SessionReinstated(Event):
    """The session takes place after all; no seat came back."""

    event_type = "booking.session_reinstated.v1"
    session_id: SessionId


class HoldMoved(Event):
    """The client's time is set aside at another time, since the session moved.

    Or at the same, since it is of another program.
    """

    event_type = "booking.hold_moved.v1"
    client_id: ClientId
    reservation_id: ReservationId
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    previous_starts_at: AwareDatetime
    on: date | None = None
    """The session's new local date, which limits count by."""
    program_id: ProgramId | None = None
    """The session's program by now, which limits count by; ``None``: as before."""
    overlaps: tuple[SessionId, ...] = ()
    """Other sessions the client now has a seat in at the same time; for people to sort out."""
