"""Commands on days without classes: a closed timetable, opened again; and a closed location."""

from chassis.eventstore.store import Unit
from contracts.booking import CancelSession
from contracts.timetable import (
    AddClosure,
    ClosureOutcome,
    HearClosure,
    HearClosureRemoved,
    RemoveClosure,
)
from services.booking.domain import booking_policy, recurrence, rooms
from services.booking.domain.rooms import location_calendar


def add_closure(command: AddClosure, unit: Unit) -> ClosureOutcome:
    return _close(command, unit, of_location=False)


def remove_closure(command: RemoveClosure, unit: Unit) -> None:
    state = unit.state(location_calendar, command.location_id)
    unit.record(location_calendar, command.location_id, rooms.remove_closure(state, command))


def hear_closure(command: HearClosure, unit: Unit) -> None:
    """A closed location has no timetable then; days that are over close nothing."""
    local = booking_policy.zone(command.time_zone)
    if recurrence.midnight(command.until_date + recurrence.DAY, local) > unit.ctx.now:
        _close(AddClosure(**command.model_dump()), unit, of_location=True)


def hear_closure_removed(command: HearClosureRemoved, unit: Unit) -> None:
    state = unit.state(location_calendar, command.location_id)
    removed = rooms.hear_closure_removed(state, command)
    unit.record(location_calendar, command.location_id, removed)


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
        unit.wake(f"call_off:{session_id}", unit.ctx.now, cancel)
    return ClosureOutcome(cancelled=tuple(inside))
