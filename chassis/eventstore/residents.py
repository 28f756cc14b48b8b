"""Folded states in memory: loaded on demand, many in one round trip, the idle ones let go."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chassis.decider import Aggregate
from chassis.eventstore.events import read, state_codec
from chassis.eventstore.recorder import Loaded, Recorder, StreamKey

MAX_RESIDENT = 20_000  # streams kept in memory

Wanted = dict[StreamKey, tuple[Aggregate[Any, Any], asyncio.Future[None]]]


@dataclass(slots=True)
class Resident:
    """A stream in memory, possibly ahead of the disk by what is queued."""

    state: Any
    version: int
    pending: int = 0
    """Appends queued or under way."""


class Residents:
    """The streams a process has in memory."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._streams: OrderedDict[StreamKey, Resident] = OrderedDict()
        self._wanted: Wanted = {}
        self._loads: set[asyncio.Task[None]] = set()

    def get(self, key: StreamKey) -> Resident | None:
        """The stream's state in memory, if it is there."""
        found = self._streams.get(key)
        if found is not None:
            self._streams.move_to_end(key)
        return found

    def __getitem__(self, key: StreamKey) -> Resident:
        return self._streams[key]

    def drop(self, keys: Iterable[StreamKey]) -> None:
        """Forget these states: they are not, or may not be, what the store holds."""
        for key in keys:
            self._streams.pop(key, None)

    async def load(self, wanted: Iterable[tuple[StreamKey, Aggregate[Any, Any]]]) -> None:
        """Bring streams into memory; loads asked for in one turn of the loop share a round trip."""
        waiting = []
        for key, aggregate in wanted:
            if key in self._streams:
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
                [
                    (key, kind.shape if kind.snapshot_every else 0)
                    for key, (kind, _) in wanted.items()
                ]
            )
            for (key, (kind, _)), stream in zip(wanted.items(), loaded, strict=True):
                self._streams.setdefault(key, _folded(kind, stream))
        except Exception as error:
            for _, done in wanted.values():
                if not done.done():
                    done.set_exception(error)
                    done.exception()  # seen: nobody may be waiting any more
        else:
            for _, done in wanted.values():
                if not done.done():
                    done.set_result(None)
        self._evict()

    def _evict(self) -> None:
        spare = len(self._streams) - MAX_RESIDENT
        if spare > 0:
            idle = [key for key, one in self._streams.items() if not one.pending][:spare]
            for key in idle:
                del self._streams[key]


def _folded(kind: Aggregate[Any, Any], loaded: Loaded) -> Resident:
    state, version = kind.initial, 0
    if loaded.snapshot is not None:
        version, data = loaded.snapshot
        state = state_codec(type(kind.initial)).validate_json(data)
    for stored in loaded.events:
        state = kind.evolve(state, read(stored))
        version = stored.originator_version
    return Resident(state, version)
