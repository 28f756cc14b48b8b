"""Who may enter when, and what stands in their way."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.access.codes import Impediment
from contracts.access.doors import OpenHours
from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    LocationId,
    SessionId,
)
from contracts.times import Instant


class AccessGrantKind(StrEnum):
    """Why somebody may enter."""

    CLASS = "class"
    """A reservation, around its session."""
    MEMBERSHIP = "membership"
    """As long as it is valid, in the door's hours."""
    STAFF = "staff"
    """Always."""


class GrantEntry(Command):
    """Let the client enter from now, or from ``valid_from``, in the doors' hours."""

    command_type = "access.grant_entry"
    client_id: ClientId
    grant_id: UUID
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    """``None``: until it is ended."""
    location_ids: tuple[LocationId, ...] = Field(default=(), max_length=100)
    """At their doors; empty at all."""
    hours: tuple[OpenHours, ...] = Field(default=(), max_length=50)
    """Within any of them, such as off-peak, besides the doors' own; empty always."""
    time_zone: str = Field(default="UTC", max_length=64)
    """IANA zone of ``hours``."""


class EndEntryGrant(Command):
    """The client may no longer enter by this grant."""

    command_type = "access.end_entry_grant"
    client_id: ClientId
    grant_id: UUID


class SetImpediment(Command):
    """Keep the client out for this reason, or no longer."""

    command_type = "access.set_impediment"
    client_id: ClientId
    impediment: Impediment
    present: bool = True


class GrantOpened(Event):
    """The client may enter in [valid_from, valid_until]; written ahead of time."""

    event_type = "access.grant_opened.v1"
    client_id: ClientId
    grant_id: UUID
    """Of a class grant the reservation's id."""
    kind: AccessGrantKind
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None
    location_id: LocationId | None = None
    """``None``: any door of the gym."""
    session_id: SessionId | None = None
    given_at: AwareDatetime
    waiver_required: bool = False
    """It lets in only who accepted the waiver."""
    location_ids: tuple[LocationId, ...] = ()
    """Of a membership grant: at their doors; empty at all."""
    hours: tuple[OpenHours, ...] = ()
    time_zone: str = "UTC"


class GrantMoved(Event):
    """The session moved, and with it when, or where, the client may enter."""

    event_type = "access.grant_moved.v1"
    client_id: ClientId
    grant_id: UUID
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    location_id: LocationId | None = None
    waiver_required: bool = False


class GrantClosed(Event):
    """The client may no longer enter by this grant."""

    event_type = "access.grant_closed.v1"
    client_id: ClientId
    grant_id: UUID
    closed_at: AwareDatetime


class ImpedimentSet(Event):
    """The client is kept out for this reason."""

    event_type = "access.impediment_set.v1"
    client_id: ClientId
    impediment: Impediment


class ImpedimentCleared(Event):
    """The client is no longer kept out for this reason."""

    event_type = "access.impediment_cleared.v1"
    client_id: ClientId
    impediment: Impediment
