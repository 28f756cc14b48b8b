"""How a reservation stands after an event: the words of the roster and of "my bookings"."""

from typing import TypeAlias

from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    Cancellation,
    CheckedIn,
    CheckInUndone,
    MarkedNoShow,
    ReservationCancelled,
    ReservationReinstated,
)

CANCELLED = {
    Cancellation.EARLY: "cancelled_early",
    Cancellation.LATE: "cancelled_late",
    Cancellation.SESSION: "session_cancelled",
    Cancellation.STAFF: "cancelled_early",
}
CORRECTED = {
    Attendance.ATTENDED: "attended",
    Attendance.NO_SHOW: "no_show",
    Attendance.LATE_CANCELLED: "cancelled_late",
    Attendance.EXCUSED: "excused",
}

Turn: TypeAlias = (
    ReservationReinstated
    | ReservationCancelled
    | CheckedIn
    | CheckInUndone
    | MarkedNoShow
    | AttendanceCorrected
)


def after(event: Turn) -> str:
    """The status the event leaves the reservation in."""
    match event:
        case ReservationReinstated() | CheckInUndone():
            return "reserved"
        case ReservationCancelled():
            return CANCELLED[event.kind]
        case AttendanceCorrected():
            return CORRECTED[event.becomes]
        case CheckedIn():
            return "checked_in"
        case MarkedNoShow():
            return "no_show"
