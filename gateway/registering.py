"""Registering in GraphQL: people taken on as clients, changed, erased."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import ClientId
from contracts.members import ChangeClientContact, EraseClient, RegisterClient
from gateway import ids
from gateway.clients import Client, ClientStatus
from gateway.codes.members import (
    ChangeClientContactErrorCode,
    EraseClientErrorCode,
    RegisterClientErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer, carry_out
from gateway.positions import Position


@strawberry.input(description="With an e-mail and a password the client can sign in.")
class RegisterClientInput:
    idempotency_key: UUID
    name: str
    email: str | None = None
    phone: str | None = None
    password: str | None = None


@strawberry.input(description="All of it: what is left out is removed.")
class ChangeClientContactInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    name: str
    email: str | None = None
    phone: str | None = None


@strawberry.input
class EraseClientInput:
    idempotency_key: UUID
    client_id: strawberry.ID


@strawberry.type
class RegisterClientPayload:
    client: Client | None
    position: Position | None
    user_errors: list[UserError[RegisterClientErrorCode]]


@strawberry.type
class ChangeClientContactPayload:
    client: Client | None
    position: Position | None
    user_errors: list[UserError[ChangeClientContactErrorCode]]


@strawberry.type
class EraseClientPayload:
    erased_client_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[EraseClientErrorCode]]


@strawberry.type
class ClientMutation:
    @strawberry.mutation(description="Take a person on as a client.")
    async def register_client(
        self, info: Info, input_: Annotated[RegisterClientInput, strawberry.argument(name="input")]
    ) -> RegisterClientPayload:
        new = ClientId(minted("client", input_.idempotency_key, actor_of(info.context)))
        done = await carry_out(
            info.context, input_, RegisterClientErrorCode,
            lambda: RegisterClient(
                client_id=new, name=input_.name, email=input_.email, phone=input_.phone,
                password=input_.password,
            ),
        )  # fmt: skip
        client = None if done.errors else _told(ids.shown("cli", new), input_)
        return RegisterClientPayload(client=client, position=done.position, user_errors=done.errors)

    @strawberry.mutation(description="The client's name, e-mail and phone are these now.")
    async def change_client_contact(
        self,
        info: Info,
        input_: Annotated[ChangeClientContactInput, strawberry.argument(name="input")],
    ) -> ChangeClientContactPayload:
        done = await carry_out(
            info.context, input_, ChangeClientContactErrorCode,
            lambda: ChangeClientContact(
                client_id=ids.client(input_.client_id), name=input_.name, email=input_.email,
                phone=input_.phone,
            ),
        )  # fmt: skip
        client = None if done.errors else _told(input_.client_id, input_)
        return ChangeClientContactPayload(
            client=client, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Destroy everything personal about a client, for ever.")
    async def erase_client(
        self, info: Info, input_: Annotated[EraseClientInput, strawberry.argument(name="input")]
    ) -> EraseClientPayload:
        return await answer(
            EraseClientPayload, EraseClientErrorCode, info.context, input_,
            lambda: EraseClient(client_id=ids.client(input_.client_id)),
            erased_client_id=input_.client_id,
        )  # fmt: skip


def _told(
    client_id: strawberry.ID, asked: RegisterClientInput | ChangeClientContactInput
) -> Client:
    return Client(
        id=client_id, version=None, name=asked.name.strip(), email=asked.email,
        phone=asked.phone, status=ClientStatus.ACTIVE, assigned_staff_id=None, tags=None,
        alerts=None, notes=None,
    )  # fmt: skip
