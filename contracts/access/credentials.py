"""Credentials: cards and the like, issued, activated, suspended, revoked."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.envelope import Command, Event
from contracts.ids import (
    ClientId,
    CredentialId,
    StaffId,
)


class CredentialKind(StrEnum):
    """What is held to the reader."""

    MOBILE = "mobile"
    CARD = "card"


Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a credential's token in hex. The token itself, 256 random bits, reaches no service."""


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
