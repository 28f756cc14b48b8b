"""Hearsay: what members told of the gym's currency, its rooms and who gives classes.

Keeps      of one person the newest word counts, in any order; currency and rooms never change
Stream     ``gym-{gym_id}``, ``room-{room_id}``, ``instructor-{staff_id}``
"""

from dataclasses import dataclass

from chassis.decider import Aggregate
from contracts.ids import LocationId
from contracts.timetable import (
    GymHeard,
    HearGym,
    HearInstructor,
    HearRoom,
    InstructorHeard,
    RoomHeard,
)


@dataclass(frozen=True, slots=True)
class Instructor:
    """Whether somebody works here, by what was heard last."""

    works: bool = False
    version: int = 0  # of their stream in members


gym: Aggregate[str | None, GymHeard] = Aggregate("gym", None, lambda _, event: event.currency)
"""Its currency; ``None``: not heard yet."""

room: Aggregate[LocationId | None, RoomHeard] = Aggregate(
    "room", None, lambda _, event: event.location_id
)
"""Where it is; ``None``: not heard yet."""

instructor: Aggregate[Instructor, InstructorHeard] = Aggregate(
    "instructor", Instructor(), lambda _, event: Instructor(event.works, event.version)
)


def hear_gym(state: str | None, command: HearGym) -> list[GymHeard]:
    """The gym's currency; once is enough."""
    if state is not None:
        return []
    return [GymHeard(gym_id=command.gym_id, currency=command.currency)]


def hear_room(state: LocationId | None, command: HearRoom) -> list[RoomHeard]:
    """Where the room is; once is enough."""
    if state is not None:
        return []
    return [RoomHeard(room_id=command.room_id, location_id=command.location_id)]


def hear_instructor(state: Instructor, command: HearInstructor) -> list[InstructorHeard]:
    """Whether they work here, unless something newer was heard."""
    if command.version <= state.version:
        return []
    return [
        InstructorHeard(staff_id=command.staff_id, works=command.works, version=command.version)
    ]
