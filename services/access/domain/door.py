"""Door: where it is and when it opens for clients; lockdowns and closures of a location.

Keeps      a door without hours is open at all hours but on days its location is closed; staff are
           not bound by either
Stream     ``door-{door_id}``; ``premises-{location_id}``, ``premises-{gym_id}`` of the whole gym
Source     docs/rules.md, Doors
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from chassis.decider import Aggregate, Refused
from contracts.access import (
    AccessCode,
    AddDoor,
    ClosureHeard,
    ClosureRemovalHeard,
    DoorAdded,
    DoorScheduleSet,
    EndLockdown,
    HearClosure,
    HearClosureRemoved,
    HearLocation,
    LocationKnown,
    LockdownEnded,
    LockdownStarted,
    OpenHours,
    SetDoorSchedule,
    StartLockdown,
)
from contracts.ids import ClosureId, LocationId
from contracts.times import time_zones

DoorEvent: TypeAlias = DoorAdded | DoorScheduleSet
ClosureEvent: TypeAlias = ClosureHeard | ClosureRemovalHeard
PremisesEvent: TypeAlias = ClosureEvent | LocationKnown | LockdownStarted | LockdownEnded

END_OF_DAY = "24:00"


@dataclass(frozen=True, slots=True)
class Door:
    """What the past has made of a door; without a location there is none."""

    location_id: LocationId | None = None
    time_zone: str = "UTC"
    hours: tuple[OpenHours, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether clients may enter at ``now`` by the door's hours."""
        return within(self.hours, self.time_zone, now)


def _evolve_door(state: Door, event: DoorEvent) -> Door:
    if isinstance(event, DoorAdded):
        return replace(state, location_id=event.location_id)
    return replace(state, time_zone=event.time_zone, hours=event.hours)


door: Aggregate[Door, DoorEvent] = Aggregate("door", Door(), _evolve_door)


def add_door(state: Door, command: AddDoor) -> list[DoorEvent]:
    """A location has a door we decide on."""
    if state.location_id is not None:
        raise Refused(AccessCode.ALREADY_ADDED, "This door is there already.", field="door_id")
    added = DoorAdded(
        door_id=command.door_id, location_id=command.location_id, name=command.name
    )  # fmt: skip
    return [added]


def set_schedule(state: Door, command: SetDoorSchedule) -> list[DoorEvent]:
    """When the door opens for clients."""
    location_of(state)
    must_be_hours(command.hours, command.time_zone)
    if (command.time_zone, command.hours) == (state.time_zone, state.hours):
        return []
    return [
        DoorScheduleSet(
            door_id=command.door_id, time_zone=command.time_zone, hours=command.hours
        )
    ]  # fmt: skip


def location_of(state: Door) -> LocationId:
    """Where the door is. Raises ``Refused`` when there is none."""
    if state.location_id is None:
        raise Refused(AccessCode.DOOR_NOT_FOUND, "There is no such door.", field="door_id")
    return state.location_id


def must_be_hours(hours: Iterable[OpenHours], time_zone: str) -> None:
    """Raise ``Refused`` unless the zone exists and each span ends after it begins."""
    if time_zone not in time_zones():
        raise Refused(AccessCode.UNKNOWN_TIME_ZONE, "No such time zone.", field="time_zone")
    if any(span.closes <= span.opens or span.opens == END_OF_DAY for span in hours):
        raise Refused(AccessCode.INVALID_HOURS, "Hours end after they begin.", field="hours")


def within(hours: Sequence[OpenHours], time_zone: str, now: datetime) -> bool:
    """Whether ``now`` is within any of the spans, by the zone's clock; always without any."""
    local = now.astimezone(ZoneInfo(time_zone))
    return not hours or any(_covers(span, local) for span in hours)


def _covers(span: OpenHours, local: datetime) -> bool:
    """By wall clock: an hour that happens twice is open twice, one left out is not."""
    if local.isoweekday() != span.weekday or _time(span.opens) > local.time():
        return False
    return span.closes == END_OF_DAY or local.time() < _time(span.closes)


def _time(text: str) -> time:
    return (datetime.min.replace(tzinfo=UTC) + timedelta(
        hours=int(text[:2]), minutes=int(text[3:])
    )).time()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Closed:
    """A span in which the location is closed. Instants are UTC, the end is not in it."""

    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Premises:
    """A location, or the whole gym: where its clocks are, whether it is locked down or closed."""

    lockdown: str | None = None
    """Why its doors are locked."""
    time_zone: str | None = None
    """IANA, of a location; ``None``: not heard yet."""
    closures: Mapping[ClosureId, Closed] = field(default_factory=dict)
    removed: frozenset[ClosureId] = frozenset()
    """Closures that were taken back, heard of or not."""

    def closed_at(self, now: datetime) -> Closed | None:
        """The closure ``now`` falls into, of several the one that lasts longest."""
        found = [one for one in self.closures.values() if one.starts_at <= now < one.ends_at]
        return max(found, key=lambda one: one.ends_at, default=None)


def _evolve_premises(state: Premises, event: PremisesEvent) -> Premises:
    match event:
        case LocationKnown():
            return replace(state, time_zone=event.time_zone)
        case ClosureHeard():
            closed = Closed(event.starts_at, event.ends_at, event.reason)
            return replace(state, closures={**state.closures, event.closure_id: closed})
        case ClosureRemovalHeard(closure_id=gone):
            left = {one: closed for one, closed in state.closures.items() if one != gone}
            return replace(state, closures=left, removed=state.removed | {gone})
        case LockdownStarted():
            return replace(state, lockdown=event.reason)
        case LockdownEnded():
            return replace(state, lockdown=None)


premises: Aggregate[Premises, PremisesEvent] = Aggregate("premises", Premises(), _evolve_premises)


def must_be_local(state: Premises, time_zone: str) -> None:
    """Raise ``Refused(OTHER_TIME_ZONE)`` when the location's clocks are known to be elsewhere."""
    if state.time_zone not in (None, time_zone):
        raise Refused(
            AccessCode.OTHER_TIME_ZONE, "The location is in another time zone.",
            field="time_zone", time_zone=state.time_zone,
        )  # fmt: skip


def hear_location(state: Premises, command: HearLocation) -> list[PremisesEvent]:
    """The gym has the location; once is enough."""
    if state.time_zone is not None:
        return []
    return [LocationKnown(location_id=command.location_id, time_zone=command.time_zone)]


def hear_closure(state: Premises, command: HearClosure) -> list[PremisesEvent]:
    """The location is closed from one local midnight to another; once is enough."""
    if command.closure_id in state.closures or command.closure_id in state.removed:
        return []
    local = ZoneInfo(command.time_zone)
    after = command.until_date + timedelta(days=1)
    starts_at, ends_at = (
        datetime.combine(day, time(), tzinfo=local).astimezone(UTC)
        for day in (command.from_date, after)
    )
    return [
        ClosureHeard(
            closure_id=command.closure_id, location_id=command.location_id, starts_at=starts_at,
            ends_at=ends_at, reason=command.reason,
        )
    ]  # fmt: skip


def hear_closure_removed(state: Premises, command: HearClosureRemoved) -> list[PremisesEvent]:
    """The location is open then after all; also when that it was closed is heard later."""
    if command.closure_id in state.removed:
        return []
    return [ClosureRemovalHeard(closure_id=command.closure_id, location_id=command.location_id)]


def start_lockdown(state: Premises, command: StartLockdown) -> list[PremisesEvent]:
    """No door opens."""
    if state.lockdown is not None:
        raise Refused(AccessCode.IN_LOCKDOWN, "The doors are locked down.", field="location_id")
    return [LockdownStarted(location_id=command.location_id, reason=command.reason)]


def end_lockdown(state: Premises, command: EndLockdown) -> list[PremisesEvent]:
    """Doors open again."""
    if state.lockdown is None:
        raise Refused(
            AccessCode.NOT_IN_LOCKDOWN, "The doors are not locked down.", field="location_id"
        )
    return [LockdownEnded(location_id=command.location_id)]
