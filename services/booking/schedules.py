"""Commands on a weekly series: put on the calendar 28 days ahead, changed, ended.

Each looks at the series, its sessions and its location, and writes what becomes of all of them in
one append. More dates are placed when a deadline says they have come within sight.
"""

from datetime import date

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import CancelSession, ScheduleSession
from contracts.ids import ScheduleId
from contracts.timetable import (
    ChangeScheduleFrom,
    CreateSchedule,
    EndSchedule,
    LeftOut,
    Occurrence,
    OccurrencesDropped,
    OccurrencesPlaced,
    Placement,
    PlaceOccurrences,
    ScheduleOutcome,
    TimetableCode,
)
from services.booking import following, placing
from services.booking.domain import class_schedule as schedules
from services.booking.domain import recurrence, rooms, timetable
from services.booking.domain.class_schedule import ClassSchedule, class_schedule
from services.booking.domain.class_session import class_session
from services.booking.domain.rooms import LocationCalendar, location_calendar
from services.booking.sessions import cancel_session, set_deadlines

CHANGED = "The series changed."


def create_schedule(command: CreateSchedule, unit: Unit) -> ScheduleOutcome:
    placing.must_be_local(unit, command.location_id, command.time_zone)
    schedule_id = command.schedule_id
    pattern = schedules.decided(
        command.pattern, placing.offered(unit, command.pattern.class_type_id)
    )
    state = unit.state(class_schedule, schedule_id)
    created = schedules.create(state, command, pattern, unit.ctx.now)
    after = class_schedule.fold(created, state)
    _rooms_must_be_free(unit, schedule_id, after, schedules.due(after, unit.ctx.now))
    unit.record(class_schedule, schedule_id, created)
    return _place_due(unit, schedule_id)


def place_occurrences(command: PlaceOccurrences, unit: Unit) -> ScheduleOutcome:
    if not unit.state(class_schedule, command.schedule_id).segments:
        return ScheduleOutcome()
    return _place_due(unit, command.schedule_id)


def change_schedule_from(command: ChangeScheduleFrom, unit: Unit) -> ScheduleOutcome:
    schedule_id, before = command.schedule_id, unit.state(class_schedule, command.schedule_id)
    schedules.must_go_on(before, command.from_date)
    pattern = schedules.decided(
        command.pattern, placing.offered(unit, command.pattern.class_type_id)
    )
    changed = schedules.change_from(before, command, pattern, unit.ctx.now)
    state = unit.record(class_schedule, schedule_id, changed)
    since = state.segments[-1].from_date
    standing = following.standing(unit, schedules.ahead(before, since))
    wanted = state.dates(since, state.placed_until or since - recurrence.DAY)
    left = {day: one for day, one in standing.items() if day not in wanted}
    gone = {
        day: one
        for day, one in left.items()
        if not following.keeps_its_date(unit.state(class_session, one))
    }
    for session_id in gone.values():
        cancel_session(CancelSession(session_id=session_id, reason=CHANGED), unit)
    if gone:
        dropped = OccurrencesDropped(schedule_id=schedule_id, dates=tuple(gone))
        unit.record(class_schedule, schedule_id, [dropped])
    stay = {day: one for day, one in standing.items() if day not in left}
    roomless = following.follow(unit, state, schedule_id, stay)
    fresh = [day for day in wanted if day not in before.placed]
    new = [day for day in fresh if state.starts_at(day) > unit.ctx.now]
    state = unit.state(class_schedule, schedule_id)
    new += schedules.due(state, unit.ctx.now)
    _rooms_must_be_free(unit, schedule_id, state, new)
    until = schedules.within_sight(state, unit.ctx.now)
    outcome = _place(unit, schedule_id, new, until, roomless)
    _look_again(unit, schedule_id)
    own = following.kept(unit, (one for day, one in standing.items() if day not in gone))
    return outcome.model_copy(update={"cancelled": tuple(gone.values()), "kept": own})


def end_schedule(command: EndSchedule, unit: Unit) -> ScheduleOutcome:
    schedule_id, state = command.schedule_id, unit.state(class_schedule, command.schedule_id)
    ended = schedules.end(state, command, unit.ctx.now)
    unit.record(class_schedule, schedule_id, ended)
    standing = following.standing(unit, schedules.ahead(state, command.from_date))
    for session_id in standing.values():
        cancel_session(CancelSession(session_id=session_id, reason=command.reason), unit)
    _look_again(unit, schedule_id)
    return ScheduleOutcome(cancelled=tuple(standing.values()))


def _place_due(unit: Unit, schedule_id: ScheduleId) -> ScheduleOutcome:
    state = unit.state(class_schedule, schedule_id)
    until = schedules.within_sight(state, unit.ctx.now)
    outcome = _place(unit, schedule_id, schedules.due(state, unit.ctx.now), until)
    _look_again(unit, schedule_id)
    return outcome


def _place(
    unit: Unit,
    schedule_id: ScheduleId,
    days: list[date],
    until: date,
    without_room: tuple[date, ...] = (),
) -> ScheduleOutcome:
    """Put these dates on the calendar, but where the location is closed.

    ``without_room``: dates there already that found theirs taken.
    """
    state = unit.state(class_schedule, schedule_id)
    location_id = state.location_id
    if location_id is None or not (days or without_room or until != state.placed_until):
        return ScheduleOutcome()
    calendar = unit.state(location_calendar, location_id)
    unit.states(class_session, [state.session_on(schedule_id, day) for day in days])
    placed, left_out, roomless, places = [], [], list(without_room), []
    for day in days:
        wanted = following.wanted(state, schedule_id, day)
        closed = calendar.closed_at(wanted.starts_at)
        if closed is not None:
            left_out.append(LeftOut(date=day, reason=closed.reason))
            continue
        if calendar.in_the_way(wanted) is not None:
            wanted = wanted.model_copy(update={"room_id": None})
            roomless.append(day)
        _schedule(unit, state, schedule_id, day, wanted)
        placed.append(Occurrence(date=day, session_id=wanted.session_id))
        places.append(wanted)
    taken = rooms.place(calendar, location_id, places, unit.ctx.now)
    unit.record(location_calendar, location_id, taken)
    looked = OccurrencesPlaced(
        schedule_id=schedule_id, placed=tuple(placed), left_out=tuple(left_out),
        without_room=tuple(roomless), until=until,
    )  # fmt: skip
    unit.record(class_schedule, schedule_id, [looked])
    return ScheduleOutcome(placed=looked.placed, left_out=looked.left_out)


def _schedule(
    unit: Unit, state: ClassSchedule, schedule_id: ScheduleId, day: date, wanted: Placement
) -> None:
    pattern, session_id = state.pattern_on(day), wanted.session_id
    command = ScheduleSession.model_validate({
        "session_id": session_id, "title": pattern.title, "location_id": state.location_id,
        "room_id": wanted.room_id, "instructor_id": pattern.instructor_id,
        "starts_at": wanted.starts_at, "ends_at": wanted.ends_at, "time_zone": state.time_zone,
        "capacity": pattern.capacity, "class_type_id": pattern.class_type_id,
        "online_capacity": pattern.online_capacity, "spots": pattern.spots,
        "waiver_required": pattern.waiver_required, "overrides": pattern.overrides,
    })  # fmt: skip
    terms = placing.terms(unit, pattern.class_type_id, pattern.overrides)
    scheduled = timetable.schedule(
        unit.state(class_session, session_id), command, unit.ctx.now, terms=terms,
        schedule_id=schedule_id,
    )  # fmt: skip
    unit.record(class_session, session_id, scheduled)
    set_deadlines(unit, session_id)


def _rooms_must_be_free(
    unit: Unit, schedule_id: ScheduleId, state: ClassSchedule, days: list[date]
) -> None:
    """Raise ``Refused(ROOM_TAKEN)`` when the room cannot be had on one of these dates."""
    if state.location_id is None:
        return
    calendar: LocationCalendar = unit.state(location_calendar, state.location_id)
    for day in days:
        wanted = following.wanted(state, schedule_id, day)
        taken_by = calendar.in_the_way(wanted)
        if taken_by is not None and calendar.closed_at(wanted.starts_at) is None:
            raise Refused(
                TimetableCode.ROOM_TAKEN, "The room is taken on one of the dates.",
                field="room_id", date=day.isoformat(), session_id=str(taken_by),
            )  # fmt: skip


def _look_again(unit: Unit, schedule_id: ScheduleId) -> None:
    at = schedules.next_look(unit.state(class_schedule, schedule_id))
    name = f"place_occurrences:{schedule_id}"
    if at is None:
        unit.forget(name)
    else:
        unit.wake(name, at, PlaceOccurrences(schedule_id=schedule_id))
