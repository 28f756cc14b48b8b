"""Event stores and their streams, event by event: the same ones, once, in the same order."""

from functools import partial

import asyncpg
import orjson

from chassis.reader import Reader
from chassis.streams import CONTEXTS, event_stream
from tests.world.bus import Bus
from tests.world.system import System
from tests.world.waiting import until

POSITIONS = "SELECT pos, event_id::text FROM es.events ORDER BY pos"

ALL_THERE_WITHIN = 60.0  # seconds

Placed = list[tuple[int, str]]
"""Positions and ids of events."""


async def stored(system: System, context: str) -> Placed:
    """Everything in a store, in its order."""
    db = await asyncpg.connect(system.installation.dsn("auditor", f"b2b_{context}"))
    try:
        return [(row[0], row[1]) for row in await db.fetch(POSITIONS)]
    finally:
        await db.close()


async def streamed(system: System, context: str) -> Placed:
    """Everything in its stream; every message has the sequence after that of the one before."""
    stream, found = event_stream(context), Placed()
    async with Bus(system.installation) as bus:
        last = (await bus.client.jetstream(timeout=10).stream_info(stream)).state.last_seq
        reader = Reader(bus.client, stream)
        while len(found) < last:
            for message in await reader.next_batch():
                told = orjson.loads(message.data)
                found.append((told["position"], told["event_id"]))
                assert message.seq == len(found)
        await reader.stop()
    return found


async def streams_are_stores(system: System) -> None:
    """Of every service, once nothing is on its way any more."""
    for context in CONTEXTS:
        await until(partial(_is_store, system, context), ALL_THERE_WITHIN)


async def _is_store(system: System, context: str) -> bool:
    """Whether it has all; what it has must be what the store has, in its order."""
    wanted, found = await stored(system, context), await streamed(system, context)
    assert wanted == sorted(wanted)
    assert found[: len(wanted)] == wanted[: len(found)], context
    return len(found) >= len(wanted)
