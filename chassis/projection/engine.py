"""Keeps read models up to date: read, apply with the checkpoint in one transaction, tell screens.

Each read model has its own reader and checkpoint and fails alone. Two processes may project the
same one: the checkpoint row is the fence. Who was fenced leaves the work to the other from then on,
and takes over what that one has not done in ``HEAD_START``.
"""

import time
import traceback
from collections.abc import Iterable, Sequence

import anyio
import orjson
import structlog
from nats.aio.client import Client

from chassis.projection import lag
from chassis.projection.lag import State, Status
from chassis.projection.ledger import TRANSIENT, Fenced, Ledger, Poison
from chassis.projection.model import Change, ReadModel
from chassis.projection.spans import NOBODY, Causes, projecting
from chassis.reader import BUS_ERRORS, Doubt, Message, Reader, count_behind
from chassis.tenancy import Pool
from contracts.health import ViewTold

MAX_BATCH = 512  # events in a transaction; more gains little and holds locks longer
RETRY_AFTER = 0.2, 5.0  # seconds: first and longest pause after an error that may pass
PACE = 0.02  # seconds from one transaction's begin to the next: under load, more events in each
REST = 4  # times what a transaction took: whoever books goes first, screens see it a little later
LONGEST_REST = 0.2  # seconds
MOST_TRACES = 16  # in one hint; the screens of more are not followed
HEAD_START = 0.5  # seconds the other process has for a batch; more than its longest rest
MEASURE_EVERY = 5.0  # seconds between looks at how far behind a stopped read model is

log = structlog.get_logger(__name__)


class Projection:
    """One read model being kept up to date."""

    def __init__(
        self, model: ReadModel, *, client: Client, pool: Pool, max_batch: int = MAX_BATCH
    ) -> None:
        self._context = model.source.removeprefix("EVT_").lower()
        self.status = Status(model.name, self._context, self._silence)
        self._model, self._client = model, client
        self._ledger = Ledger(model, pool)
        self._reader = Reader(client, model.source, model.subjects, max_batch=max_batch)
        self._max_batch = max_batch
        self._listens_since: float | None = None
        self._is_second = False
        """Another process does the work as long as it gets on with it."""
        self._log = log.bind(projection=model.name)

    async def run(self, stopping: anyio.Event) -> None:
        """Project until ``stopping``. Errors that may pass are tried again; poison stops it."""
        self.status.publish()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._stop_reader, stopping)
            try:
                await self._follow(stopping)
            except Poison as poison:
                self._stand_still(poison)
                await self._measure_until(stopping)
            tasks.cancel_scope.cancel()
        await self._reader.stop()

    async def _stop_reader(self, stopping: anyio.Event) -> None:
        await stopping.wait()
        await self._reader.stop()

    async def _follow(self, stopping: anyio.Event) -> None:
        pause, loaded = RETRY_AFTER[0], False
        while not stopping.is_set():
            try:
                if not loaded:
                    await self._load()
                    loaded = True
                done = self._reader.after
                batch = await self._next_batch()
                if not batch:
                    return  # the reader was stopped
                if self._is_second:
                    batch = await self._left_over(batch, done, stopping)
                    if not batch:
                        continue
                began = time.monotonic()
                await self._apply(batch)
                self._is_second, pause = False, RETRY_AFTER[0]
                if len(batch) < self._max_batch:  # else it is behind, and catching up
                    await _sleep(stopping, _rest(time.monotonic() - began))
            except Fenced:
                self._log.info("projection_fenced", seq=self._ledger.seq)
                self._is_second, loaded = True, False
                await _sleep(stopping, RETRY_AFTER[0])
                if self.status.state is State.RETRYING:
                    await self._measure()  # the other one may have done what we could not
                else:
                    self.status.behind = 0  # the other one has done it; the next batch tells anew
            except TRANSIENT as error:
                loaded = False
                self._will_retry(error, pause)
                await _sleep(stopping, pause)
                await self._measure()
                pause = min(pause * 2, RETRY_AFTER[1])

    async def _next_batch(self) -> list[Message]:
        self._listens_since = time.monotonic()
        try:
            return await self._reader.next_batch()
        finally:
            self._listens_since = None

    def _silence(self) -> float:
        """Seconds we have listened without a sign of life; 0 while we do something else."""
        if self._listens_since is None:
            return 0.0
        return time.monotonic() - max(self._listens_since, self._reader.heard_at)

    async def _left_over(
        self, batch: list[Message], done: int, stopping: anyio.Event
    ) -> list[Message]:
        """What the other process has not done of ``batch`` in good time.

        ``done``: the sequence that it had reached before. Raises ``Fenced`` when it has gone back.
        """
        await _sleep(stopping, HEAD_START)
        await self._locate()
        if self._ledger.seq < done:  # a copy made anew: what we passed over is not in it yet
            raise Fenced(self._model.name)
        left = [message for message in batch if message.seq > self._ledger.seq]
        if not left:
            self._is_well()
            self.status.behind = 0
        return left

    async def _load(self) -> None:
        await self._locate()
        await self._reader.rewind(self._ledger.seq)
        self.status.is_located = True
        if self.status.state is State.RETRYING:
            await self._measure()  # meanwhile the other one may have done all, and nothing comes
        if self.status.state is not State.RETRYING or not self.status.behind:
            self._is_well()

    async def _locate(self) -> None:
        await self._ledger.load()
        self.status.seq, self.status.position = self._ledger.seq, self._ledger.position

    async def _apply(self, batch: Sequence[Message]) -> None:
        self.status.oldest_at = batch[0].stored_at
        self.status.behind = len(batch) + self._reader.pending
        before = self._ledger.seq
        opened = self._ledger.opened(batch)
        causes = NOBODY
        try:
            with projecting(self._model.name, opened) as causes:
                await self._ledger.commit(opened)
        finally:
            if self._ledger.seq != before:
                await self._tell(self._ledger.take_changes(), self._ledger.position, causes)
                applied = sum(message.seq <= self._ledger.seq for message in batch)
                lag.APPLIED.labels(self._model.name).inc(applied)
                self.status.seq, self.status.position = self._ledger.seq, self._ledger.position
        self._is_well()
        self.status.behind = self._reader.pending
        self.status.oldest_at = batch[-1].stored_at if self.status.behind else None

    async def _tell(self, changes: Iterable[Change], position: int, causes: Causes) -> None:
        """Hints for screens, after the commit and at most once: they look again by themselves."""
        body = orjson.dumps({"position": position})
        progress = orjson.dumps({"source": self._context, "position": position})
        try:
            for change in set(changes):
                gym_id, key = change
                traces = causes.of(change)[:MOST_TRACES]
                hint = orjson.dumps({"position": position, "traces": traces}) if traces else body
                await self._client.publish(f"live.{gym_id}.{self._model.name}.{key}", hint)
            await self._client.publish(f"progress.{self._model.name}", progress)
        except BUS_ERRORS as error:
            self._log.warning("hints_lost", position=position, why=type(error).__name__)

    def _is_well(self) -> None:
        self.status.state, self.status.error = State.RUNNING, None
        self.status.oldest_at = None

    def _will_retry(self, error: Exception, pause: float) -> None:
        lag.RETRIES.labels(self._model.name).inc()
        self.status.state, self.status.error = State.RETRYING, type(error).__name__
        self._log.warning("projection_retries", why=type(error).__name__, after_seconds=pause)

    def _stand_still(self, poison: Poison) -> None:
        self.status.state, self.status.error = State.STOPPED, str(poison)
        cause = poison.__cause__
        # Where, not what: an error's text may hold what the event says about a person.
        frames = traceback.extract_tb(cause.__traceback__)[-3:] if cause else []
        where = [f"{frame.name}:{frame.lineno}" for frame in frames]
        self._log.error("projection_stopped", why=str(poison), where=where)

    async def _measure_until(self, stopping: anyio.Event) -> None:
        while not stopping.is_set():
            await self._measure()
            await _sleep(stopping, MEASURE_EVERY)

    async def _measure(self) -> None:
        model = self._model
        try:
            self.status.behind = await count_behind(
                self._client, model.source, model.subjects, self._ledger.seq
            )
        except (Doubt, *BUS_ERRORS) as error:  # the last known figure stays
            self._log.debug("lag_unknown", why=type(error).__name__)


class Projections:
    """All read models of one process."""

    def __init__(self, models: Iterable[ReadModel], *, client: Client, pool: Pool) -> None:
        """``pool`` is ``open_views(...)``'s; its connections are shared, each for a transaction."""
        self._all = [Projection(model, client=client, pool=pool) for model in models]

    @property
    def ready(self) -> bool:
        """True once every read model knows where it is. A stopped one does not stop the others."""
        return all(each.status.is_located for each in self._all)

    def statuses(self) -> list[Status]:
        return [each.status for each in self._all]

    def told(self) -> tuple[ViewTold, ...]:
        """How each is, for the process's pulse."""
        return tuple(each.status.told() for each in self._all)

    async def run(self, stopping: anyio.Event) -> None:
        """Project all of them until ``stopping``."""
        async with anyio.create_task_group() as tasks:
            for each in self._all:
                tasks.start_soon(each.run, stopping)


def _rest(took: float) -> float:
    """Seconds to wait after a transaction. On a busy machine both are long."""
    return max(PACE - took, min(REST * took, LONGEST_REST))


async def _sleep(stopping: anyio.Event, seconds: float) -> None:
    if seconds <= 0:
        return
    with anyio.move_on_after(seconds):
        await stopping.wait()
