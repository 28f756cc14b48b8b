"""Members' language: gyms, places, staff and clients, and how people prove who they are.

Personal fields are typed ``Sealed`` in events: encrypted with a key per person, unreadable once
that key is destroyed. Commands carry them in clear, over the bus only.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.envelope import Command, Event, Query
from contracts.ids import (
    ClassTypeId,
    ClientId,
    ClosureId,
    GymId,
    LocationId,
    NoteId,
    RoomId,
    StaffId,
)
from contracts.permissions import Role

Sealed = Annotated[str, Field(description="AES-256-GCM under the person's key, base64.")]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$"
    ),
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9 ()./-]{5,32}$")]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])$")]


class MembersCode(StrEnum):
    """Why members refuses. Stable; clients switch on it."""

    FORBIDDEN = "FORBIDDEN"
    GYM_NOT_FOUND = "GYM_NOT_FOUND"
    GYM_ALREADY_REGISTERED = "GYM_ALREADY_REGISTERED"
    SLUG_TAKEN = "SLUG_TAKEN"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    LOCATION_ALREADY_OPEN = "LOCATION_ALREADY_OPEN"
    ROOM_ALREADY_ADDED = "ROOM_ALREADY_ADDED"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    STAFF_ALREADY_HIRED = "STAFF_ALREADY_HIRED"
    LAST_OWNER = "LAST_OWNER"
    NOT_A_STAFF_ROLE = "NOT_A_STAFF_ROLE"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ALREADY_REGISTERED = "CLIENT_ALREADY_REGISTERED"
    CLIENT_ERASED = "CLIENT_ERASED"
    CLOSURE_ALREADY_ADDED = "CLOSURE_ALREADY_ADDED"
    ENDS_BEFORE_IT_STARTS = "ENDS_BEFORE_IT_STARTS"
    HOURS_OVERLAP = "HOURS_OVERLAP"
    NOTE_ALREADY_ADDED = "NOTE_ALREADY_ADDED"
    TOO_MANY_TAGS = "TOO_MANY_TAGS"
    IDENTITY_TAKEN = "IDENTITY_TAKEN"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class AlertLevel(StrEnum):
    """How loud an alert is. A client has at most one of each."""

    RED = "red"
    YELLOW = "yellow"


class OpeningSpan(BaseModel):
    """Open from ``opens`` on this weekday, by the location's wall clock.

    Until ``closes``; a ``closes`` at or before ``opens`` is the next day's.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    weekday: int = Field(ge=1, le=7, description="ISO: Monday is 1.")
    opens: ClockTime
    closes: ClockTime


class Skill(BaseModel):
    """What a staff member is to be qualified for: a class type or something said freely."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    class_type_id: ClassTypeId | None = None
    label: Tag | None = None
    expires_on: date | None = None
    """The last day it is good for; ``None``: it does not expire."""

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.class_type_id is None) == (self.label is None):
            raise ValueError("name a class type or a label, not both")
        return self


class Qualification(BaseModel):
    """A ``Skill`` as it is stored: what was said freely is personal."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    class_type_id: ClassTypeId | None = None
    label: Sealed | None = None
    expires_on: date | None = None


# Commands ---------------------------------------------------------------------------------------


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
    from_date: date
    until_date: date
    reason: Short


class HireStaff(Command):
    """Give a person roles at the gym. With a password they can sign in at once."""

    command_type = "members.hire_staff"
    staff_id: StaffId
    name: Name
    email: Email
    roles: tuple[Role, ...] = Field(min_length=1)
    password: Password | None = None


class ChangeStaffRoles(Command):
    """Give a staff member other roles; none ends their employment."""

    command_type = "members.change_staff_roles"
    staff_id: StaffId
    roles: tuple[Role, ...]


class SetStaffQualifications(Command):
    """What the staff member may teach or do, all of it: what is left out is gone."""

    command_type = "members.set_staff_qualifications"
    staff_id: StaffId
    qualifications: tuple[Skill, ...] = Field(max_length=50)


class RegisterClient(Command):
    """Take a person on as a client. With an e-mail and a password they can sign in."""

    command_type = "members.register_client"
    client_id: ClientId
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    password: Password | None = None


class ChangeClientContact(Command):
    """The client's name, e-mail and phone are these now."""

    command_type = "members.change_client_contact"
    client_id: ClientId
    name: Name
    email: Email | None = None
    phone: Phone | None = None


class AddTag(Command):
    """Tag the client; a tag they have already, letter case aside, stays as it is."""

    command_type = "members.add_tag"
    client_id: ClientId
    tag: Tag


class RemoveTag(Command):
    """Take a tag off the client."""

    command_type = "members.remove_tag"
    client_id: ClientId
    tag: Tag


class AddNote(Command):
    """Keep a note about the client, in the name of who writes it."""

    command_type = "members.add_note"
    client_id: ClientId
    note_id: NoteId
    text: Prose


class SetAlert(Command):
    """Show this wherever the client is shown, instead of an earlier alert of the level."""

    command_type = "members.set_alert"
    client_id: ClientId
    level: AlertLevel
    text: Short


class ClearAlert(Command):
    """The client's alert of this level is no longer true."""

    command_type = "members.clear_alert"
    client_id: ClientId
    level: AlertLevel


class AssignStaff(Command):
    """A staff member looks after the client; nobody in particular without one."""

    command_type = "members.assign_staff"
    client_id: ClientId
    staff_id: StaffId | None = None


class EraseClient(Command):
    """Destroy the person's key: everything personal about them becomes unreadable."""

    command_type = "members.erase_client"
    client_id: ClientId


class LinkIdentity(Command):
    """A person known to an external issuer is this staff member or client: name exactly one."""

    command_type = "members.link_identity"
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=200)
    staff_id: StaffId | None = None
    client_id: ClientId | None = None

    @model_validator(mode="after")
    def _one_person(self) -> Self:
        if (self.staff_id is None) == (self.client_id is None):
            raise ValueError("name a staff member or a client, not both")
        return self


class SignIn(Command):
    """Prove who you are with e-mail and password. Needs no caller identity."""

    command_type = "members.sign_in"
    gym: Slug
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
    password: Annotated[str, StringConstraints(max_length=200)]
    address: str = Field(max_length=64, description="The caller's network address, for limits.")


class RefreshTokens(Command):
    """Exchange a refresh token for new tokens. Used twice, it ends the whole sign-in."""

    command_type = "members.refresh_tokens"
    refresh_token: str = Field(max_length=200)


class SignOut(Command):
    """End the sign-in the refresh token belongs to."""

    command_type = "members.sign_out"
    refresh_token: str = Field(max_length=200)


class Tokens(BaseModel):
    """A sign-in's tokens."""

    model_config = ConfigDict(frozen=True)

    access_token: str
    """ES256 JWT, lives at most 15 minutes."""
    access_expires_at: AwareDatetime
    refresh_token: str
    """Opaque, single use."""
    refresh_expires_at: AwareDatetime


# Queries ----------------------------------------------------------------------------------------


class SigningKeys(Query):
    """The public keys access tokens are verified with, as a JWKS. Answer: ``{"keys": [...]}``."""

    command_type = "members.signing_keys"


class PersonKeys(Query):
    """The keys that open these persons' fields: ``{"keys": {id: base64 | null}}``, null if erased.

    Projections only.
    """

    command_type = "members.person_keys"
    person_ids: tuple[ClientId | StaffId, ...] = Field(max_length=1000)


class ClientStanding(Query):
    """Whether the client exists and may be served: ``{"known": bool}``."""

    command_type = "members.client_standing"
    client_id: ClientId


class PrincipalOf(Query):
    """Who an external identity is at a gym: ``{"gym_id": ..., "actor": ..., "roles": [...]}``.

    All null, and no roles, when the identity is nobody there.
    """

    command_type = "members.principal_of"
    gym: Slug
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=200)


class SignInsStanding(Query):
    """What sign-ins of the caller's gym are worth now: ``{"roles": {sign-in id: [role, ...]}}``.

    One that is over, or is not that person's, has no entry.
    """

    command_type = "members.sign_ins_standing"
    sign_ins: dict[UUID, str] = Field(max_length=500, description="Sign-in id -> actor.")


# Events -----------------------------------------------------------------------------------------


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


class StaffHired(Event):
    """A person works for the gym."""

    event_type = "members.staff_hired.v1"
    staff_id: StaffId
    name: Sealed
    email: Sealed
    roles: tuple[Role, ...]


class StaffRolesChanged(Event):
    """A staff member has these roles now; none means they left."""

    event_type = "members.staff_roles_changed.v1"
    staff_id: StaffId
    roles: tuple[Role, ...]


class StaffIdentityLinked(Event):
    """A staff member may come in with a token of this external issuer."""

    event_type = "members.staff_identity_linked.v1"
    staff_id: StaffId
    issuer: str
    subject: Sealed


class StaffQualificationsSet(Event):
    """What the staff member may teach or do, all of it."""

    event_type = "members.staff_qualifications_set.v1"
    staff_id: StaffId
    qualifications: tuple[Qualification, ...]


class ClientRegistered(Event):
    """The gym has another client."""

    event_type = "members.client_registered.v1"
    client_id: ClientId
    name: Sealed
    email: Sealed | None = None
    phone: Sealed | None = None


class ClientContactChanged(Event):
    """A client's name, e-mail and phone are these now."""

    event_type = "members.client_contact_changed.v1"
    client_id: ClientId
    name: Sealed
    email: Sealed | None = None
    phone: Sealed | None = None


class ClientIdentityLinked(Event):
    """A client may come in with a token of this external issuer."""

    event_type = "members.client_identity_linked.v1"
    client_id: ClientId
    issuer: str
    subject: Sealed


class TagAdded(Event):
    """The client is tagged."""

    event_type = "members.tag_added.v1"
    client_id: ClientId
    tag_id: UUID
    """A keyed hash of the tag, of this client only; as lost as the tag once they are erased."""
    tag: Sealed


class TagRemoved(Event):
    """The client is not tagged so any more."""

    event_type = "members.tag_removed.v1"
    client_id: ClientId
    tag_id: UUID


class NoteAdded(Event):
    """Somebody noted something about the client; the envelope tells who and when."""

    event_type = "members.note_added.v1"
    client_id: ClientId
    note_id: NoteId
    note: Sealed


class AlertSet(Event):
    """The client has this alert of the level, and no other."""

    event_type = "members.alert_set.v1"
    client_id: ClientId
    level: AlertLevel
    alert: Sealed


class AlertCleared(Event):
    """The client has no alert of the level any more."""

    event_type = "members.alert_cleared.v1"
    client_id: ClientId
    level: AlertLevel


class StaffAssigned(Event):
    """A staff member looks after the client; ``None``: nobody in particular."""

    event_type = "members.staff_assigned.v1"
    client_id: ClientId
    staff_id: StaffId | None = None


class PersonalDataErased(Event):
    """The person's key is destroyed; read models and caches must forget them."""

    event_type = "members.personal_data_erased.v1"
    client_id: ClientId
