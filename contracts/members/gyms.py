"""Gyms and their places: locations, rooms, opening hours, closures."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import Command, Event, Query
from contracts.ids import (
    ClosureId,
    GymId,
    LocationId,
    RoomId,
    StaffId,
)
from contracts.members.words import ClockTime, Email, Name, Password, Short, Slug
from contracts.times import Day


class OpeningSpan(BaseModel):
    """Open from ``opens`` on this weekday, by the location's wall clock.

    Until ``closes``; a ``closes`` at or before ``opens`` is the next day's.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    weekday: int = Field(ge=1, le=7, description="ISO: Monday is 1.")
    opens: ClockTime
    closes: ClockTime


class RegisterGym(Command):
    """Open a gym on the platform, with its first owner."""

    command_type = "members.register_gym"
    gym_id: GymId
    slug: Slug
    name: Name
    time_zone: str = Field(max_length=64, description="IANA zone.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")
    owner_id: StaffId
    owner_name: Name
    owner_email: Email
    owner_password: Password


class OpenLocation(Command):
    """Add a place where the gym gives classes."""

    command_type = "members.open_location"
    location_id: LocationId
    name: Name
    time_zone: str = Field(max_length=64)


class AddRoom(Command):
    """Add a room to a location."""

    command_type = "members.add_room"
    location_id: LocationId
    room_id: RoomId
    name: Name
    capacity: int = Field(ge=1, le=500, description="People.")


class SetOpeningHours(Command):
    """The location is open in these spans of every week; none: it is not said."""

    command_type = "members.set_opening_hours"
    location_id: LocationId
    hours: tuple[OpeningSpan, ...] = Field(max_length=50)


class AddLocationClosure(Command):
    """The location is closed on these local days, the last included."""

    command_type = "members.add_location_closure"
    location_id: LocationId
    closure_id: ClosureId
    from_date: Day
    until_date: Day
    reason: Short


class RemoveLocationClosure(Command):
    """The location is open on these days after all.

    Doors let clients in again. Classes that were called off stay so, as with ``RemoveClosure``.
    """

    command_type = "members.remove_location_closure"
    closure_id: ClosureId


class GymReferences(Query):
    """Which of these the asker's gym has, and what others need of them: ``KnownReferences``."""

    command_type = "members.gym_references"
    location_ids: tuple[LocationId, ...] = Field(default=(), max_length=100)
    room_ids: tuple[RoomId, ...] = Field(default=(), max_length=100)
    staff_ids: tuple[StaffId, ...] = Field(default=(), max_length=100)


class KnownReferences(BaseModel):
    """Those of the ids asked for that the gym has; what is not named is not there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    currency: str
    """Of the gym; ISO 4217."""
    locations: dict[LocationId, str] = {}
    """To the time zone."""
    rooms: dict[RoomId, LocationId] = {}
    staff: dict[StaffId, int] = {}
    """Who works here, to the version of their stream."""


class GymRegistered(Event):
    """A gym is on the platform."""

    event_type = "members.gym_registered.v1"
    gym_id: GymId
    slug: str
    name: str
    time_zone: str
    currency: str


class GymOwnersChanged(Event):
    """These staff members own the gym now; there is always at least one."""

    event_type = "members.gym_owners_changed.v1"
    owners: tuple[StaffId, ...]


class LocationOpened(Event):
    """The gym has another location."""

    event_type = "members.location_opened.v1"
    location_id: LocationId
    name: str
    time_zone: str


class RoomAdded(Event):
    """A location has another room."""

    event_type = "members.room_added.v1"
    location_id: LocationId
    room_id: RoomId
    name: str
    capacity: int


class OpeningHoursSet(Event):
    """The location is open in these spans of every week, by its wall clock."""

    event_type = "members.opening_hours_set.v1"
    location_id: LocationId
    hours: tuple[OpeningSpan, ...]


class LocationClosureAdded(Event):
    """The location is closed on these local days, the last included."""

    event_type = "members.location_closure_added.v1"
    location_id: LocationId
    closure_id: ClosureId
    from_date: date
    until_date: date
    time_zone: str
    reason: str


class LocationClosureRemoved(Event):
    """The location is open on these days after all."""

    event_type = "members.location_closure_removed.v1"
    location_id: LocationId
    closure_id: ClosureId
