"""Makes a read model anew beside itself and swaps, while the old copy goes on serving.

Tables like the live ones are made in ``views_next`` and filled from the stream's first message.
Once nearly level, the live checkpoint is locked, so that the live projection waits; the last few
events are applied, and tables and checkpoint swap in one transaction. Readers see the old copy,
then the new one, at the same position.
"""

import time
from collections.abc import Callable

import anyio
import asyncpg
import structlog
from nats.aio.client import Client

from chassis.projection.ledger import TRANSIENT, Fenced, Ledger
from chassis.projection.model import NEXT, ReadModel, open_views
from chassis.reader import Message, Reader
from chassis.tenancy import Pool

BATCH = 2_000  # events in a transaction: nobody waits for a rebuild's locks
LEVEL = 200  # events the copy may be behind when the live projection is made to wait
LOCK_TIMEOUT = "2s"  # for the live tables; a reader that takes longer has the swap tried again
HOLD = 3.0  # seconds the live projection waits at most, below the role's idle time-out
STANDSTILL = 60.0  # seconds without an event before a rebuild gives up
RETRY_AFTER = 0.2  # seconds

_LIVE_SEQ = "SELECT seq FROM views.checkpoints WHERE name = $1"
_LOCK = "SELECT seq FROM views.checkpoints WHERE name = $1 FOR UPDATE"

Progress = Callable[[int, int], None]
"""Called with the sequence reached and the sequence to reach."""

log = structlog.get_logger(__name__)


class RebuildFailed(Exception):
    """The copy was not finished; the live one is untouched."""


def _silent(_done: int, _of: int) -> None:
    return


async def rebuild(
    model: ReadModel, *, dsn: str, client: Client, progress: Progress = _silent
) -> int:
    """Rebuild ``model`` and swap; the sequence of the last event the new copy shows.

    ``dsn`` is the projector's. Raises ``RebuildFailed`` when another rebuild took over or nothing
    moved for a minute, ``Poison`` when an event cannot be applied, and Postgres' errors.
    """
    copy, live = await open_views(dsn, schema=NEXT, size=1), await open_views(dsn, size=1)
    try:
        await live.execute(
            "SELECT views.begin_rebuild($1, $2, $3)", model.name, model.source, list(model.tables)
        )
        reader = Reader(client, model.source, model.subjects, max_batch=BATCH)
        try:
            return await _Rebuild(model, copy, live, reader, progress).run()
        finally:
            await reader.stop()
    except Fenced as error:
        raise RebuildFailed(f"another rebuild of {model.name} took over") from error
    finally:
        await copy.close()
        await live.close()


class _Rebuild:
    def __init__(
        self, model: ReadModel, copy: Pool, live: Pool, reader: Reader, progress: Progress
    ) -> None:
        self._model, self._live, self._reader, self._progress = model, live, reader, progress
        self._ledger = Ledger(model, copy, is_watched=False)

    async def run(self) -> int:
        await self._ledger.load(enter=False)
        try:
            return await self._fill_and_swap()
        except asyncpg.UndefinedTableError:
            await self._ledger.load(enter=False)  # raises Fenced when the copy was swapped away
            raise

    async def _fill_and_swap(self) -> int:
        while True:
            target = int(await self._live.fetchval(_LIVE_SEQ, self._model.name) or 0)
            if target - self._ledger.seq > LEVEL:
                await self._apply_to(target)
                continue
            await self._live.execute("SELECT views.analyze_rebuild($1)", list(self._model.tables))
            if await self._swap():
                self._progress(self._ledger.seq, self._ledger.seq)
                log.info("projection_rebuilt", projection=self._model.name, seq=self._ledger.seq)
                return self._ledger.seq

    async def _swap(self) -> bool:
        tables = list(self._model.tables)
        try:
            async with self._live.acquire() as db, db.transaction():
                await db.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                target = await db.fetchval(_LOCK, self._model.name)
                if target is None:
                    raise RebuildFailed(f"{self._model.name} was never projected")
                with anyio.fail_after(HOLD):
                    await self._apply_to(target)
                done = await db.fetchval(
                    "SELECT views.finish_rebuild($1, $2)", self._model.name, tables
                )
                return bool(done)
        except (asyncpg.LockNotAvailableError, TimeoutError) as error:
            log.info("rebuild_swap_waits", projection=self._model.name, why=type(error).__name__)
            await self._ledger.load(enter=False)
            await self._reader.rewind(self._ledger.seq)
            return False

    async def _apply_to(self, target: int) -> None:
        """Apply events until the copy is at exactly ``target``."""
        moved_at = time.monotonic()
        while self._ledger.seq < target:
            left = moved_at + STANDSTILL - time.monotonic()
            batch: list[Message] = []
            with anyio.move_on_after(left):
                batch = await self._reader.next_batch()
            if not batch:
                raise RebuildFailed(f"no event for {STANDSTILL:.0f} s before sequence {target}")
            try:
                await self._ledger.apply([each for each in batch if each.seq <= target])
                moved_at = time.monotonic()
            except TRANSIENT as error:
                log.warning(
                    "rebuild_retries", projection=self._model.name, why=type(error).__name__
                )
                await anyio.sleep(RETRY_AFTER)
                await self._ledger.load(enter=False)
            if self._ledger.seq != self._reader.after:
                await self._reader.rewind(self._ledger.seq)
            self._progress(self._ledger.seq, target)
