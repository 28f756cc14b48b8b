"""Commands on what members told of the gym: currency, locations, rooms, instructors."""

from chassis.eventstore.store import Unit
from contracts.timetable import HearGym, HearInstructor, HearLocation, HearRoom
from services.booking.domain import hearsay, rooms
from services.booking.domain.hearsay import gym, instructor, room
from services.booking.domain.rooms import location_calendar


def hear_gym(command: HearGym, unit: Unit) -> None:
    unit.record(gym, command.gym_id, hearsay.hear_gym(unit.state(gym, command.gym_id), command))


def hear_location(command: HearLocation, unit: Unit) -> None:
    state = unit.state(location_calendar, command.location_id)
    unit.record(location_calendar, command.location_id, rooms.hear(state, command))


def hear_room(command: HearRoom, unit: Unit) -> None:
    state = unit.state(room, command.room_id)
    unit.record(room, command.room_id, hearsay.hear_room(state, command))


def hear_instructor(command: HearInstructor, unit: Unit) -> None:
    state = unit.state(instructor, command.staff_id)
    unit.record(instructor, command.staff_id, hearsay.hear_instructor(state, command))
