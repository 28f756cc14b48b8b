"""A timetable taken from an iCalendar file."""

from pydantic import Field

from contracts.envelope import Command
from contracts.ids import (
    ClassTypeId,
    LocationId,
    RoomId,
    ScheduleId,
    SessionId,
)
from contracts.timetable.policies import Value
from contracts.timetable.words import LONGEST_ICS, Capacity, ZoneName


class ImportTimetable(Command):
    """Put an iCalendar file's events on the timetable of a location."""

    command_type = "booking.import_timetable"
    location_id: LocationId
    time_zone: ZoneName
    class_type_id: ClassTypeId | None = None
    room_id: RoomId | None = None
    capacity: Capacity | None = None
    """Of every class; ``None`` is the class type's."""
    ics: str = Field(max_length=LONGEST_ICS)


class ImportedRow(Value):
    """An event of the file that is on the timetable."""

    line: int
    uid: str
    schedule_id: ScheduleId | None = None
    session_id: SessionId | None = None


class RejectedRow(Value):
    """An event of the file that is not."""

    line: int
    """Of its BEGIN:VEVENT, from 1."""
    uid: str | None
    reason: str


class ImportOutcome(Value):
    """What became of every event of the file."""

    imported: tuple[ImportedRow, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
