"""Entry grants in GraphQL: let a client in whenever doors are open, end it, keep them out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.access import EndEntryGrant, GrantEntry, Impediment, SetImpediment
from gateway import ids
from gateway.codes.access import EntryGrantErrorCode
from gateway.context import Info
from gateway.doors import DoorHoursInput, open_hours
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.positions import Position

strawberry.enum(Impediment, description="What keeps a client out whatever they were granted.")


@strawberry.input(
    description="From now, or from validFrom; until validUntil, or until it is ended."
)
class GrantEntryInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    location_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="At their doors; empty at all."
    )
    hours: list[DoorHoursInput] = strawberry.field(
        default_factory=list, description="Within any of them, such as off-peak; empty always."
    )
    time_zone: str = strawberry.field(default="UTC", description="IANA zone of the hours.")


@strawberry.input
class EndEntryGrantInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    entry_grant_id: strawberry.ID


@strawberry.input
class SetImpedimentInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    impediment: Impediment
    present: bool = strawberry.field(default=True, description="False: it is over.")


@strawberry.type(description="What lets the client in, or keeps them out, was changed.")
class EntryGrantPayload:
    client_id: strawberry.ID | None
    entry_grant_id: strawberry.ID | None = strawberry.field(description="The grant given or ended.")
    position: Position | None
    user_errors: list[UserError[EntryGrantErrorCode]]


@strawberry.type
class EntryGrantsMutation:
    @strawberry.mutation(description="Let a client in, in the doors' hours.")
    async def grant_entry(
        self, info: Info, input_: Annotated[GrantEntryInput, strawberry.argument(name="input")]
    ) -> EntryGrantPayload:
        new = minted("entry grant", input_.idempotency_key, actor_of(info.context))
        return await answer(
            EntryGrantPayload, EntryGrantErrorCode, info.context, input_,
            lambda: GrantEntry(
                client_id=ids.client(input_.client_id), grant_id=new,
                valid_from=input_.valid_from, valid_until=input_.valid_until,
                location_ids=tuple(
                    ids.location(one, "locationIds") for one in input_.location_ids
                ),
                hours=tuple(open_hours(one) for one in input_.hours),
                time_zone=input_.time_zone,
            ),
            client_id=input_.client_id, entry_grant_id=ids.shown("acg", new),
        )  # fmt: skip

    @strawberry.mutation(description="An entry grant no longer lets the client in.")
    async def end_entry_grant(
        self, info: Info, input_: Annotated[EndEntryGrantInput, strawberry.argument(name="input")]
    ) -> EntryGrantPayload:
        return await answer(
            EntryGrantPayload, EntryGrantErrorCode, info.context, input_,
            lambda: EndEntryGrant(
                client_id=ids.client(input_.client_id),
                grant_id=ids.read("acg", input_.entry_grant_id, "entryGrantId"),
            ),
            client_id=input_.client_id, entry_grant_id=input_.entry_grant_id,
        )  # fmt: skip

    @strawberry.mutation(description="Keep a client out for a reason, or no longer.")
    async def set_impediment(
        self, info: Info, input_: Annotated[SetImpedimentInput, strawberry.argument(name="input")]
    ) -> EntryGrantPayload:
        return await answer(
            EntryGrantPayload, EntryGrantErrorCode, info.context, input_,
            lambda: SetImpediment(
                client_id=ids.client(input_.client_id), impediment=input_.impediment,
                present=input_.present,
            ),
            client_id=input_.client_id, entry_grant_id=None,
        )  # fmt: skip
