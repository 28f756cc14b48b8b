"""Commands on days without classes: a closed timetable, opened again; and a closed location."""

from chassis.eventstore.store import Unit
from contracts.booking import CancelSession
from contracts.ids import LocationId
from contracts.timetable import (
    AddClosure,
    ClosureOutcome,
    HearClosure,
    HearClosureRemoved,
    RemoveClosure,
)
from services.booking import deadlines
from services.booking.domain import booking_policy, recurrence, rooms
from services.booking.domain.rooms import LocationEvent, location_calendar


def add_closure(command: AddClosure, unit: Unit) -> ClosureOutcome:
    return _close(command, unit, of_location=False)


def remove_closure(command: RemoveClosure, unit: Unit) -> None:
    state = unit.state(location_calendar, command.location_id)
    _open(command.location_id, unit, rooms.remove_closure(state, command))


def hear_closure(command: HearClosure, unit: Unit) -> None:
    """A closed location has no timetable then; days that are over close nothing."""
    local = booking_policy.zone(command.time_zone)
    if recurrence.midnight(command.until_date + recurrence.DAY, local) > unit.ctx.now:
        _close(AddClosure(**command.model_dump()), unit, of_location=True)


def hear_closure_removed(command: HearClosureRemoved, unit: Unit) -> None:
    state = unit.state(location_calendar, command.location_id)
    _open(command.location_id, unit, rooms.hear_closure_removed(state, command))


def _open(where: LocationId, unit: Unit, removed: list[LocationEvent]) -> None:
    """What was called off stays so; what was about to be is on, unless it is closed all the same.

    Both words may be heard in one moment, after hours in which booking was away.
    """
    closed = unit.state(location_calendar, where)
    after = unit.record(location_calendar, where, removed)
    for session_id, one in closed.placed.items() if removed else ():
        if closed.closed_at(one.starts_at) and not after.closed_at(one.starts_at):
            unit.forget(deadlines.called_off(session_id))


def _close(command: AddClosure, unit: Unit, *, of_location: bool) -> ClosureOutcome:
    """Each session is called off by a deadline of its own, due at once: one append a session."""
    state = unit.state(location_calendar, command.location_id)
    rooms.must_be_local(state, command.time_zone)
    closed = rooms.add_closure(state, command, unit.ctx.now, of_location=of_location)
    after = unit.record(location_calendar, command.location_id, closed)
    if not closed:
        return ClosureOutcome()
    span = after.closures[-1]
    inside = after.within(max(span.starts_at, unit.ctx.now), span.ends_at)
    for session_id in inside:
        cancel = CancelSession(session_id=session_id, reason=command.reason)
        unit.wake(deadlines.called_off(session_id), unit.ctx.now, cancel)
    return ClosureOutcome(cancelled=tuple(inside))
