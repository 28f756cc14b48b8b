"""A Postgres whose copies come and go: alone, it takes no write as done."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.local.installation import Installation
from deploy.schema import database_url
from tests.world.system import data_folder
from tests.world.waiting import until

PROBE = "SELECT pg_logical_emit_message(true, 'probe', '')"
WAITERS = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@dataclass(frozen=True)
class Primary:
    """A Postgres of one file's own, and its superuser."""

    installation: Installation
    admin: "asyncpg.Connection[asyncpg.Record]"

    async def lose_copies(self) -> None:
        """From now on a commit waits for a copy that does not exist."""
        await self._set("SET synchronous_standby_names = 'nobody'", "nobody")
        db = await asyncpg.connect(self.installation.admin_dsn)
        try:
            # Whether commits wait is said by the checkpointer, once it has read its settings.
            await until(lambda: self._waits(asyncio.ensure_future(db.execute(PROBE))))
        finally:
            await db.close()

    async def find_copies(self) -> None:
        """From now on none waits."""
        await self._set("RESET synchronous_standby_names", "")

    async def _set(self, how: str, names: str) -> None:
        await self.admin.execute(f"ALTER SYSTEM {how}")
        await self.admin.execute("SELECT pg_reload_conf()")

        async def is_so() -> bool:
            found: str = await self.admin.fetchval("SHOW synchronous_standby_names")
            return found == names

        await until(is_so)

    async def _waits(self, commit: "asyncio.Future[str]") -> bool:
        waits = False
        while not commit.done():
            waits = waits or await self.somebody_waits()
            if waits:
                await self.show_what_waits()
            await asyncio.wait({commit}, timeout=0.01)
        return waits

    async def waiting(self) -> list[int]:
        """Backends that wait for a copy."""
        return [row[0] for row in await self.admin.fetch(WAITERS)]

    async def somebody_waits(self) -> bool:
        return bool(await self.waiting())

    async def show_what_waits(self) -> None:
        """Have everybody see it, though no copy has it."""
        for pid in await self.waiting():
            await self.admin.execute("SELECT pg_cancel_backend($1)", pid)

        async def none_waits() -> bool:
            return not await self.waiting()

        await until(none_waits)


@asynccontextmanager
async def primary_of(database: str) -> AsyncIterator[Primary]:
    """One whose superuser looks into ``database``."""
    with data_folder("one-disk") as data:
        async with Installation(data) as installation:
            admin = await asyncpg.connect(database_url(installation.admin_dsn, database))
            yield Primary(installation, admin)
            await admin.close()
            assert installation.postgres is not None
            installation.postgres.stop(signal.SIGQUIT)  # a clean stop waits for copies, too
