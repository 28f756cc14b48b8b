"""Access's language: doors, credentials, who may enter when, and what a door decided.

Instants are UTC; a grant is valid in [valid_from, valid_until], both ends included.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    CredentialId,
    DoorId,
    EntryId,
    LocationId,
    ReservationId,
    SessionId,
    StaffId,
)


class AccessCode(StrEnum):
    """Why access refuses a command. A door that stays shut is no refusal but an answer."""

    FORBIDDEN = "FORBIDDEN"
    DOOR_NOT_FOUND = "DOOR_NOT_FOUND"
    ALREADY_ADDED = "ALREADY_ADDED"
    INVALID_HOURS = "INVALID_HOURS"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    IN_LOCKDOWN = "IN_LOCKDOWN"
    NOT_IN_LOCKDOWN = "NOT_IN_LOCKDOWN"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    WHO_IS_UNCLEAR = "WHO_IS_UNCLEAR"
    CREDENTIAL_NOT_FOUND = "CREDENTIAL_NOT_FOUND"
    ALREADY_ISSUED = "ALREADY_ISSUED"
    CREDENTIAL_NOT_PENDING = "CREDENTIAL_NOT_PENDING"
    CREDENTIAL_NOT_ACTIVE = "CREDENTIAL_NOT_ACTIVE"
    CREDENTIAL_NOT_SUSPENDED = "CREDENTIAL_NOT_SUSPENDED"
    CREDENTIAL_REVOKED = "CREDENTIAL_REVOKED"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ALREADY_GRANTED = "ALREADY_GRANTED"
    ENDS_BEFORE_IT_STARTS = "ENDS_BEFORE_IT_STARTS"
    ALREADY_REQUESTED = "ALREADY_REQUESTED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class DenialReason(StrEnum):
    """Why a door stays shut. The first that holds, in the order of the checks."""

    UNKNOWN_CREDENTIAL = "unknown_credential"
    CREDENTIAL_SUSPENDED = "credential_suspended"
    BANNED = "banned"
    OUTSIDE_HOURS = "outside_hours"
    WAIVER_MISSING = "waiver_missing"
    ON_HOLD = "on_hold"
    PAST_DUE = "past_due"
    MEMBERSHIP_ENDED = "membership_ended"
    NO_RESERVATION = "no_reservation"
    NO_GRANT = "no_grant"
    LOCKDOWN = "lockdown"


class Impediment(StrEnum):
    """What keeps a client out whatever they were granted."""

    BANNED = "banned"
    WAIVER_MISSING = "waiver_missing"
    ON_HOLD = "on_hold"
    PAST_DUE = "past_due"


class AccessGrantKind(StrEnum):
    """Why somebody may enter."""

    CLASS = "class"
    """A reservation, around its session."""
    MEMBERSHIP = "membership"
    """As long as it is valid, in the door's hours."""
    STAFF = "staff"
    """Always."""


class CredentialKind(StrEnum):
    """What is held to the reader."""

    MOBILE = "mobile"
    CARD = "card"


ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a credential's token in hex. The token itself, 256 random bits, reaches no service."""


class OpenHours(BaseModel):
    """One span of a week in which a door opens for clients: [opens, closes) by wall clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    weekday: int = Field(ge=1, le=7, description="ISO: Monday is 1.")
    opens: ClockTime = "06:00"
    closes: ClockTime = "22:00"


# Commands ---------------------------------------------------------------------------------------


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


class IssueCredential(Command):
    """Give a client or a staff member something to hold to the reader."""

    command_type = "access.issue_credential"
    credential_id: CredentialId
    client_id: ClientId | None = None
    staff_id: StaffId | None = None
    kind: CredentialKind = CredentialKind.MOBILE
    token_digest: Digest
    activate: bool = True
    """False: it opens nothing until it is activated, as a card in the post."""


class ActivateCredential(Command):
    """The credential is in the right hands."""

    command_type = "access.activate_credential"
    credential_id: CredentialId


class SuspendCredential(Command):
    """The credential opens nothing for now."""

    command_type = "access.suspend_credential"
    credential_id: CredentialId
    reason: str = Field(default="", max_length=200)


class ReinstateCredential(Command):
    """A suspended credential opens doors again."""

    command_type = "access.reinstate_credential"
    credential_id: CredentialId


class RevokeCredential(Command):
    """The credential never opens anything again."""

    command_type = "access.revoke_credential"
    credential_id: CredentialId
    reason: str = Field(default="", max_length=200)


class GrantEntry(Command):
    """Let the client enter from now, or from ``valid_from``, in the doors' hours."""

    command_type = "access.grant_entry"
    client_id: ClientId
    grant_id: UUID
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    """``None``: until it is ended."""


class EndGrant(Command):
    """The client may no longer enter by this grant."""

    command_type = "access.end_grant"
    client_id: ClientId
    grant_id: UUID


class SetImpediment(Command):
    """Keep the client out for this reason, or no longer."""

    command_type = "access.set_impediment"
    client_id: ClientId
    impediment: Impediment
    present: bool = True


class RequestEntry(Command):
    """May they enter? The holder of a token, a client, or, with neither, the staff who asks."""

    command_type = "access.request_entry"
    entry_id: EntryId
    door_id: DoorId
    client_id: ClientId | None = None
    token_digest: Digest | None = None


class HearClass(Command):
    """Booking tells when a session is. ``version`` is that of its stream: the newest counts."""

    command_type = "access.hear_class"
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: LocationId | None = None
    """``None``: where it was."""
    version: int


class HearReservation(Command):
    """Booking tells whether a reservation stands. ``version`` is that of the session's stream."""

    command_type = "access.hear_reservation"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    stands: bool
    version: int


class HearClient(Command):
    """Members tells that a client is known, or erased."""

    command_type = "access.hear_client"
    client_id: ClientId
    erased: bool = False


class HearStaff(Command):
    """Members tells whether somebody works here. ``version`` is that of their stream."""

    command_type = "access.hear_staff"
    staff_id: StaffId
    works: bool
    version: int


# Results ----------------------------------------------------------------------------------------


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


class EntryOutcome(BaseModel):
    """What the door does."""

    model_config = ConfigDict(frozen=True)

    entry_id: EntryId
    granted: bool
    reason: DenialReason | None = None
    client_id: ClientId | None = None
    session_id: SessionId | None = None
    facts: EntryFacts = EntryFacts()


# Events -----------------------------------------------------------------------------------------


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


class CredentialIssued(Event):
    """Somebody has a credential; pending, it opens nothing yet."""

    event_type = "access.credential_issued.v1"
    credential_id: CredentialId
    client_id: ClientId | None
    staff_id: StaffId | None
    kind: CredentialKind


class TokenBound(Event):
    """On the stream named by a token's digest: whose token it is."""

    event_type = "access.token_bound.v1"
    credential_id: CredentialId


class HolderEquipped(Event):
    """On the holder's stream: they have this credential."""

    event_type = "access.holder_equipped.v1"
    client_id: ClientId | None
    staff_id: StaffId | None
    credential_id: CredentialId


class CredentialActivated(Event):
    """The credential opens doors."""

    event_type = "access.credential_activated.v1"
    credential_id: CredentialId


class CredentialSuspended(Event):
    """The credential opens nothing for now."""

    event_type = "access.credential_suspended.v1"
    credential_id: CredentialId
    reason: str


class CredentialReinstated(Event):
    """The credential opens doors again."""

    event_type = "access.credential_reinstated.v1"
    credential_id: CredentialId


class CredentialRevoked(Event):
    """The credential never opens anything again."""

    event_type = "access.credential_revoked.v1"
    credential_id: CredentialId
    reason: str


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


class GrantMoved(Event):
    """The session moved, and with it when, or where, the client may enter."""

    event_type = "access.grant_moved.v1"
    client_id: ClientId
    grant_id: UUID
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    location_id: LocationId | None = None


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


class ClientHeard(Event):
    """The gym knows the client, or has erased them."""

    event_type = "access.client_heard.v1"
    client_id: ClientId
    erased: bool


class StaffHeard(Event):
    """Somebody works here, or no longer does. Who does may enter always."""

    event_type = "access.staff_heard.v1"
    staff_id: StaffId
    works: bool
    version: int
    """Of their stream in members."""


class ClassHeard(Event):
    """When and where a session is."""

    event_type = "access.class_heard.v1"
    session_id: SessionId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: LocationId | None
    version: int
    """Of its stream in booking."""


class ReservationHeard(Event):
    """A reservation of the session stands, or no longer does."""

    event_type = "access.reservation_heard.v1"
    session_id: SessionId
    client_id: ClientId
    reservation_id: ReservationId
    stands: bool
    version: int
    """Of the session's stream in booking."""


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
