"""Commands on what members told of the gym: currency, rooms, instructors, closures."""

from chassis.eventstore.store import Unit
from contracts.timetable import AddClosure, HearClosure, HearGym, HearInstructor, HearRoom
from services.booking.domain import booking_policy, hearsay, recurrence
from services.booking.domain.hearsay import gym, instructor, room
from services.booking.timetable_commands import add_closure


def hear_gym(command: HearGym, unit: Unit) -> None:
    unit.record(gym, command.gym_id, hearsay.hear_gym(unit.state(gym, command.gym_id), command))


def hear_room(command: HearRoom, unit: Unit) -> None:
    state = unit.state(room, command.room_id)
    unit.record(room, command.room_id, hearsay.hear_room(state, command))


def hear_instructor(command: HearInstructor, unit: Unit) -> None:
    state = unit.state(instructor, command.staff_id)
    unit.record(instructor, command.staff_id, hearsay.hear_instructor(state, command))


def hear_closure(command: HearClosure, unit: Unit) -> None:
    """A closed location has no timetable then; days that are over close nothing."""
    local = booking_policy.zone(command.time_zone)
    if recurrence.midnight(command.until_date + recurrence.DAY, local) > unit.ctx.now:
        add_closure(AddClosure(**command.model_dump()), unit)
