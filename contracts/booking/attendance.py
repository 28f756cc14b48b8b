"""Attendance: check-in, walk-ins, closing the books and putting them right."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from contracts.booking.codes import BookingCode
from contracts.booking.penalties import Charge
from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    GrantId,
    LocationId,
    ReservationId,
    SessionId,
)


class CheckInSource(StrEnum):
    """Where a check-in came from."""

    STAFF = "staff"
    KIOSK = "kiosk"
    QR = "qr"
    DOOR = "door"
    SELF = "self"


class Attendance(StrEnum):
    """What the books say of a reservation once they are closed."""

    ATTENDED = "attended"
    NO_SHOW = "no_show"
    LATE_CANCELLED = "late_cancelled"
    EXCUSED = "excused"
    """Neither there nor missed: the credit goes back, no fee is due."""


class CheckIn(Command):
    """The client is here."""

    command_type = "booking.check_in"
    session_id: SessionId
    client_id: ClientId
    source: CheckInSource | None = None
    """``None``: staff, or the client themselves, by who asks."""
    overrides: tuple[BookingCode, ...] = Field(default=(), max_length=20)
    """The desk: the rules of check-in set aside, by the codes they would refuse with."""
    reason: str = Field(default="", max_length=200)
    """Why; not empty when a rule is set aside."""


class CheckInAtDoor(Command):
    """A door opened for the client; if they have a seat about now, they are here."""

    command_type = "booking.check_in_at_door"
    client_id: ClientId
    location_id: LocationId
    """Of the door."""
    session_id: SessionId | None = None
    """Whose grant let them in; ``None``: a grant that is of no class."""


class PutBooksRight(Command):
    """A door let the client in for a session whose books are closed: they were there."""

    command_type = "booking.put_books_right"
    session_id: SessionId
    client_id: ClientId


class UndoCheckIn(Command):
    """The check-in was a mistake."""

    command_type = "booking.undo_check_in"
    session_id: SessionId
    client_id: ClientId


class FinalizeAttendance(Command):
    """Close the books: who was checked in attended, who was not is a no-show."""

    command_type = "booking.finalize_attendance"
    session_id: SessionId


class AddWalkIn(Command):
    """A client without a seat is here: reserve one and check them in."""

    command_type = "booking.add_walk_in"
    session_id: SessionId
    client_id: ClientId
    grant_id: GrantId | None = None
    spot: str | None = Field(default=None, max_length=20)
    overbook: bool = False
    overrides: tuple[BookingCode, ...] = Field(default=(), max_length=20)
    """The rules set aside for this seat, by the codes they would refuse with."""
    reason: str = Field(default="", max_length=200)


class CorrectAttendance(Command):
    """The closed books were wrong about a client."""

    command_type = "booking.correct_attendance"
    session_id: SessionId
    client_id: ClientId
    becomes: Attendance
    """Any of them; late cancelled only who gave up the seat late."""
    reason: str = Field(min_length=1, max_length=200)


class CloseAttendance(Command):
    """The time to correct attendance is over: finalize it if anybody recorded it."""

    command_type = "booking.close_attendance"
    session_id: SessionId


class ReleaseUnrecorded(Command):
    """Nobody recorded the attendance for so long that nobody will: let go of what is held."""

    command_type = "booking.release_unrecorded"
    session_id: SessionId


class AttendanceUnrecorded(Event):
    """The books should be closed and nobody said who came: somebody at the gym has to.

    Nobody is penalized. Unless the attendance is recorded by then, everybody is excused.
    """

    event_type = "booking.attendance_unrecorded.v1"
    session_id: SessionId
    seats: int
    """Reservations that wait for it, late cancels among them."""
    excused_at: AwareDatetime
    policy_version: int


class CheckedIn(Event):
    """The client was there."""

    event_type = "booking.checked_in.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    source: CheckInSource = CheckInSource.STAFF
    policy_version: int = 0
    """0 of check-ins before it was told."""
    reason: str = ""
    """Of staff, for an override."""
    overrides: tuple[BookingCode, ...] = ()
    """Rules that stood in the way and that staff set aside."""
    let_in_at: AwareDatetime | None = None
    """When a door opened for them; ``None``: no door told of it."""


class CheckInUndone(Event):
    """The check-in was a mistake."""

    event_type = "booking.check_in_undone.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    policy_version: int = 0
    """0 of those undone before it was told."""


class MarkedNoShow(Event):
    """The client held a seat and did not come."""

    event_type = "booking.marked_no_show.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    policy_version: int


class SeatsCounted(Event):
    """The session started: what is empty now could not be filled any more."""

    event_type = "booking.seats_counted.v1"
    session_id: SessionId
    empty_seats: int
    policy_version: int = 0
    """0 of seats that were counted before it was told."""


class AttendanceFinalized(Event):
    """The books of the session are closed."""

    event_type = "booking.attendance_finalized.v1"
    session_id: SessionId
    attended: int
    no_shows: int
    late_cancels: int
    refilled: tuple[ClientId, ...] = ()
    """Whose late cancel costs nothing: somebody else had the seat."""
    excused: tuple[ReservationId, ...] = ()
    """Everybody, when nobody recorded the attendance: their credits are back."""
    excused_clients: tuple[ClientId, ...] = ()
    """Whose they are, in the same order; empty before it was told."""
    policy_version: int = 0
    """0 of books that were closed before it was told."""


class AttendanceCorrected(Event):
    """The closed books were wrong about a client, and are right now."""

    event_type = "booking.attendance_corrected.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    was: Attendance
    becomes: Attendance
    credits: int
    """Credits the reservation costs from now on."""
    charge: Charge | None = None
    """What becomes of them; ``None`` what ``becomes`` costs as a rule."""
    reason: str
    policy_version: int
