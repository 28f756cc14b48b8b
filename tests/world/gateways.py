"""Another gateway beside the one of all journeys, with settings of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contracts.ids import new_id
from tests.world.system import System


@asynccontextmanager
async def gateway(system: System, **settings: str) -> AsyncIterator[str]:
    """The address of a gateway whose environment differs in ``settings``; empty unsets one."""
    name = await system.start("gateway", name=f"gateway {new_id()}", **settings)
    try:
        yield f"http://127.0.0.1:{system.supervisor.children[name].program.health_port}"
    finally:
        await system.stop(name)
