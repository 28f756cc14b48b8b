"""Folded states in memory: loaded on demand, many in one round trip, the idle ones let go."""

import asyncio
from collections.abc import Container, Iterable
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any
from uuid import UUID

from chassis.decider import Aggregate
from chassis.eventstore.events import layout, read, state_codec
from chassis.eventstore.recorder import Loaded, Recorder, StreamKey
from contracts.ids import GymId

MAX_RESIDENT = 20_000  # streams kept in memory

Wanted = dict[StreamKey, tuple[Aggregate[Any, Any], asyncio.Future[None]]]


@dataclass(slots=True, eq=False)
class Resident:
    """A stream in memory, possibly ahead of the disk by what is queued."""

    key: StreamKey
    state: Any
    version: int
    pending: int = 0
    """Appends queued or under way."""
    used: int = 0
    """When it was looked at last, by the count of looks."""


class Residents:
    """The streams a process has in memory."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._streams: dict[tuple[GymId, str, UUID], Resident] = {}
        self._looks = 0
        self._wanted: Wanted = {}
        self._loads: set[asyncio.Task[None]] = set()

    def get(self, gym_id: GymId, category: str, stream_id: UUID) -> Resident | None:
        """The stream's state in memory, if it is there."""
        found = self._streams.get((gym_id, category, stream_id))
        if found is not None:
            self._looks += 1
            found.used = self._looks
        return found

    def drop(self, keys: Iterable[StreamKey]) -> None:
        """Forget these states: they are not, or may not be, what the store holds."""
        for key in keys:
            self._streams.pop((key.gym_id, key.category, key.id), None)

    async def load(self, wanted: Iterable[tuple[StreamKey, Aggregate[Any, Any]]]) -> None:
        """Bring streams into memory; loads asked for in one turn of the loop share a round trip."""
        waiting = []
        for key, aggregate in wanted:
            if (key.gym_id, key.category, key.id) in self._streams:
                continue
            if key not in self._wanted:
                if not self._wanted:
                    asyncio.get_running_loop().call_soon(self._start_loading)
                self._wanted[key] = (aggregate, asyncio.get_running_loop().create_future())
            waiting.append(self._wanted[key][1])
        if waiting:
            await asyncio.gather(*(asyncio.shield(one) for one in waiting))

    def _start_loading(self) -> None:
        wanted, self._wanted = self._wanted, {}
        load = asyncio.create_task(self._load(wanted))
        self._loads.add(load)
        load.add_done_callback(self._loads.discard)

    async def _load(self, wanted: Wanted) -> None:
        try:
            loaded = await self._recorder.load(
                [(key, layout(kind) if kind.snapshot_every else 0)
                 for key, (kind, _) in wanted.items()]
            )  # fmt: skip
        except Exception as error:
            for _, done in wanted.values():
                _settle(done, error)
            return
        for (key, (kind, done)), stream in zip(wanted.items(), loaded, strict=True):
            try:
                self._looks += 1
                found = _folded(key, kind, stream, self._looks)
                self._streams.setdefault((key.gym_id, key.category, key.id), found)
                _settle(done)
            except Exception as error:  # this stream's fault; the others were only beside it
                _settle(done, error)
        if len(self._streams) > MAX_RESIDENT:
            self._evict(wanted)

    def _evict(self, wanted: Container[StreamKey]) -> None:
        """Let those go that were looked at longest ago.

        But nothing that is being written, nor what somebody has ``wanted`` just now.
        """
        surplus = len(self._streams) - MAX_RESIDENT + MAX_RESIDENT // 10
        idle = (one for one in self._streams.values() if not one.pending and one.key not in wanted)
        self.drop([one.key for one in nsmallest(surplus, idle, key=lambda one: one.used)])


def _settle(done: asyncio.Future[None], error: Exception | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
        done.exception()  # seen: nobody may be waiting any more


def _folded(key: StreamKey, kind: Aggregate[Any, Any], loaded: Loaded, used: int) -> Resident:
    state, version = kind.initial, 0
    if loaded.snapshot is not None:
        version, data = loaded.snapshot
        state = state_codec(type(kind.initial)).validate_json(data)
    for stored in loaded.events:
        state = kind.evolve(state, read(stored))
        version = stored.originator_version
    return Resident(key, state, version, used=used)
