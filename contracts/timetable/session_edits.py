"""What a session is, apart from when, where and by whom: its name, its seats, what it asks."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.envelope import Command, Event
from contracts.ids import ClassTypeId, ProgramId, SessionId
from contracts.timetable.session_changes import NewDeadline
from contracts.timetable.words import Name


class SessionPart(StrEnum):
    """What can be said for one session alone; changes of its series then leave it."""

    TIME = "time"
    ROOM = "room"
    INSTRUCTOR = "instructor"
    TITLE = "title"
    SEATS = "seats"
    """Capacity, online capacity and spot map, which go together."""
    WAIVER = "waiver"
    RULES = "rules"
    """What it does differently from the gym's policy."""


class ChangeSession(Command):
    """Say of one session what it is called, asks and does differently; ``None`` leaves as it is."""

    command_type = "booking.change_session"
    session_id: SessionId
    title: Name | None = None
    online_capacity: int | None = Field(default=None, ge=0, le=500)
    """Most seats clients may take themselves; the capacity or more is all of them."""
    spots: tuple[str, ...] | None = Field(default=None, max_length=500)
    """The whole map; empty takes it away. Spots that somebody has stay in it."""
    waiver_required: bool | None = None
    overrides: PolicyOverrides | None = None
    """All of them, on the policy in force now; empty is as the class type does. Nobody's time to
    give up a seat is shortened by it."""


class SessionChanged(Event):
    """What the session is from now on, by itself or with its series."""

    event_type = "booking.session_changed.v1"
    session_id: SessionId
    title: str
    class_type_id: ClassTypeId | None = None
    program_id: ProgramId | None = None
    online_capacity: int | None = None
    spots: tuple[str, ...] = ()
    waiver_required: bool = False
    policy: BookingPolicy
    """That it was planned under, or of the class type it has now."""
    gym_policy_version: int
    booking_opens_at: AwareDatetime
    booking_closes_at: AwareDatetime
    deadlines: tuple[NewDeadline, ...] = ()
    own: tuple[SessionPart, ...] = ()
    """What was said for this session alone."""
    overrides: PolicyOverrides = PolicyOverrides()
    """Part of ``policy``."""
    class_type_overrides: PolicyOverrides | None = None
    """Of its class type when ``policy`` was made, part of it; ``None`` before it was told."""
