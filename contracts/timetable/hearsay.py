"""What booking has heard of the gym: its currency, its rooms, who gives classes."""

from datetime import date

from contracts.envelope import Command, Event
from contracts.ids import ClosureId, GymId, LocationId, RoomId, StaffId


class HearRoom(Command):
    """Members tells that a location has a room."""

    command_type = "booking.hear_room"
    room_id: RoomId
    location_id: LocationId


class HearInstructor(Command):
    """Members tells whether somebody works here. ``version`` is that of their stream."""

    command_type = "booking.hear_instructor"
    staff_id: StaffId
    works: bool
    version: int


class HearGym(Command):
    """Members tells which currency the gym has."""

    command_type = "booking.hear_gym"
    gym_id: GymId
    currency: str


class HearClosure(Command):
    """Members tells that a location is closed on these days, the last included."""

    command_type = "booking.hear_closure"
    closure_id: ClosureId
    location_id: LocationId
    time_zone: str
    from_date: date
    until_date: date
    reason: str


class HearClosureRemoved(Command):
    """Members tells that a location is not closed on these days after all."""

    command_type = "booking.hear_closure_removed"
    closure_id: ClosureId
    location_id: LocationId


class RoomHeard(Event):
    """The location has this room."""

    event_type = "booking.room_heard.v1"
    room_id: RoomId
    location_id: LocationId


class InstructorHeard(Event):
    """Somebody works here and may give classes, or no longer does."""

    event_type = "booking.instructor_heard.v1"
    staff_id: StaffId
    works: bool
    version: int
    """Of their stream in members."""


class GymHeard(Event):
    """All fees of the gym are in this currency, for good."""

    event_type = "booking.gym_heard.v1"
    gym_id: GymId
    currency: str
