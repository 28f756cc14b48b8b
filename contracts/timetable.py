"""Booking's language of the timetable: programs, policies, weekly series, rooms and closures.

The second half of booking's context; reservations and everything about people are in ``booking``.
Dates and wall-clock times are local to the location's IANA zone, instants are UTC, capacity counts
people, weekdays are those of ISO 8601 (1 is Monday).
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.booking import BookingPolicy
from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    ClientId,
    ClosureId,
    LocationId,
    ProgramId,
    ReservationId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)

WALL_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
LONGEST_ICS = 262_144  # characters

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""Of what commands may speak of."""

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Instant = Annotated[AwareDatetime, Field(lt=datetime(2200, 1, 1, tzinfo=UTC))]
Weekday = Annotated[int, Field(ge=1, le=7)]
WallClock = Annotated[str, Field(pattern=WALL_CLOCK)]
ZoneName = Annotated[str, Field(max_length=64, description="IANA zone of the location.")]
Minutes = Annotated[int, Field(ge=5, le=1_440)]
Capacity = Annotated[int, Field(ge=1, le=500)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Prose = Annotated[str, Field(max_length=1_000)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class TimetableCode(StrEnum):
    """Why the timetable refuses, beside ``BookingCode``. Stable; clients switch on it."""

    ALREADY_DEFINED = "ALREADY_DEFINED"
    PROGRAM_NOT_FOUND = "PROGRAM_NOT_FOUND"
    PROGRAM_RETIRED = "PROGRAM_RETIRED"
    CLASS_TYPE_NOT_FOUND = "CLASS_TYPE_NOT_FOUND"
    CLASS_TYPE_RETIRED = "CLASS_TYPE_RETIRED"
    EFFECTIVE_IN_THE_PAST = "EFFECTIVE_IN_THE_PAST"
    SCHEDULE_NOT_FOUND = "SCHEDULE_NOT_FOUND"
    SCHEDULE_ENDED = "SCHEDULE_ENDED"
    INVALID_SCHEDULE = "INVALID_SCHEDULE"
    ENDS_BEFORE_IT_BEGINS = "ENDS_BEFORE_IT_BEGINS"
    ROOM_TAKEN = "ROOM_TAKEN"
    LOCATION_CLOSED = "LOCATION_CLOSED"
    SESSION_STARTED = "SESSION_STARTED"
    SESSION_NOT_CANCELLED = "SESSION_NOT_CANCELLED"
    UNREADABLE_CALENDAR = "UNREADABLE_CALENDAR"


class Value(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Preset(StrEnum):
    """A policy to begin with."""

    FUNCTIONAL = "functional"
    BOUTIQUE = "boutique"


PRESETS: dict[Preset, BookingPolicy] = {
    Preset.FUNCTIONAL: BookingPolicy(),
    Preset.BOUTIQUE: BookingPolicy(late_cancel_minutes=720),
}


class PolicyOverrides(Value):
    """What a class type does differently from the gym's policy; ``None`` is as the gym does."""

    opens_days_before: int | None = Field(default=None, ge=0, le=365)
    opens_at_local: WallClock | None = None
    closes_minutes_before: int | None = Field(default=None, ge=0, le=10_080)
    late_cancel_minutes: int | None = Field(default=None, ge=0, le=10_080)
    cancel_grace_minutes: int | None = Field(default=None, ge=0, le=1_440)
    waitlist_max: int | None = Field(default=None, ge=0, le=10_000)


class Pattern(Value):
    """What a series repeats. In commands ``None`` is the class type's; in events all is decided."""

    title: Name | None = None
    class_type_id: ClassTypeId | None = None
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    weekdays: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    every_weeks: int = Field(default=1, ge=1, le=52)
    """Counted from the week the series begins in."""
    starts_at: WallClock
    minutes: Minutes | None = None
    """Elapsed time, whatever the clocks do meanwhile."""
    capacity: Capacity | None = None
    online_capacity: int | None = Field(default=None, ge=0, le=500)
    """Most seats clients may take themselves; ``None`` all of them."""
    spots: tuple[str, ...] = Field(default=(), max_length=500)
    waiver_required: bool = False


class Occurrence(Value):
    """One date of a series and the session that takes place then."""

    date: date
    session_id: SessionId


class LeftOut(Value):
    """One date of a series on which no session takes place, and why."""

    date: date
    reason: str


class Placement(Value):
    """When and where a session takes place."""

    session_id: SessionId
    room_id: RoomId | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class NewDeadline(Value):
    """Until when a seat may from now on be given up freely."""

    client_id: ClientId
    reservation_id: ReservationId
    free_until: AwareDatetime


# Commands ---------------------------------------------------------------------------------------


class DefineProgram(Command):
    """Name a kind of training the gym gives."""

    command_type = "booking.define_program"
    program_id: ProgramId
    name: Name
    description: Prose = ""


class ChangeProgram(Command):
    """Say anew what the program is."""

    command_type = "booking.change_program"
    program_id: ProgramId
    name: Name
    description: Prose = ""


class RetireProgram(Command):
    """Nothing new is planned under the program; what is planned stays."""

    command_type = "booking.retire_program"
    program_id: ProgramId


class DefineClassType(Command):
    """Name a class of a program: how long, for how many, under which rules of its own."""

    command_type = "booking.define_class_type"
    class_type_id: ClassTypeId
    program_id: ProgramId
    name: Name
    description: Prose = ""
    minutes: Minutes = 60
    capacity: Capacity
    overrides: PolicyOverrides = PolicyOverrides()


class ChangeClassType(Command):
    """Say anew what the class type is; sessions on the calendar stay as they are."""

    command_type = "booking.change_class_type"
    class_type_id: ClassTypeId
    name: Name
    description: Prose = ""
    minutes: Minutes = 60
    capacity: Capacity
    overrides: PolicyOverrides = PolicyOverrides()


class RetireClassType(Command):
    """Nothing new is planned with the class type; what is planned stays."""

    command_type = "booking.retire_class_type"
    class_type_id: ClassTypeId


class PublishBookingPolicy(Command):
    """Give the gym a new version of its booking rules; sessions take the one in force."""

    command_type = "booking.publish_booking_policy"
    policy: BookingPolicy
    """Its ``version`` is not looked at: booking counts."""
    preset: Preset | None = None
    """What it was made from."""
    effective_from: Instant | None = None
    """UTC; ``None`` is now."""


class CreateSchedule(Command):
    """Begin a weekly series of sessions."""

    command_type = "booking.create_schedule"
    schedule_id: ScheduleId
    location_id: LocationId
    time_zone: ZoneName
    pattern: Pattern
    from_date: Day
    until_date: Day | None = None
    """The last day; ``None`` is no end."""
    except_dates: tuple[Day, ...] = Field(default=(), max_length=1_000)


class ChangeScheduleFrom(Command):
    """From this day on the series is another; sessions changed one by one stay as they are."""

    command_type = "booking.change_schedule_from"
    schedule_id: ScheduleId
    from_date: Day
    pattern: Pattern


class EndSchedule(Command):
    """From this day on there is no more; what stands on the calendar is called off."""

    command_type = "booking.end_schedule"
    schedule_id: ScheduleId
    from_date: Day
    reason: Reason = "The series ends."


class PlaceOccurrences(Command):
    """More dates of the series have come within sight: put them on the calendar."""

    command_type = "booking.place_occurrences"
    schedule_id: ScheduleId


class AddClosure(Command):
    """The location is closed on these days, the last included."""

    command_type = "booking.add_closure"
    closure_id: ClosureId
    location_id: LocationId
    time_zone: ZoneName
    from_date: Day
    until_date: Day
    reason: Reason


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


class AssignRoom(Command):
    """Give the class another room, or none."""

    command_type = "booking.assign_room"
    session_id: SessionId
    room_id: RoomId | None = None


class ReinstateSession(Command):
    """The session takes place after all; nobody has a seat in it yet."""

    command_type = "booking.reinstate_session"
    session_id: SessionId


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


# Results ----------------------------------------------------------------------------------------


class RescheduleOutcome(Value):
    """Who has a seat elsewhere at the new time; nobody lost one."""

    overlapping: tuple[ClientId, ...] = ()


class ScheduleOutcome(Value):
    """What the series put on the calendar now."""

    placed: tuple[Occurrence, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    cancelled: tuple[SessionId, ...] = ()


class ClosureOutcome(Value):
    """Which sessions are being called off."""

    cancelled: tuple[SessionId, ...] = ()


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


# Events -----------------------------------------------------------------------------------------


class ProgramDefined(Event):
    """The gym gives this kind of training."""

    event_type = "booking.program_defined.v1"
    program_id: ProgramId
    name: str
    description: str


class ProgramChanged(Event):
    """The program is described anew."""

    event_type = "booking.program_changed.v1"
    program_id: ProgramId
    name: str
    description: str


class ProgramRetired(Event):
    """Nothing new is planned under the program."""

    event_type = "booking.program_retired.v1"
    program_id: ProgramId


class ClassTypeDefined(Event):
    """The gym gives this class."""

    event_type = "booking.class_type_defined.v1"
    class_type_id: ClassTypeId
    program_id: ProgramId
    name: str
    description: str
    minutes: int
    capacity: int
    overrides: PolicyOverrides


class ClassTypeChanged(Event):
    """The class type is described anew."""

    event_type = "booking.class_type_changed.v1"
    class_type_id: ClassTypeId
    name: str
    description: str
    minutes: int
    capacity: int
    overrides: PolicyOverrides


class ClassTypeRetired(Event):
    """Nothing new is planned with the class type."""

    event_type = "booking.class_type_retired.v1"
    class_type_id: ClassTypeId


class BookingPolicyPublished(Event):
    """The gym's booking rules have a new version."""

    event_type = "booking.booking_policy_published.v1"
    version: int
    effective_from: AwareDatetime
    policy: BookingPolicy
    preset: Preset | None = None


class ScheduleCreated(Event):
    """A weekly series began."""

    event_type = "booking.schedule_created.v1"
    schedule_id: ScheduleId
    location_id: LocationId
    time_zone: str
    pattern: Pattern
    from_date: date
    until_date: date | None
    except_dates: tuple[date, ...] = ()


class ScheduleChanged(Event):
    """From this day on the series is another."""

    event_type = "booking.schedule_changed.v1"
    schedule_id: ScheduleId
    from_date: date
    pattern: Pattern


class ScheduleEnded(Event):
    """From this day on there is no more."""

    event_type = "booking.schedule_ended.v1"
    schedule_id: ScheduleId
    from_date: date
    reason: str


class OccurrencesPlaced(Event):
    """All dates of the series up to ``until``, that day included, have been looked at."""

    event_type = "booking.occurrences_placed.v1"
    schedule_id: ScheduleId
    placed: tuple[Occurrence, ...]
    left_out: tuple[LeftOut, ...] = ()
    without_room: tuple[date, ...] = ()
    """Dates whose room somebody else had by then; for people to sort out."""
    until: date


class OccurrencesDropped(Event):
    """The series does not take place on these dates any more; their sessions are called off."""

    event_type = "booking.occurrences_dropped.v1"
    schedule_id: ScheduleId
    dates: tuple[date, ...]


class SessionsPlaced(Event):
    """Sessions take place at the location then, and have these rooms to themselves."""

    event_type = "booking.sessions_placed.v1"
    location_id: LocationId
    placed: tuple[Placement, ...]
    decided_at: AwareDatetime


class SessionsLifted(Event):
    """These sessions do not take place at the location any more."""

    event_type = "booking.sessions_lifted.v1"
    location_id: LocationId
    session_ids: tuple[SessionId, ...]


class ClosureAdded(Event):
    """The location is closed from the first moment of one day to the last of another."""

    event_type = "booking.closure_added.v1"
    closure_id: ClosureId
    location_id: LocationId
    from_date: date
    until_date: date
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: str


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
    """The client's time is set aside at another time, since the session moved."""

    event_type = "booking.hold_moved.v1"
    client_id: ClientId
    reservation_id: ReservationId
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    previous_starts_at: AwareDatetime
    on: date | None = None
    """The session's new local date, which limits count by."""
    overlaps: tuple[SessionId, ...] = ()
    """Other sessions the client now has a seat in at the same time; for people to sort out."""
