"""Gym: the tenant, its places, and who owns it.

Keeps      at least one owner once registered; a room belongs to an open location
Stream     ``gym-{gym_id}``
Source     docs/rules.md, People
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, Refused
from contracts.ids import ClosureId, GymId, LocationId, RoomId, StaffId
from contracts.members import (
    AddRoom,
    GymOwnersChanged,
    GymRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    MembersCode,
    OpeningHoursSet,
    OpenLocation,
    RegisterGym,
    RoomAdded,
)
from contracts.times import time_zones

GymEvent: TypeAlias = (
    GymRegistered | GymOwnersChanged | LocationOpened | RoomAdded | OpeningHoursSet
    | LocationClosureAdded | LocationClosureRemoved
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gym:
    """What the past has made of the gym."""

    gym_id: GymId | None = None  # None until registered
    slug: str = ""
    currency: str = ""
    owners: frozenset[StaffId] = frozenset()
    locations: Mapping[LocationId, str] = field(default_factory=dict)  # to its time zone
    rooms: Mapping[RoomId, LocationId] = field(default_factory=dict)
    closures: Mapping[ClosureId, LocationId | None] = field(default_factory=dict)  # None: removed


def evolve(state: Gym, event: GymEvent) -> Gym:
    match event:
        case GymRegistered():
            return replace(state, gym_id=event.gym_id, slug=event.slug, currency=event.currency)
        case GymOwnersChanged(owners=owners):
            return replace(state, owners=frozenset(owners))
        case LocationOpened(location_id=location, time_zone=zone):
            return replace(state, locations={**state.locations, location: zone})
        case RoomAdded(room_id=room, location_id=location):
            return replace(state, rooms={**state.rooms, room: location})
        case OpeningHoursSet():
            return state
        case LocationClosureAdded(closure_id=closure) | LocationClosureRemoved(closure_id=closure):
            where = event.location_id if isinstance(event, LocationClosureAdded) else None
            return replace(state, closures={**state.closures, closure: where})
    assert_never(event)


gym: Aggregate[Gym, GymEvent] = Aggregate("gym", Gym(), evolve)


def register(state: Gym, command: RegisterGym) -> Sequence[GymEvent]:
    """The gym is on the platform, owned by its first owner."""
    if state.gym_id is not None:
        raise Refused(MembersCode.GYM_ALREADY_REGISTERED, "This gym is already registered.")
    must_know_zone(command.time_zone)
    return [
        GymRegistered(
            gym_id=command.gym_id,
            slug=command.slug,
            name=command.name,
            time_zone=command.time_zone,
            currency=command.currency,
        ),
        GymOwnersChanged(owners=(command.owner_id,)),
    ]


def open_location(state: Gym, command: OpenLocation) -> Sequence[GymEvent]:
    """The gym has another location, in its own time zone."""
    _must_be_registered(state)
    if command.location_id in state.locations:
        raise Refused(MembersCode.LOCATION_ALREADY_OPEN, "This location is already open.")
    must_know_zone(command.time_zone)
    return [
        LocationOpened(
            location_id=command.location_id, name=command.name, time_zone=command.time_zone
        )
    ]


def add_room(state: Gym, command: AddRoom) -> Sequence[GymEvent]:
    """A location has another room."""
    zone_of(state, command.location_id)
    if command.room_id in state.rooms:
        raise Refused(MembersCode.ROOM_ALREADY_ADDED, "This room is already there.")
    return [RoomAdded(**command.model_dump())]


def change_ownership(
    state: Gym, staff_id: StaffId, *, owns: bool, by_owner: bool
) -> Sequence[GymEvent]:
    """``staff_id`` is an owner from now on, or no longer; nothing when it is so already.

    Every change of owners is recorded here, in one stream, so that two owners who remove each
    other at the same moment cannot both succeed.
    """
    _must_be_registered(state)
    owners = state.owners | {staff_id} if owns else state.owners - {staff_id}
    if owners == state.owners:
        return []
    if not by_owner:
        raise Refused(MembersCode.FORBIDDEN, "Only an owner makes or unmakes owners.")
    if not owners:
        raise Refused(MembersCode.LAST_OWNER, "A gym keeps at least one owner.", field="roles")
    return [GymOwnersChanged(owners=tuple(sorted(owners)))]


def zone_of(state: Gym, location_id: LocationId) -> str:
    """The time zone of an open location. Raises ``Refused``."""
    _must_be_registered(state)
    if location_id not in state.locations:
        raise Refused(
            MembersCode.LOCATION_NOT_FOUND, "There is no such location.", field="location_id"
        )
    return state.locations[location_id]


def must_know_zone(name: str) -> None:
    """Raises ``Refused`` unless ``name`` is an IANA time zone."""
    if name not in time_zones():
        raise Refused(
            MembersCode.UNKNOWN_TIME_ZONE, f"There is no time zone {name}.", field="time_zone"
        )


def _must_be_registered(state: Gym) -> None:
    if state.gym_id is None:
        raise Refused(MembersCode.GYM_NOT_FOUND, "There is no such gym.")
