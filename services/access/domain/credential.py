"""Credential: what somebody holds to the reader, from issue to revocation.

Keeps      pending -> active <-> suspended -> revoked, and from every state to revoked, for good
Stream     ``credential-{credential_id}``; ``token-{first half of the token's digest}`` names it
Source     docs/rules.md, Doors
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from chassis.decider import Aggregate, Refused
from contracts.access import (
    AccessCode,
    ActivateCredential,
    CredentialActivated,
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    IssueCredential,
    ReinstateCredential,
    RevokeCredential,
    SuspendCredential,
    TokenBound,
)
from contracts.ids import ClientId, CredentialId, StaffId

CredentialEvent: TypeAlias = (
    CredentialIssued
    | CredentialActivated
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRevoked
)


class Status(StrEnum):
    """Where a credential stands."""

    ABSENT = "absent"
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Credential:
    """Whose it is, and where it stands."""

    status: Status = Status.ABSENT
    client_id: ClientId | None = None
    staff_id: StaffId | None = None


def _evolve(state: Credential, event: CredentialEvent) -> Credential:
    match event:
        case CredentialIssued():
            return Credential(Status.PENDING, event.client_id, event.staff_id)
        case CredentialActivated() | CredentialReinstated():
            return replace(state, status=Status.ACTIVE)
        case CredentialSuspended():
            return replace(state, status=Status.SUSPENDED)
        case CredentialRevoked():
            return replace(state, status=Status.REVOKED)


credential: Aggregate[Credential, CredentialEvent] = Aggregate("credential", Credential(), _evolve)

token: Aggregate[CredentialId | None, TokenBound] = Aggregate(
    "token", None, lambda _, bound: bound.credential_id
)
"""The credential a token belongs to."""


def token_id(digest: str) -> UUID:
    """The token's stream: 128 bits of its digest, which nobody finds a second token for."""
    return UUID(hex=digest[:32])


def issue(state: Credential, command: IssueCredential) -> list[CredentialEvent]:
    """Give somebody a credential."""
    if state.status is not Status.ABSENT:
        raise Refused(
            AccessCode.ALREADY_ISSUED, "This credential was issued.", field="credential_id"
        )
    issued = CredentialIssued(
        credential_id=command.credential_id, client_id=command.client_id,
        staff_id=command.staff_id, kind=command.kind,
    )  # fmt: skip
    if not command.activate:
        return [issued]
    return [issued, CredentialActivated(credential_id=command.credential_id)]


def activate(state: Credential, command: ActivateCredential) -> list[CredentialEvent]:
    """The credential is in the right hands."""
    _must_be(state, Status.PENDING, AccessCode.CREDENTIAL_NOT_PENDING)
    return [CredentialActivated(credential_id=command.credential_id)]


def suspend(state: Credential, command: SuspendCredential) -> list[CredentialEvent]:
    """The credential opens nothing for now."""
    _must_be(state, Status.ACTIVE, AccessCode.CREDENTIAL_NOT_ACTIVE)
    return [CredentialSuspended(credential_id=command.credential_id, reason=command.reason)]


def reinstate(state: Credential, command: ReinstateCredential) -> list[CredentialEvent]:
    """A suspended credential opens doors again."""
    _must_be(state, Status.SUSPENDED, AccessCode.CREDENTIAL_NOT_SUSPENDED)
    return [CredentialReinstated(credential_id=command.credential_id)]


def revoke(state: Credential, command: RevokeCredential) -> list[CredentialEvent]:
    """The credential never opens anything again."""
    _must_exist(state)
    return [CredentialRevoked(credential_id=command.credential_id, reason=command.reason)]


def end(state: Credential, credential_id: CredentialId) -> list[CredentialEvent]:
    """Whoever held it is erased. Idempotent."""
    if state.status in {Status.ABSENT, Status.REVOKED}:
        return []
    return [CredentialRevoked(credential_id=credential_id, reason="erased")]


def _must_be(state: Credential, wanted: Status, otherwise: AccessCode) -> None:
    _must_exist(state)
    if state.status is not wanted:
        raise Refused(
            otherwise, f"The credential is {state.status}.", field="credential_id",
            status=state.status.value,
        )  # fmt: skip


def _must_exist(state: Credential) -> None:
    if state.status is Status.ABSENT:
        raise Refused(
            AccessCode.CREDENTIAL_NOT_FOUND, "There is no such credential.", field="credential_id"
        )
    if state.status is Status.REVOKED:
        raise Refused(
            AccessCode.CREDENTIAL_REVOKED, "The credential is revoked.", field="credential_id"
        )
