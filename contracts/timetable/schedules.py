"""Weekly series and the sessions they place; closures that leave some out."""

from datetime import date

from pydantic import AwareDatetime, Field

from contracts.booking import PolicyOverrides
from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    LocationId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)
from contracts.times import Day
from contracts.timetable.policies import Value
from contracts.timetable.session_edits import SessionPart
from contracts.timetable.words import (
    MOST_EXCEPT_DATES,
    Capacity,
    Minutes,
    Name,
    Reason,
    WallClock,
    Weekday,
    ZoneName,
)


class Pattern(Value):
    """What a series repeats. In commands ``None`` is the class type's; in events all is decided."""

    title: Name | None = None
    class_type_id: ClassTypeId | None = None
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    weekdays: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    every_weeks: int = Field(default=1, ge=1, le=52)
    """Counted from the week the series begins in, or from whose first day on they are others."""
    starts_at: WallClock
    minutes: Minutes | None = None
    """Elapsed time, whatever the clocks do meanwhile."""
    capacity: Capacity | None = None
    online_capacity: int | None = Field(default=None, ge=0, le=500)
    """Most seats clients may take themselves; ``None`` all of them."""
    spots: tuple[str, ...] = Field(default=(), max_length=500)
    waiver_required: bool = False
    overrides: PolicyOverrides = PolicyOverrides()
    """What its sessions do differently from their class type and the gym."""


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
    except_dates: tuple[Day, ...] = Field(default=(), max_length=MOST_EXCEPT_DATES)


class ChangeScheduleFrom(Command):
    """From this day on the series is another; what was said for one session alone stays."""

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


class Kept(Value):
    """A session the series changed around, and what of it was said for it alone."""

    session_id: SessionId
    parts: tuple[SessionPart, ...]


class ScheduleOutcome(Value):
    """What the series put on the calendar now."""

    placed: tuple[Occurrence, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    cancelled: tuple[SessionId, ...] = ()
    kept: tuple[Kept, ...] = ()
    """Sessions that keep something of their own."""


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
