"""Reading the people's tables: clients found, one client with their profile, staff by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.tenancy import Pool
from contracts.ids import ClassTypeId, ClientId, GymId, NoteId, StaffId
from services.projections.reading import ask
from services.projections.searching import Search

Keyset = tuple[str, UUID]
"""Sort key and id of the last person seen; the next page begins behind them."""
FIRST: Keyset = ("", UUID(int=0))


@dataclass(frozen=True, slots=True)
class Alert:
    """What staff must know before they serve a client."""

    level: str
    """``red`` or ``yellow``."""
    text: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody noted about a client."""

    note_id: NoteId
    text: str
    author: str
    """The actor, such as ``staff:<uuid>``."""
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class Qualification:
    """A class type or a label, never both."""

    class_type_id: ClassTypeId | None
    label: str | None
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Client:
    """A person the gym serves."""

    client_id: ClientId
    name: str
    sort_name: str
    """What the list they were found in is sorted by."""
    email: str | None
    phone: str | None
    status: str
    """``active`` or ``erased``."""
    version: int
    assigned_staff_id: StaffId | None
    tags: list[str]
    alerts: list[Alert]
    notes: list[Note] | None = None
    """Newest first, at most 200; ``None`` where they were not asked for."""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person who works, or worked, for the gym."""

    staff_id: StaffId
    name: str
    sort_name: str
    email: str
    roles: list[str]
    """None of them: the person left."""
    version: int
    qualifications: list[Qualification]


async def clients(
    pool: Pool, gym_id: GymId, search: Search, after: Keyset | None, first: int
) -> tuple[int, list[Client]]:
    """Clients found by ``search``, without the erased, behind ``after``, notes left out.

    By name; by the word met or the digits when words or digits are searched. With the position in
    members' store they reflect, like every answer below.
    """
    as_of, rows = await ask(
        pool, "clients_found", gym_id, search.email, search.phone,
        list(search.words) if search.words else None, search.tag, *(after or FIRST), first,
    )  # fmt: skip
    return as_of, [_client(row) for row in rows if row[1] is not None]


async def client(pool: Pool, gym_id: GymId, client_id: ClientId) -> tuple[int, Client | None]:
    """The client, erased ones too; ``None`` when the gym has no such client."""
    as_of, rows = await ask(pool, "client_profile", gym_id, client_id)
    if not rows or rows[0][1] is None:
        return as_of, None
    notes = [Note(*note) for note in _zipped(rows[0], range(13, 17))]
    return as_of, _client(rows[0], notes)


async def staff(
    pool: Pool, gym_id: GymId, after: Keyset | None, first: int
) -> tuple[int, list[StaffMember]]:
    """Staff by name, also those who left, behind ``after``."""
    as_of, rows = await ask(pool, "staff_found", gym_id, *(after or FIRST), first)
    return as_of, [_staff_member(row) for row in rows if row[1] is not None]


def _client(row: asyncpg.Record, notes: list[Note] | None = None) -> Client:
    client_id, name, key, email, phone, status, version, assigned, tags = row[1:10]
    alerts = [Alert(*alert) for alert in _zipped(row, range(10, 13))]
    return Client(
        client_id, name, key, email, phone, status, version, assigned, tags or [], alerts, notes
    )


def _staff_member(row: asyncpg.Record) -> StaffMember:
    staff_id, name, sort_name, email, roles, version = row[1:7]
    qualified = [Qualification(*one) for one in _zipped(row, range(7, 10))]
    return StaffMember(staff_id, name, sort_name, email, roles, version, qualified)


def _zipped(row: asyncpg.Record, at: Sequence[int]) -> list[tuple[Any, ...]]:
    """The arrays in these columns, element by element."""
    return list(zip(*(row[n] or () for n in at), strict=True))
