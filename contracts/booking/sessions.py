"""Class sessions: scheduled, resized, called off."""

from pydantic import AwareDatetime, BaseModel, Field

from contracts.booking.policy import BookingPolicy, PolicyOverrides
from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    LocationId,
    ProgramId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)
from contracts.times import Instant


class SessionPlan(BaseModel):
    """What the gym says of a session it plans."""

    session_id: SessionId
    title: str = Field(min_length=1, max_length=80)
    location_id: LocationId
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    starts_at: Instant
    ends_at: Instant
    time_zone: str = Field(max_length=64, description="IANA zone of the location.")
    capacity: int = Field(ge=1, le=500, description="People.")
    online_capacity: int | None = Field(default=None, ge=0, le=500)
    """Most seats clients may take themselves; ``None`` all of them."""
    spots: tuple[str, ...] = Field(default=(), max_length=500)
    """Labels of the spots to choose from, such as bikes; empty without a spot map."""
    waiver_required: bool = False
    class_type_id: ClassTypeId | None = None
    overrides: PolicyOverrides = PolicyOverrides()
    """What this session does differently from its class type and the gym."""


class ScheduleSession(Command, SessionPlan):
    """Put a class session on the calendar."""

    command_type = "booking.schedule_session"
    policy: BookingPolicy | None = None
    """To override; ``None``: the gym's policy in force, as the class type overrides it."""


class ChangeCapacity(Command):
    """Give the session another capacity. Below what is reserved nobody is removed."""

    command_type = "booking.change_capacity"
    session_id: SessionId
    capacity: int = Field(ge=1, le=500)


class CancelSession(Command):
    """The gym calls the session off: every credit goes back, nobody pays a fee."""

    command_type = "booking.cancel_session"
    session_id: SessionId
    reason: str = Field(min_length=1, max_length=200)


class SessionScheduled(Event):
    """A session stands on the calendar, under this version of the booking policy."""

    event_type = "booking.session_scheduled.v1"
    session_id: SessionId
    title: str
    location_id: LocationId
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: str
    capacity: int
    booking_opens_at: AwareDatetime
    booking_closes_at: AwareDatetime
    policy: BookingPolicy
    online_capacity: int | None = None
    spots: tuple[str, ...] = ()
    waiver_required: bool = False
    program_id: ProgramId | None = None
    class_type_id: ClassTypeId | None = None
    schedule_id: ScheduleId | None = None
    """The series it is an occurrence of."""
    gym_policy_version: int | None = None
    """Of the gym's rules in force then; ``None`` that of ``policy``. A session may have its own."""
    was_draft: bool = False
    """It had been planned before it was put on the calendar."""
    overrides: PolicyOverrides = PolicyOverrides()
    """Of the session or its series, part of ``policy``."""
    class_type_overrides: PolicyOverrides | None = None
    """Of its class type then, part of ``policy`` too; ``None`` before it was told."""


class CapacityChanged(Event):
    """The session has room for more, or fewer, people."""

    event_type = "booking.capacity_changed.v1"
    session_id: SessionId
    capacity: int
    previous: int
    by_series: bool = False
    """True when the whole series changed."""
    policy_version: int = 0
    """0 of changes before it was told."""


class SessionCancelled(Event):
    """The gym called the session off."""

    event_type = "booking.session_cancelled.v1"
    session_id: SessionId
    reason: str
