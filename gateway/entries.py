"""Entries in GraphQL: asking a door, and the live log of who came."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.access import EntryOutcome, RequestEntry
from contracts.ids import ClientId, EntryId
from gateway import ids
from gateway.calendar import topic
from gateway.codes.access import RequestEntryErrorCode
from gateway.context import Context, Info
from gateway.credential_tokens import digest_of
from gateway.entry_types import Entry, decided, opens_at, shown
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, carry_out
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.serve.faults import Forbidden
from gateway.serve.live import live
from services.projections import entries

WATCHED = 50  # entries a watched log shows


@strawberry.type(description="The newest entries as they are at a position.")
class EntriesUpdate:
    position: Position
    entries: list[Entry] = strawberry.field(description="Newest first, at most 50.")


@strawberry.input(
    description="A reader gives the token it was shown, staff name a client, members leave both "
    "out, and so do staff who want in themselves."
)
class RequestEntryInput:
    idempotency_key: UUID
    door_id: strawberry.ID
    client_id: strawberry.ID | None = None
    token: str | None = None


@strawberry.type
class RequestEntryPayload:
    entry: Entry | None
    comes_back_at: datetime | None = strawberry.field(
        description="When the door opens for them, if that is to come."
    )
    position: Position | None
    user_errors: list[UserError[RequestEntryErrorCode]]


@strawberry.type
class EntriesQuery:
    @strawberry.field(description="Who came to a door, or to all, newest first.")
    async def entries(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        door_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> Connection[Entry]:
        info.context.must("read.entries")
        size, behind = page_size(first), ids.time_keyset("entries", after)
        door = ids.door(door_id) if door_id else None
        position, rows = await info.context.read(
            "entries", at_least,
            lambda pool, gym: entries.page(pool, gym, door, behind, size + 1),
        )  # fmt: skip
        return page(rows, size, position, shown, _cursor)

    @strawberry.field(description="Where the caller came to a door, newest first, and why not in.")
    async def my_entries(
        self, info: Info, *, first: int, after: str | None = None, at_least: Position | None = None
    ) -> Connection[Entry]:
        client, size = _me(info.context), page_size(first)
        behind = ids.time_keyset("my_entries", after)
        position, rows = await info.context.read(
            "entries", at_least,
            lambda pool, gym: entries.of_client(pool, gym, client, behind, size + 1),
        )  # fmt: skip
        return page(rows, size, position, shown, _own_cursor)


def _topics(info: Info, door_id: strawberry.ID | None = None) -> list[str]:
    gym_id = info.context.must("read.entries")
    door = ids.door(door_id) if door_id else None
    return [topic(gym_id, "entries", door), topic(gym_id, "people")]


@strawberry.type
class EntriesSubscription:
    @live(
        topics=_topics,
        scope=lambda info: (info.context.must("read.entries"), "desk"),
        beyond=True,
        description="The newest entries now, and again after each.",
    )
    async def entries_changed(
        self, info: Info, door_id: strawberry.ID | None = None, after: Position | None = None
    ) -> EntriesUpdate:
        info.context.must("read.entries")
        door = ids.door(door_id) if door_id else None
        position, rows = await info.context.read(
            "entries", None, lambda pool, gym: entries.page(pool, gym, door, None, WATCHED)
        )
        return EntriesUpdate(position=position, entries=[shown(row) for row in rows])


@strawberry.type
class EntriesMutation:
    @strawberry.mutation(
        description="May they enter? Decided at once on what access knows; a shut door is an "
        "answer, not an error."
    )
    async def request_entry(
        self, info: Info, input_: Annotated[RequestEntryInput, strawberry.argument(name="input")]
    ) -> RequestEntryPayload:
        new = EntryId(minted("entry", input_.idempotency_key, actor_of(info.context)))
        done = await carry_out(
            info.context, input_, RequestEntryErrorCode,
            lambda: RequestEntry(
                entry_id=new, door_id=ids.door(input_.door_id),
                client_id=_who(info.context, input_),
                token_digest=digest_of(input_.token) if input_.token is not None else None,
            ),
        )  # fmt: skip
        if done.errors:
            return RequestEntryPayload(
                entry=None, comes_back_at=None, position=done.position, user_errors=done.errors
            )
        told = EntryOutcome.model_validate(done.result)
        return RequestEntryPayload(
            entry=decided(ids.door(input_.door_id), told, with_token=input_.token is not None),
            comes_back_at=opens_at(told),
            position=done.position,
            user_errors=[],
        )


def _who(context: Context, asked: RequestEntryInput) -> ClientId | None:
    if asked.client_id is not None:
        return ids.client(asked.client_id)
    return context.principal.client_id if asked.token is None else None


def _cursor(row: entries.Entry) -> str:
    return ids.cursor("entries", row.at, row.entry_id)


def _own_cursor(row: entries.Entry) -> str:
    return ids.cursor("my_entries", row.at, row.entry_id)


def _me(context: Context) -> ClientId:
    context.must("read.my_entries")
    client = context.principal.client_id
    if client is None:
        raise Forbidden("Staff have no entries of their own here: look at the doors' log.")
    return client
