"""Reading the people's tables: clients by name or e-mail, staff by name."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import asyncpg

from chassis.tenancy import Pool
from contracts.ids import ClientId, GymId, StaffId
from services.projections.reading import ask

Keyset = tuple[str, UUID]
"""Sort name and id of the last person seen; the next page begins behind them."""
FIRST: Keyset = ("", UUID(int=0))

P = TypeVar("P", "Client", "StaffMember")


@dataclass(frozen=True, slots=True)
class Client:
    """A person the gym serves."""

    client_id: ClientId
    name: str
    sort_name: str
    email: str | None
    phone: str | None
    status: str
    """``active`` or ``erased``."""
    version: int


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


async def clients(
    pool: Pool, gym_id: GymId, search: str | None, after: Keyset | None, first: int
) -> tuple[int, list[Client]]:
    """Clients by name, without the erased, behind ``after``.

    ``search`` with an @ is a whole e-mail address, else the beginning of a name; letter case does
    not matter. With the position in members' store they reflect, like every answer below.
    """
    text = search.strip().casefold() if search else None
    prefix, email = (None, text) if text and "@" in text else (text, None)
    key = after or FIRST
    as_of, rows = await ask(pool, "clients_page", gym_id, prefix, email, *key, first)
    return as_of, _people(Client, rows)


async def client(pool: Pool, gym_id: GymId, client_id: ClientId) -> tuple[int, Client | None]:
    """The client, erased ones too; ``None`` when the gym has no such client."""
    as_of, rows = await ask(pool, "client", gym_id, client_id)
    found = _people(Client, rows)
    return as_of, found[0] if found else None


async def staff(
    pool: Pool, gym_id: GymId, after: Keyset | None, first: int
) -> tuple[int, list[StaffMember]]:
    """Staff by name, those who left too, behind ``after``."""
    as_of, rows = await ask(pool, "staff_page", gym_id, *(after or FIRST), first)
    return as_of, _people(StaffMember, rows)


def _people(kind: type[P], rows: list[asyncpg.Record]) -> list[P]:
    return [kind(*tuple(row)[1:]) for row in rows if row[1] is not None]
