"""Credentials in GraphQL: what people hold to the reader, from issue to revocation."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.access import (
    ActivateCredential,
    CredentialKind,
    IssueCredential,
    ReinstateCredential,
    RevokeCredential,
    SuspendCredential,
)
from contracts.envelope import Command
from contracts.ids import CredentialId
from gateway import ids
from gateway.codes.access import CredentialStepErrorCode, IssueCredentialErrorCode
from gateway.context import Context, Info
from gateway.credential_tokens import digest_of, token_of
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer, carry_out
from gateway.positions import Position
from gateway.whose import whose
from services.projections import doors

strawberry.enum(CredentialKind, description="What is held to the reader.")


@strawberry.enum(description="Where a credential stands.")
class CredentialStatus(Enum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@strawberry.type(description="What a client or a staff member holds to the reader.")
class Credential:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    kind: CredentialKind
    status: CredentialStatus
    issued_at: datetime | None = strawberry.field(description="Null in the answer of a mutation.")


@strawberry.input(description="For a client or for a staff member; members leave both out.")
class IssueCredentialInput:
    idempotency_key: UUID
    client_id: strawberry.ID | None = None
    staff_id: strawberry.ID | None = None
    kind: CredentialKind = CredentialKind.MOBILE
    activate: bool = strawberry.field(
        default=True, description="False: it opens nothing until it is activated."
    )


@strawberry.input
class ActivateCredentialInput:
    idempotency_key: UUID
    credential_id: strawberry.ID


@strawberry.input
class ReinstateCredentialInput(ActivateCredentialInput):
    pass


@strawberry.input
class SuspendCredentialInput(ActivateCredentialInput):
    reason: str = ""


@strawberry.input
class RevokeCredentialInput(ActivateCredentialInput):
    reason: str = ""


@strawberry.type
class IssueCredentialPayload:
    credential: Credential | None
    token: str | None = strawberry.field(
        description="To be put on the card or in the app. Shown now and to a repeat of this very "
        "request; nobody can look it up later."
    )
    position: Position | None
    user_errors: list[UserError[IssueCredentialErrorCode]]


@strawberry.type(description="A credential has another status.")
class CredentialStepPayload:
    credential_id: strawberry.ID | None
    status: CredentialStatus | None
    position: Position | None
    user_errors: list[UserError[CredentialStepErrorCode]]


@strawberry.type
class CredentialsQuery:
    @strawberry.field(description="A client's credentials, oldest first; members their own.")
    async def credentials(
        self, info: Info, client_id: strawberry.ID | None = None, at_least: Position | None = None
    ) -> list[Credential]:
        client = whose(info.context, client_id)
        own = client == info.context.principal.client_id
        info.context.must("read.credentials", own=own)
        _, rows = await info.context.read(
            "doors", at_least, lambda pool, gym: doors.credentials_of(pool, gym, client)
        )
        return [_shown(row) for row in rows]


@strawberry.type
class CredentialsMutation:
    @strawberry.mutation(description="Give somebody a credential. Its token is shown once.")
    async def issue_credential(
        self, info: Info, input_: Annotated[IssueCredentialInput, strawberry.argument(name="input")]
    ) -> IssueCredentialPayload:
        context, actor = info.context, actor_of(info.context)
        new = CredentialId(minted("credential", input_.idempotency_key, actor))
        key = context.services.token_key
        token = token_of(key, context.gym_id, actor, input_.idempotency_key)
        done = await carry_out(
            context, input_, IssueCredentialErrorCode,
            lambda: _issue(context, new, digest_of(token), input_),
        )  # fmt: skip
        if done.errors:
            return IssueCredentialPayload(
                credential=None, token=None, position=done.position, user_errors=done.errors
            )
        status = CredentialStatus.ACTIVE if input_.activate else CredentialStatus.PENDING
        issued = Credential(
            id=ids.shown("crd", new), version=None, kind=input_.kind, status=status, issued_at=None
        )
        return IssueCredentialPayload(
            credential=issued, token=token, position=done.position, user_errors=[]
        )

    @strawberry.mutation(description="The credential is in the right hands and opens doors.")
    async def activate_credential(
        self,
        info: Info,
        input_: Annotated[ActivateCredentialInput, strawberry.argument(name="input")],
    ) -> CredentialStepPayload:
        return await _step(
            info, input_, CredentialStatus.ACTIVE,
            lambda one: ActivateCredential(credential_id=one),
        )  # fmt: skip

    @strawberry.mutation(description="The credential opens nothing for now.")
    async def suspend_credential(
        self,
        info: Info,
        input_: Annotated[SuspendCredentialInput, strawberry.argument(name="input")],
    ) -> CredentialStepPayload:
        return await _step(
            info, input_, CredentialStatus.SUSPENDED,
            lambda one: SuspendCredential(credential_id=one, reason=input_.reason),
        )  # fmt: skip

    @strawberry.mutation(description="A suspended credential opens doors again.")
    async def reinstate_credential(
        self,
        info: Info,
        input_: Annotated[ReinstateCredentialInput, strawberry.argument(name="input")],
    ) -> CredentialStepPayload:
        return await _step(
            info, input_, CredentialStatus.ACTIVE,
            lambda one: ReinstateCredential(credential_id=one),
        )  # fmt: skip

    @strawberry.mutation(description="The credential never opens anything again.")
    async def revoke_credential(
        self,
        info: Info,
        input_: Annotated[RevokeCredentialInput, strawberry.argument(name="input")],
    ) -> CredentialStepPayload:
        return await _step(
            info, input_, CredentialStatus.REVOKED,
            lambda one: RevokeCredential(credential_id=one, reason=input_.reason),
        )  # fmt: skip


def _issue(
    context: Context, new: CredentialId, digest: str, asked: IssueCredentialInput
) -> IssueCredential:
    client = ids.client(asked.client_id) if asked.client_id else None
    staff = ids.staff(asked.staff_id) if asked.staff_id else None
    if client is None and staff is None:
        client = context.principal.client_id
    return IssueCredential(
        credential_id=new, client_id=client, staff_id=staff, kind=asked.kind,
        token_digest=digest, activate=asked.activate,
    )  # fmt: skip


async def _step(
    info: Info,
    asked: ActivateCredentialInput,
    then: CredentialStatus,
    build: Callable[[CredentialId], Command],
) -> CredentialStepPayload:
    return await answer(
        CredentialStepPayload, CredentialStepErrorCode, info.context, asked,
        lambda: build(ids.credential(asked.credential_id)),
        credential_id=asked.credential_id, status=then,
    )  # fmt: skip


def _shown(row: doors.Credential) -> Credential:
    return Credential(
        id=ids.shown("crd", row.credential_id), version=row.version,
        kind=CredentialKind(row.kind), status=CredentialStatus(row.status),
        issued_at=row.issued_at,
    )  # fmt: skip
