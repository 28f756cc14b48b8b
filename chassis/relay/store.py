"""The relay's hold on the event store: one connection that is elected and reads what to send."""

import zlib
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

import asyncpg

from chassis import office
from chassis.tenancy import CONNECTION_LOST

if TYPE_CHECKING:
    from chassis.office import Db

Row: TypeAlias = asyncpg.Record

_LOCK_CLASS = 0x72656C61  # "rela"; with two keys, so never one of the store's announcements
_READ = "SELECT * FROM es.read_all($1, $2)"
_ERRORS = asyncpg.PostgresError, *CONNECTION_LOST


class StoreLost(Exception):
    """The connection, and with it the right to relay, may be gone."""


class Store:
    """A direct connection (no pooler) to one service's event store, for as long as the block."""

    def __init__(self, dsn: str, stream: str) -> None:
        self._dsn, self._stream = dsn, stream
        self._db: Db | None = None

    async def __aenter__(self) -> Self:
        try:
            self._db = await office.connect(self._dsn, name=f"relay {self._stream}")
        except _ERRORS as error:
            raise StoreLost(type(error).__name__) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Without ceremony: the lock must be free at once, and the other side may be gone.
        if self._db is not None:
            self._db.terminate()

    async def elect(self) -> bool:
        """Whether this process is the stream's writer now, until the connection ends."""
        key = zlib.crc32(self._stream.encode()) - (1 << 31)
        rows = await self._fetch("SELECT pg_try_advisory_lock($1, $2)", _LOCK_CLASS, key)
        return bool(rows[0][0])

    async def behind(self, position: int, limit: int) -> list[Row]:
        """At most ``limit`` events behind ``position``, oldest first, without gaps to come."""
        return await self._fetch(_READ, position, limit)

    async def holds(self, position: int, event_id: str | None) -> bool:
        """Whether the event at ``position`` is that one."""
        rows = await self._fetch(_READ, position - 1, 1)
        return bool(rows) and (rows[0]["pos"], str(rows[0]["event_id"])) == (position, event_id)

    async def head(self) -> int:
        """The position up to which everything is there."""
        return int((await self._fetch("SELECT es.horizon()"))[0][0])

    async def _fetch(self, query: str, *args: int) -> list[Row]:
        if self._db is None:
            raise StoreLost("not connected")
        try:
            return await self._db.fetch(query, *args)
        except _ERRORS as error:
            raise StoreLost(type(error).__name__) from error
