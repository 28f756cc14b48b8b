"""Entries in GraphQL: asking a door, and the live log of who came."""

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.access import DenialReason, EntryOutcome, RequestEntry
from contracts.ids import ClientId, DoorId, EntryId
from gateway import ids
from gateway.access_codes import RequestEntryErrorCode
from gateway.calendar import topic
from gateway.context import Context, Info
from gateway.credential_tokens import digest_of
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, carry_out
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.serve.live import live
from services.projections import entries

WATCHED = 50  # entries a watched log shows

strawberry.enum(
    DenialReason, description="Why a door stays shut: the first that holds, in this order."
)


@strawberry.enum(description="What a door did.")
class EntryResult(Enum):
    GRANTED = "granted"
    DENIED = "denied"


@strawberry.type(description="What a door decided, and for whom.")
class Entry:
    id: strawberry.ID
    door_id: strawberry.ID
    at: datetime | None = strawberry.field(description="Null in the answer of a mutation.")
    result: EntryResult
    reason: DenialReason | None = strawberry.field(description="Null when the door opened.")
    client_id: strawberry.ID | None
    client_name: str | None = strawberry.field(description="Null until known, or asked at once.")
    staff_id: strawberry.ID | None
    staff_name: str | None
    session_id: strawberry.ID | None = strawberry.field(
        description="Of the class that let them in."
    )
    with_credential: bool


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
        return page(rows, size, position, _shown, _cursor)


def _topics(info: Info, door_id: strawberry.ID | None = None) -> list[str]:
    gym_id = info.context.must("read.entries")
    door = ids.door(door_id) if door_id else None
    return [topic(gym_id, "entries", door), topic(gym_id, "people")]


@strawberry.type
class EntriesSubscription:
    @live(
        topics=_topics,
        scope=lambda info: (info.context.must("read.entries"), "desk"),
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
        return EntriesUpdate(position=position, entries=[_shown(row) for row in rows])


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
            entry=_decided(ids.door(input_.door_id), told, with_token=input_.token is not None),
            comes_back_at=None if told.granted else told.facts.next_grant_from,
            position=done.position,
            user_errors=[],
        )


def _who(context: Context, asked: RequestEntryInput) -> ClientId | None:
    if asked.client_id is not None:
        return ids.client(asked.client_id)
    return context.principal.client_id if asked.token is None else None


def _decided(door_id: DoorId, told: EntryOutcome, *, with_token: bool) -> Entry:
    return Entry(
        id=ids.shown("ent", told.entry_id),
        door_id=ids.shown("door", door_id),
        at=None,
        result=EntryResult.GRANTED if told.granted else EntryResult.DENIED,
        reason=told.reason,
        client_id=ids.shown_or_null("cli", told.client_id),
        client_name=None,
        staff_id=None,
        staff_name=None,
        session_id=ids.shown_or_null("ses", told.session_id),
        with_credential=with_token,
    )


def _shown(row: entries.Entry) -> Entry:
    return Entry(
        id=ids.shown("ent", row.entry_id),
        door_id=ids.shown("door", row.door_id),
        at=row.at,
        result=EntryResult.DENIED if row.reason else EntryResult.GRANTED,
        reason=DenialReason(row.reason) if row.reason else None,
        client_id=ids.shown_or_null("cli", row.client_id),
        client_name=row.client_name,
        staff_id=ids.shown_or_null("stf", row.staff_id),
        staff_name=row.staff_name,
        session_id=ids.shown_or_null("ses", row.session_id),
        with_credential=row.with_credential,
    )


def _cursor(row: entries.Entry) -> str:
    return ids.cursor("entries", row.at, row.entry_id)
