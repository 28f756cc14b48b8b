"""A door asked to open, and what it decided."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.access.codes import DenialReason
from contracts.access.credentials import Digest
from contracts.access.grants import AccessGrantKind
from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    CredentialId,
    DoorId,
    EntryId,
    LocationId,
    SessionId,
    StaffId,
)


class RequestEntry(Command):
    """May they enter? The holder of a token, a client, or, with neither, the staff who asks."""

    command_type = "access.request_entry"
    entry_id: EntryId
    door_id: DoorId
    client_id: ClientId | None = None
    token_digest: Digest | None = None


class EntryFacts(BaseModel):
    """What a decision rested on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    credential: str | None = None
    """The credential's status; ``None`` when none was shown."""
    next_grant_from: AwareDatetime | None = None
    """When the next grant at this door becomes valid."""
    last_grant_until: AwareDatetime | None = None
    """When the last one ended."""
    lockdown: str | None = None
    """Why doors are locked."""
    banned_until: AwareDatetime | None = None
    """When a ban ends; ``None`` without one, or until it is lifted."""
    closed_until: AwareDatetime | None = None
    """When the location opens again that is closed this day."""
    closed_for: str | None = None
    """Why it is closed."""


class EntryOutcome(BaseModel):
    """What the door does."""

    model_config = ConfigDict(frozen=True)

    entry_id: EntryId
    granted: bool
    reason: DenialReason | None = None
    client_id: ClientId | None = None
    session_id: SessionId | None = None
    facts: EntryFacts = EntryFacts()


class AccessGranted(Event):
    """A door opened for somebody who may enter."""

    event_type = "access.access_granted.v1"
    entry_id: EntryId
    door_id: DoorId
    location_id: LocationId
    client_id: ClientId | None
    staff_id: StaffId | None
    credential_id: CredentialId | None
    grant_kind: AccessGrantKind
    grant_id: UUID
    session_id: SessionId | None = None
    """Of a class grant."""
    facts: EntryFacts = EntryFacts()


class AccessDenied(Event):
    """A door stayed shut."""

    event_type = "access.access_denied.v1"
    entry_id: EntryId
    door_id: DoorId
    location_id: LocationId
    client_id: ClientId | None
    staff_id: StaffId | None
    credential_id: CredentialId | None
    reason: DenialReason
    facts: EntryFacts = EntryFacts()
