"""Doors, their hours, and lockdowns."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import Command, Event
from contracts.ids import (
    DoorId,
    LocationId,
)

ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class OpenHours(BaseModel):
    """One span of a week in which a door opens for clients: [opens, closes) by wall clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    weekday: int = Field(ge=1, le=7, description="ISO: Monday is 1.")
    opens: ClockTime = "06:00"
    closes: ClockTime = "22:00"


class AddDoor(Command):
    """A location has a door we decide on."""

    command_type = "access.add_door"
    door_id: DoorId
    location_id: LocationId
    name: str = Field(min_length=1, max_length=80)


class SetDoorSchedule(Command):
    """When the door opens for clients; without hours it always does. Staff may enter any time."""

    command_type = "access.set_door_schedule"
    door_id: DoorId
    time_zone: str = Field(max_length=64, description="IANA zone of the location.")
    hours: tuple[OpenHours, ...] = Field(default=(), max_length=50)


class StartLockdown(Command):
    """No door of the location, or of the whole gym, opens for anybody."""

    command_type = "access.start_lockdown"
    location_id: LocationId | None = None
    """``None``: the whole gym."""
    reason: str = Field(min_length=1, max_length=200)


class EndLockdown(Command):
    """Doors open again for whoever may enter."""

    command_type = "access.end_lockdown"
    location_id: LocationId | None = None


class DoorAdded(Event):
    """A location has a door we decide on."""

    event_type = "access.door_added.v1"
    door_id: DoorId
    location_id: LocationId
    name: str


class DoorScheduleSet(Event):
    """The door opens for clients in these hours; without any, always."""

    event_type = "access.door_schedule_set.v1"
    door_id: DoorId
    time_zone: str
    hours: tuple[OpenHours, ...]


class LockdownStarted(Event):
    """No door of the location, or of the whole gym, opens."""

    event_type = "access.lockdown_started.v1"
    location_id: LocationId | None
    reason: str


class LockdownEnded(Event):
    """Doors open again for whoever may enter."""

    event_type = "access.lockdown_ended.v1"
    location_id: LocationId | None
