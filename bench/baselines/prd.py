"""The usual design in Postgres, called from asyncio: see ``prd.sql``."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from uuid import UUID

import asyncpg

from chassis.tenancy import Pool, open_pool
from contracts.ids import ClientId, GymId, SessionId, new_id

SCHEMA = Path(__file__).with_suffix(".sql")
CREDITS = 100

BOOK = "SELECT prd.book_class($1, $2, $3, $4, $5, $6)"
CANCEL = "SELECT prd.cancel($1, $2, $3, $4, $5)"
ROW = """
SELECT capacity, booked, last_seq,
       (SELECT count(*) FROM prd.bookings WHERE class_id = $1 AND status = 'booked'),
       ARRAY(SELECT client_id FROM prd.waitlist WHERE class_id = $1 ORDER BY seq)
  FROM prd.classes WHERE class_id = $1
"""


class Prd:
    """Commands as function calls on a pool, for one gym."""

    def __init__(self, pool: Pool, gym_id: GymId) -> None:
        self.gym_id = gym_id
        self._pool = pool

    @classmethod
    async def made(cls, dsn: str, *, connections: int) -> Self:
        """The schema in an empty database of our own, and a gym."""
        db = await asyncpg.connect(dsn)
        try:
            await db.execute(SCHEMA.read_text())
        finally:
            await db.close()
        return await cls.opened(dsn, connections=connections)

    @classmethod
    async def opened(cls, dsn: str, *, connections: int) -> Self:
        """A gym in a database that has the schema, and as many connections at most."""
        return cls(await open_pool(dsn, name="prd", size=connections), GymId(new_id()))

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def schedule(
        self, capacity: int, *, count: int = 1, hours: float = 48
    ) -> list[SessionId]:
        """Classes that begin in so many hours."""
        ids = [SessionId(new_id()) for _ in range(count)]
        starts = datetime.now(UTC) + timedelta(hours=hours)
        await self._pool.execute(
            "INSERT INTO prd.classes (class_id, gym_id, starts_at, ends_at, capacity) "
            "SELECT c, $2, $3, $4, $5 FROM unnest($1::uuid[]) c",
            ids, self.gym_id, starts, starts + timedelta(minutes=30), capacity,
        )  # fmt: skip
        return ids

    async def clients(self, count: int) -> list[ClientId]:
        """People with credits."""
        ids = [ClientId(new_id()) for _ in range(count)]
        await self.grant(ids)
        return ids

    async def grant(self, clients: Sequence[ClientId]) -> None:
        """Credits for people somebody else made."""
        await self._pool.execute(
            "INSERT INTO prd.credits (gym_id, client_id, granted) "
            "SELECT $2, c, $3 FROM unnest($1::uuid[]) c",
            clients, self.gym_id, CREDITS,
        )  # fmt: skip

    async def book(self, session: SessionId, client: ClientId) -> None:
        """Raises ``asyncpg.RaiseError`` when refused."""
        actor = f"client:{client}"
        await self._pool.fetchval(BOOK, self.gym_id, actor, new_id(), session, client, False)

    async def cancel(self, session: SessionId, client: ClientId) -> None:
        """Raises ``asyncpg.RaiseError`` when refused."""
        actor = f"client:{client}"
        await self._pool.fetchval(CANCEL, self.gym_id, actor, new_id(), session, client)

    async def seats(self, session: SessionId) -> tuple[int, list[UUID]]:
        """Seats taken, and the line in order. Raises ``AssertionError`` when counters lie."""
        row = await self._pool.fetchrow(ROW, session)
        assert row is not None
        capacity, booked, last_seq, counted, line = row
        assert counted == booked <= capacity, f"{counted} booked, {booked} said, of {capacity}"
        assert len(line) <= last_seq
        return counted, list(line)
