"""Folded states in memory and group commit: the one place of a process that writes streams.

Commands run one after another on states in memory and queue what they want written; one append is
under way at a time and everything that arrives meanwhile is the next batch. An answer, a refusal
too, leaves only when the append it rests on is durable. Every append says which versions it rests
on: when another process wrote first, the states and everything queued on them are dropped together
and the commands decide again on fresh states. Which process owns a stream is thus a matter of
speed, never of correctness.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

from chassis.eventstore.events import layout, state_codec
from chassis.eventstore.recorder import (
    Append,
    Away,
    IntegrityError,
    Objection,
    Recorder,
    StreamKey,
)
from chassis.eventstore.residents import Residents
from chassis.eventstore.unit import View

MAX_QUEUE = 4096  # commands waiting; one more is answered "busy"
MAX_BATCH = 32  # commands in one append: deciding the next ones overlaps writing these
ANSWERS_A_TURN = 16  # commands answered in one turn of the loop
RACES = 3  # times a batch is sent again because another writer got in between

BATCH = Histogram("b2b_append_batch", "Commands in one append", buckets=(1, 4, 16, 64, 256))
SECONDS = Histogram("b2b_append_seconds", "Time of one append")
CONFLICTS = Counter("b2b_append_conflicts_total", "Commands that had to decide again")
QUEUED = Gauge("b2b_append_queue", "Commands waiting to be appended")

log = structlog.get_logger(__name__)


class Busy(Exception):
    """The queue is full, or the store is away: nothing was done, try again later."""


class Conflict(Exception):
    """The command rested on something that is no longer so: nothing was written."""


class Unknown(Conflict):
    """The append has no answer: it may have been written."""


class ClaimTaken(Exception):
    """Somebody else has what the command claims."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(slots=True)
class Entry:
    """A command in the queue."""

    append: Append
    views: Sequence[View]
    answer: asyncio.Future[int | None]
    """The position of its last event once durable, or why not. Cancelled, it is written even so."""
    is_settled: bool = False
    when_settled: Callable[[], object] | None = None

    def settle(self) -> None:
        """It is queued no longer."""
        self.is_settled = True
        for view in self.views:
            view.resident.pending -= 1
        if self.when_settled is not None:
            self.when_settled()


class Writer:
    """See the module. ``start`` before use, ``stop`` finishes what is queued."""

    def __init__(self, recorder: Recorder) -> None:
        self.residents = Residents(recorder)
        self._recorder = recorder
        self._queue: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._committing: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin committing."""
        self._committing = asyncio.create_task(self._commit())

    async def stop(self) -> None:
        """Write what is queued, then end."""
        self._stopping = True
        self._wake.set()
        if self._committing:
            await self._committing
        if self._background:
            await asyncio.wait(self._background)

    def submit(self, append: Append, views: Sequence[View]) -> Entry:
        """Queue ``append`` and let memory run ahead to the states of ``views``; or ``Busy``."""
        if self._stopping or len(self._queue) >= MAX_QUEUE:
            raise Busy
        entry = Entry(append, views, asyncio.get_running_loop().create_future())
        for view in views:
            resident = view.resident
            resident.pending += 1
            resident.state, resident.version = view.state, view.version
        self._queue.append(entry)
        self._wake.set()
        return entry

    async def _commit(self) -> None:
        while True:
            if not self._queue:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
            QUEUED.set(len(self._queue))
            BATCH.observe(len(batch))
            with SECONDS.time():
                await self._write(batch)

    async def _write(self, batch: list[Entry]) -> None:
        races = 0
        while batch:
            try:
                positions = await self._recorder.append([entry.append for entry in batch])
            except Objection as objection:
                batch = self._object(batch, objection)
            except Away as away:
                log.warning("append has no answer", commands=len(batch), cause=str(away))
                self._fail(batch, Unknown)
                return
            except IntegrityError:
                races += 1
                if races > RACES:
                    self._fail(batch)
                    return
            except Exception as fault:
                if len(batch) == 1:
                    log.exception("append failed")
                    self._fail(batch, lambda fault=fault: fault)  # type: ignore[misc]
                    return
                # One of them cannot be written; the others are not to suffer for it. They wait
                # behind the first, so that what rests on one that fails is dropped with it: its
                # version alone may by then be another process's.
                self._queue.extendleft(reversed(batch[1:]))
                batch = batch[:1]
            else:
                self._succeed(batch, positions)
                return

    def _succeed(self, batch: Sequence[Entry], positions: Sequence[int | None]) -> None:
        for entry in batch:
            entry.settle()
            for view in entry.views:
                if _is_due(view):
                    self._spawn(self._keep(view))
        self._release(batch, positions, 0)

    def _release(self, batch: Sequence[Entry], positions: Sequence[int | None], start: int) -> None:
        """Answer a few, and the others in the next turn.

        The few may bring the next commands, which are then already on their way to disk while the
        others are still being decided.
        """
        stop = start + ANSWERS_A_TURN
        for entry, position in zip(batch[start:stop], positions[start:stop], strict=True):
            if not entry.answer.done():
                entry.answer.set_result(position)
        if stop < len(batch):
            asyncio.get_running_loop().call_soon(self._release, batch, positions, stop)

    def _object(self, batch: Sequence[Entry], objection: Objection) -> list[Entry]:
        """Fail what the objection hits and all that rests on it; what is left of the batch."""
        invalid, again = set(objection.lost), objection.answered | objection.behind
        kept: list[Entry] = []
        for index, entry in enumerate(batch):
            if index in objection.taken:
                self._drop(entry, invalid, ClaimTaken(objection.taken[index]))
            elif index in again or not invalid.isdisjoint(entry.append.seen):
                self._drop(entry, invalid, Conflict())
            else:
                kept.append(entry)
        self._purge(invalid)
        return kept

    def _fail(self, batch: Sequence[Entry], why: Callable[[], Exception] = Conflict) -> None:
        """Forget every state these and theirs rest on.

        Commands look for an earlier answer before they decide again.
        """
        invalid: set[StreamKey] = set()
        for entry in batch:
            invalid.update(entry.append.seen)
            self._drop(entry, invalid, why())
        self._purge(invalid)

    def _purge(self, invalid: set[StreamKey]) -> None:
        """Drop invalid states and everything queued on them, before anything else runs."""
        waiting, self._queue = self._queue, deque()
        for entry in waiting:
            if invalid.isdisjoint(entry.append.seen):
                self._queue.append(entry)
            else:
                self._drop(entry, invalid, Conflict())
        self.residents.drop(invalid)

    def _drop(self, entry: Entry, invalid: set[StreamKey], why: Exception) -> None:
        invalid.update(event.stream for event in entry.append.events)
        entry.settle()
        if type(why) is Conflict:  # nobody else was quicker when the store is away or a claim taken
            CONFLICTS.inc()
        if not entry.answer.done():
            entry.answer.set_exception(why)
            entry.answer.exception()  # seen: the caller may have gone

    async def _keep(self, view: View) -> None:
        key = view.resident.key
        try:
            data = state_codec(type(view.state)).dump_json(view.state)
            await self._recorder.put_snapshot(key, view.version, layout(view.kind), data)
        except Away as away:
            log.warning("snapshot not kept", category=key.category, cause=str(away))
        except Exception:  # it only costs time: the stream is folded from further back
            log.exception("snapshot not kept", category=key.category)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _is_due(view: View) -> bool:
    every = view.kind.snapshot_every
    return every > 0 and view.version // every > view.seen // every
