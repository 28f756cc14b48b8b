"""ClassSchedule: a weekly series, and which of its dates stand on the calendar.

Keeps      every date up to ``placed_until`` was looked at once; a date has at most one session; the
           pattern of a date is the one that was said last about it
Stream     ``schedule-{schedule_id}``
Rules      ``recurrence`` says which dates and instants a pattern means
Source     docs/rules.md, Timetable; docs/rules.md, Time
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

from chassis.decider import Aggregate, Refused
from contracts.ids import LocationId, ScheduleId, SessionId
from contracts.timetable import (
    ChangeScheduleFrom,
    CreateSchedule,
    EndSchedule,
    OccurrencesDropped,
    OccurrencesPlaced,
    Pattern,
    ScheduleChanged,
    ScheduleCreated,
    ScheduleEnded,
    TimetableCode,
)
from services.booking.domain import booking_policy, recurrence, spots
from services.booking.domain.catalogue import ClassType

ScheduleEvent: TypeAlias = (
    ScheduleCreated | ScheduleChanged | ScheduleEnded | OccurrencesPlaced | OccurrencesDropped
)

AHEAD = timedelta(days=28)  # so far ahead sessions stand on the calendar
REMEMBERED = timedelta(days=120)  # dates longer before the newest are forgotten
SCARCEST = timedelta(days=371)  # every 52 weeks, and a week more: a date must come by then


@dataclass(frozen=True, slots=True)
class Segment:
    """The pattern from a day on, until the next segment begins."""

    from_date: date
    pattern: Pattern
    weeks_from: date  # where every so many weeks are counted from: the week of this day


@dataclass(frozen=True, slots=True)
class ClassSchedule:
    """What the past has made of the series. Dates are local to ``time_zone``."""

    segments: tuple[Segment, ...] = ()  # earliest first; none before it exists
    location_id: LocationId | None = None
    time_zone: str = "UTC"
    from_date: date = date.min
    until_date: date | None = None  # the last day
    except_dates: tuple[date, ...] = ()
    placed: Mapping[date, SessionId] = field(default_factory=dict)
    placed_until: date | None = None
    given_up: Mapping[date, int] = field(default_factory=dict)  # how often, per date

    @property
    def local(self) -> ZoneInfo:
        return booking_policy.zone(self.time_zone)

    def pattern_on(self, day: date) -> Pattern:
        """The pattern that says what happens on ``day``."""
        return self.segment_on(day).pattern

    def segment_on(self, day: date) -> Segment:
        """The segment ``day`` is in."""
        return [one for one in self.segments if one.from_date <= day][-1]

    def changed(self, from_date: date, pattern: Pattern) -> Segment:
        """The segment that pattern begins.

        One of as many weeks goes on with those there were; of others the first is this.
        """
        now = self.segment_on(from_date)
        same = pattern.every_weeks == now.pattern.every_weeks
        return Segment(from_date, pattern, now.weeks_from if same else from_date)

    def dates(self, first: date, last: date) -> list[date]:
        """The series' dates in [first, last]."""
        last = min(last, self.until_date or last)
        found: list[date] = []
        ends = [one.from_date - recurrence.DAY for one in self.segments[1:]] + [last]
        for segment, end in zip(self.segments, ends, strict=True):
            since, until = max(first, segment.from_date), min(last, end)
            found += recurrence.dates(segment.pattern, segment.weeks_from, since, until)
        return [day for day in found if day not in self.except_dates]

    def next_date(self, since: date) -> date | None:
        """The first of the series' dates from that day on, however many are left out before it."""
        last_left_out = max(self.except_dates, default=since)
        found = self.dates(since, since + SCARCEST)
        while not found and since <= last_left_out:
            since += SCARCEST
            found = self.dates(since, since + SCARCEST)
        return found[0] if found else None

    def starts_at(self, day: date) -> datetime:
        """The UTC instant the session of that date starts."""
        return recurrence.instant(day, self.pattern_on(day).starts_at, self.local)

    def is_over_by(self, day: date) -> bool:
        """Whether the series has ended before that date."""
        return self.until_date is not None and day > self.until_date

    def session_on(self, schedule_id: ScheduleId, day: date) -> SessionId:
        """The session of that date; the id is the same however often asked."""
        return self.placed.get(day) or recurrence.session_id(
            schedule_id, day, self.given_up.get(day, 0)
        )


def evolve(state: ClassSchedule, event: ScheduleEvent) -> ClassSchedule:
    match event:
        case ScheduleCreated():
            return ClassSchedule(
                segments=(Segment(event.from_date, event.pattern, event.from_date),),
                location_id=event.location_id, time_zone=event.time_zone,
                from_date=event.from_date, until_date=event.until_date,
                except_dates=event.except_dates,
            )  # fmt: skip
        case ScheduleChanged():
            before = tuple(one for one in state.segments if one.from_date < event.from_date)
            changed = state.changed(event.from_date, event.pattern)
            return replace(state, segments=(*before, changed))
        case ScheduleEnded():
            return replace(state, until_date=event.from_date - recurrence.DAY)
        case OccurrencesPlaced():
            oldest = event.until - REMEMBERED
            known = {day: one for day, one in state.placed.items() if day >= oldest}
            new = {one.date: one.session_id for one in event.placed}
            return replace(state, placed={**known, **new}, placed_until=event.until)
        case OccurrencesDropped():
            kept = {day: one for day, one in state.placed.items() if day not in event.dates}
            times = {day: state.given_up.get(day, 0) + 1 for day in event.dates}
            return replace(state, placed=kept, given_up={**state.given_up, **times})
    assert_never(event)


class_schedule: Aggregate[ClassSchedule, ScheduleEvent] = Aggregate(
    "schedule", ClassSchedule(), evolve
)


def create(
    state: ClassSchedule, command: CreateSchedule, pattern: Pattern, now: datetime
) -> list[ScheduleEvent]:
    """Begin the series; ``pattern`` is the command's, with nothing left to the class type."""
    if state.segments:
        raise Refused(TimetableCode.ALREADY_DEFINED, "The series exists.", field="schedule_id")
    today = recurrence.local_day(now, booking_policy.zone(command.time_zone))
    if command.until_date is not None and command.until_date < max(command.from_date, today):
        raise Refused(
            TimetableCode.ENDS_BEFORE_IT_BEGINS, "A series ends on or after its first day, ahead.",
            field="until_date",
        )  # fmt: skip
    created = ScheduleCreated(
        schedule_id=command.schedule_id, location_id=command.location_id,
        time_zone=command.time_zone, pattern=pattern, from_date=command.from_date,
        until_date=command.until_date, except_dates=tuple(sorted(set(command.except_dates))),
    )  # fmt: skip
    if evolve(state, created).next_date(command.from_date) is None:
        raise Refused(TimetableCode.INVALID_SCHEDULE, "The series has no dates.", field="weekdays")
    return [created]


def change_from(
    state: ClassSchedule, command: ChangeScheduleFrom, pattern: Pattern, now: datetime
) -> list[ScheduleEvent]:
    """From a day on the series is another; what has been is not changed."""
    from_date = max(command.from_date, state.from_date, recurrence.local_day(now, state.local))
    must_go_on(state, from_date)
    return [ScheduleChanged(schedule_id=command.schedule_id, from_date=from_date, pattern=pattern)]


def end(state: ClassSchedule, command: EndSchedule, now: datetime) -> list[ScheduleEvent]:
    """From a day on there is no more; what has been is not changed."""
    from_date = max(command.from_date, recurrence.local_day(now, state.local))
    must_go_on(state, from_date)
    return [
        ScheduleEnded(schedule_id=command.schedule_id, from_date=from_date, reason=command.reason)
    ]


def must_go_on(state: ClassSchedule, day: date) -> None:
    """Raise ``Refused`` unless the series exists and has not ended by ``day``."""
    if not state.segments:
        raise Refused(
            TimetableCode.SCHEDULE_NOT_FOUND, "There is no such series.", field="schedule_id"
        )
    if state.until_date is not None and day > state.until_date:
        raise Refused(
            TimetableCode.SCHEDULE_ENDED, "The series ends before that day.", field="from_date",
            until_date=state.until_date.isoformat(),
        )  # fmt: skip


def decided(pattern: Pattern, kind: ClassType | None) -> Pattern:
    """The pattern with what it leaves open taken from the class type."""
    if kind is None and None in (pattern.title, pattern.minutes, pattern.capacity):
        raise Refused(
            TimetableCode.INVALID_SCHEDULE, "Say title, minutes and capacity, or a class type.",
            field="pattern",
        )  # fmt: skip
    usual = {} if kind is None else {
        "title": kind.name, "minutes": kind.minutes, "capacity": kind.capacity,
    }  # fmt: skip
    open_ones = {name: usual[name] for name in usual if getattr(pattern, name) is None}
    weekdays = tuple(sorted(set(pattern.weekdays)))
    whole = pattern.model_copy(update={**open_ones, "weekdays": weekdays})
    spots.must_be_a_map(whole.spots, whole.capacity or 0)
    return whole


def within_sight(state: ClassSchedule, now: datetime) -> date:
    """The last local day sessions are put on the calendar for at ``now``.

    Or by whoever placed the last ones, where the clock may have been ahead of ours.
    """
    last = recurrence.local_day(now, state.local) + AHEAD
    return max(last, state.placed_until or last)


def due(state: ClassSchedule, now: datetime) -> list[date]:
    """The dates that have come within sight and were not looked at yet; none that has passed."""
    today = recurrence.local_day(now, state.local)
    first = state.placed_until + recurrence.DAY if state.placed_until else state.from_date
    found = state.dates(max(first, today), within_sight(state, now))
    return [day for day in found if state.starts_at(day) > now]


def next_look(state: ClassSchedule) -> datetime | None:
    """When the next date comes within sight; ``None`` when there is none any more."""
    if state.placed_until is None:
        return None
    first = max(state.placed_until + recurrence.DAY, state.from_date)
    coming = state.next_date(first)
    return None if coming is None else recurrence.midnight(coming - AHEAD, state.local)


def ahead(state: ClassSchedule, from_date: date) -> dict[date, SessionId]:
    """What stands on the calendar from that day on."""
    return {day: one for day, one in sorted(state.placed.items()) if day >= from_date}
