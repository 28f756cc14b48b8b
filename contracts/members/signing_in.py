"""How people prove who they are, and who is still signed in."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.envelope import Command, Event, Query
from contracts.ids import (
    ClientId,
    StaffId,
)
from contracts.members.words import Sealed, Slug


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


class StaffIdentityLinked(Event):
    """A staff member may come in with a token of this external issuer."""

    event_type = "members.staff_identity_linked.v1"
    staff_id: StaffId
    issuer: str
    subject: Sealed


class ClientIdentityLinked(Event):
    """A client may come in with a token of this external issuer."""

    event_type = "members.client_identity_linked.v1"
    client_id: ClientId
    issuer: str
    subject: Sealed
