"""Who reacts to what, and whether they have heard all there is."""

from nats.js.api import ConsumerInfo

from chassis.streams import CONTEXTS, event_stream
from deploy.local.access import Access
from tests.world.bus import Bus


async def reactions(installation: Access) -> dict[str, ConsumerInfo]:
    """The durable consumers of all event streams, by name: who reacts to what."""
    async with Bus(installation) as bus:
        js = bus.client.jetstream(timeout=3)
        return {
            one.config.durable_name: one
            for context in CONTEXTS
            for one in await js.consumers_info(event_stream(context))
            if one.config.durable_name
        }


async def is_everything_heard(installation: Access) -> bool:
    """Whether every reaction has done with all there is."""
    found = await reactions(installation)
    return not any(one.num_pending or one.num_ack_pending for one in found.values())
