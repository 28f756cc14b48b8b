"""Makes a read model anew beside itself and swaps, while the old copy goes on serving.

Tables like the live ones are made in ``views_next`` and filled from the stream's first message.
Once nearly level, the live checkpoint is locked, so that the live projection waits; the last few
events are applied, and tables and checkpoint swap in one transaction. Readers see the old copy,
then the new one, at the same position.

While Postgres applies a batch, the next one is received and taken apart.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
import anyio.lowlevel
import asyncpg
import structlog
from nats.aio.client import Client

from chassis.projection.ledger import TRANSIENT, Fenced, Ledger, Opened, Poison
from chassis.projection.model import NEXT, ReadModel, open_views
from chassis.projection.spans import rebuilding
from chassis.reader import Message, Reader
from chassis.tenancy import Pool

BATCH = 4_000  # events in a transaction: nobody waits for a rebuild's locks
SLICE = 100  # messages taken apart in one turn of the loop; Postgres waits for us meanwhile
YOUNG_OBJECTS = 200_000  # made before garbage is looked for: a batch is no garbage
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
            with _seldom_swept():
                return await _Rebuild(model, copy, live, reader, progress).run()
        finally:
            await reader.stop()
    except Fenced as error:
        raise RebuildFailed(f"another rebuild of {model.name} took over") from error
    finally:
        await copy.close()
        await live.close()


@contextmanager
def _seldom_swept() -> Iterator[None]:
    """A third of a rebuild's time was the search for garbage among events that are in use."""
    before = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


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
        present: Opened | None = None
        while self._ledger.seq < target:
            if present is None:
                await self._resume()
                present = await self._read(target, self._ledger.position)
            if present is None:
                raise RebuildFailed(f"no event for {STANDSTILL:.0f} s before sequence {target}")
            present = await self._apply(present, target)
            self._progress(self._ledger.seq, target)
        await self._resume()

    async def _apply(self, present: Opened, target: int) -> Opened | None:
        """Apply ``present`` and read what follows; nothing when it has to be read again."""
        failure: list[Exception] = []
        following: Opened | None = None

        async def apply() -> None:
            try:
                with rebuilding(self._model.name, present):
                    await self._ledger.commit(present)
            except (Fenced, Poison, *TRANSIENT) as error:
                failure.append(error)
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(apply)
            if present.seq < target and present.poison is None:
                following = await self._read(target, present.position)
        if not failure:
            return following
        if not isinstance(failure[0], TRANSIENT):
            raise failure[0]
        why = type(failure[0]).__name__
        log.warning("rebuild_retries", projection=self._model.name, why=why)
        await anyio.sleep(RETRY_AFTER)
        await self._ledger.load(enter=False)
        return None

    async def _read(self, target: int, after: int) -> Opened | None:
        """The next events up to ``target``, the last one at position ``after``; none for long."""
        batch: list[Message] = []
        with anyio.move_on_after(STANDSTILL):
            batch = await self._reader.next_batch()
        opened = Opened(after)
        wanted = [message for message in batch if message.seq <= target]
        for start in range(0, len(wanted), SLICE):
            opened.add(wanted[start : start + SLICE])
            await anyio.lowlevel.checkpoint()
        return opened if wanted else None

    async def _resume(self) -> None:
        """Let the reader continue behind the copy."""
        if self._ledger.seq != self._reader.after:
            await self._reader.rewind(self._ledger.seq)
