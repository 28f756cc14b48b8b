"""Who reacts to what, and whether they have heard all there is."""

import asyncpg
from nats.js.api import ConsumerInfo

from chassis.streams import CONTEXTS, event_stream
from deploy.local.access import Access
from tests.world.bus import Bus


async def reactions(installation: Access) -> dict[str, ConsumerInfo]:
    """The durable consumers of all event streams, by name: who reacts to what."""
    async with Bus(installation) as bus:
        js = bus.client.jetstream(timeout=10)
        return {
            one.config.durable_name: one
            for context in CONTEXTS
            for one in await js.consumers_info(event_stream(context))
            if one.config.durable_name
        }


async def is_everything_heard(installation: Access) -> bool:
    """Whether every event is in its stream, and every reaction has done with all there is.

    What a reaction has led to meanwhile is more to hear.
    """
    before = await _stored(installation)
    found = await reactions(installation)
    if any(one.num_pending or one.num_ack_pending for one in found.values()):
        return False
    return before == await _streamed(installation) == await _stored(installation)


async def _stored(installation: Access) -> dict[str, int]:
    """Events in each store."""
    counts = {}
    for context in CONTEXTS:
        db = await asyncpg.connect(installation.dsn("auditor", f"b2b_{context}"))
        try:
            counts[context] = await db.fetchval("SELECT count(*) FROM es.events")
        finally:
            await db.close()
    return counts


async def _streamed(installation: Access) -> dict[str, int]:
    """Events in each stream, which begins with the store's first."""
    async with Bus(installation) as bus:
        js = bus.client.jetstream(timeout=10)
        told = {one: await js.stream_info(event_stream(one)) for one in CONTEXTS}
    return {context: info.state.last_seq for context, info in told.items()}
