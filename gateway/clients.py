"""Clients in GraphQL: found by staff, looked at, watched."""

from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import ClientId, GymId
from contracts.members import AlertLevel
from contracts.permissions import allows
from gateway import ids
from gateway.calendar import topic
from gateway.context import Context, Info
from gateway.faults import BadInput
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.serve.live import live
from services.projections import directory
from services.projections.searching import Search, parsed

LONGEST_SEARCH = 200  # characters
NOT_TOLD = "Null in the answer of a mutation, and to members."


@strawberry.enum(description="Whether we still know who the client is.")
class ClientStatus(Enum):
    ACTIVE = "active"
    ERASED = "erased"


strawberry.enum(AlertLevel, description="How loud an alert is.")


@strawberry.type(description="What staff must know before they serve a client.")
class Alert:
    level: AlertLevel
    text: str
    set_at: datetime | None = strawberry.field(description="Null in the answer of a mutation.")


@strawberry.type(description="What somebody noted about a client.")
class Note:
    id: strawberry.ID
    text: str
    author_id: strawberry.ID | None = strawberry.field(description="The staff member.")
    noted_at: datetime | None = strawberry.field(description="Null in the answer of a mutation.")


@strawberry.type(description="A person the gym serves.")
class Client:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    name: str = strawberry.field(description="[erased] once erased.")
    email: str | None
    phone: str | None
    status: ClientStatus
    assigned_staff_id: strawberry.ID | None = strawberry.field(
        description=f"Who looks after the client. {NOT_TOLD}"
    )
    tags: list[str] | None = strawberry.field(description=NOT_TOLD)
    alerts: list[Alert] | None = strawberry.field(description=NOT_TOLD)
    notes: list[Note] | None = strawberry.field(
        description="Newest first, at most 200; null in lists and to roles that may not read them."
    )


@strawberry.type(description="A client as they are at a position.")
class ClientUpdate:
    position: Position
    client: Client | None = strawberry.field(description="Null: there is no such client.")


@strawberry.type
class ClientQuery:
    @strawberry.field(description="Clients by name, without the erased.")
    async def clients(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Beginnings of words of a name, a whole e-mail address, or the last "
                "digits of a phone number."
            ),
        ] = None,
        tag: Annotated[
            str | None, strawberry.argument(description="Only clients with this tag.")
        ] = None,
        at_least: Position | None = None,
    ) -> Connection[Client]:
        info.context.must("read.clients")
        size, behind = page_size(first), ids.text_keyset("clients", after)
        sought = _sought(search, tag)
        position, rows = await info.context.read(
            "people",
            at_least,
            lambda pool, gym: directory.clients(pool, gym, sought, behind, size + 1),
        )
        return page(rows, size, position, _listed, _cursor)

    @strawberry.field(
        description="One client, members themselves; null when the gym has no such client."
    )
    async def client(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the schema's word
        at_least: Position | None = None,
    ) -> Client | None:
        return (await _client(info, ids.client(id, "id"), at_least)).client


@strawberry.type
class ClientSubscription:
    @live(
        topics=lambda info, client_id: [
            topic(_must_read(info.context, ids.client(client_id)), "people", ids.client(client_id))
        ],
        scope=lambda info: (
            info.context.gym_id,
            _is_staff(info.context),
            _reads_notes(info.context),
        ),
        description="The client now, and again after every change; members themselves.",
    )
    async def client_changed(
        self, info: Info, client_id: strawberry.ID, after: Position | None = None
    ) -> ClientUpdate:
        return await _client(info, ids.client(client_id), None)


async def _client(info: Info, client_id: ClientId, at_least: Position | None) -> ClientUpdate:
    _must_read(info.context, client_id)
    position, row = await info.context.read(
        "people", at_least, lambda pool, gym: directory.client(pool, gym, client_id)
    )
    if row is None:
        return ClientUpdate(position=position, client=None)
    if not _is_staff(info.context):
        return ClientUpdate(position=position, client=_to_themselves(row))
    may_read = _reads_notes(info.context)
    notes = [_note(note) for note in row.notes or ()] if may_read else None
    return ClientUpdate(position=position, client=_shown(row, notes))


def _must_read(context: Context, client_id: ClientId) -> GymId:
    """The gym. Raises ``Forbidden`` unless they are staff, or the client."""
    return context.must("read.client", own=client_id == context.principal.client_id)


def _is_staff(context: Context) -> bool:
    return allows("read.client", context.principal.roles)


def _reads_notes(context: Context) -> bool:
    return allows("read.client_notes", context.principal.roles)


def _sought(search: str | None, tag: str | None) -> Search:
    for field, text in (("search", search), ("tag", tag)):
        if text and ("\0" in text or len(text) > LONGEST_SEARCH):
            raise BadInput(field, f"must be at most {LONGEST_SEARCH} characters, none of them NUL")
    return parsed(search, tag)


def _listed(row: directory.Client) -> Client:
    return _shown(row, None)


def _shown(row: directory.Client, notes: list[Note] | None) -> Client:
    return Client(
        id=ids.shown("cli", row.client_id),
        version=row.version,
        name=row.name,
        email=row.email,
        phone=row.phone,
        status=ClientStatus(row.status),
        assigned_staff_id=ids.shown_or_null("stf", row.assigned_staff_id),
        tags=row.tags,
        alerts=[
            Alert(level=AlertLevel(alert.level), text=alert.text, set_at=alert.set_at)
            for alert in row.alerts
        ],
        notes=notes,
    )


def _to_themselves(row: directory.Client) -> Client:
    """Without what staff say of them among themselves."""
    return replace(_shown(row, None), assigned_staff_id=None, tags=None, alerts=None)


def _note(row: directory.Note) -> Note:
    kind, _, author = row.author.partition(":")
    return Note(
        id=ids.shown("note", row.note_id),
        text=row.text,
        author_id=ids.shown("stf", UUID(author)) if kind == "staff" else None,
        noted_at=row.noted_at,
    )


def _cursor(row: directory.Client) -> str:
    return ids.cursor("clients", row.sort_name, row.client_id)
