"""Another gateway beside the one of all journeys, with settings of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from deploy.local.installation import Installation
from deploy.local.places import free_port
from deploy.local.runner import program
from deploy.local.supervisor import Supervisor


@asynccontextmanager
async def gateway(running: Installation, **settings: str) -> AsyncIterator[str]:
    """The address of a gateway whose environment differs in ``settings``; empty unsets one."""
    port = free_port()
    usual = program(running, "gateway")
    environment = {**usual.environment, "GATEWAY_PORT": str(port), **settings}
    environment = {name: value for name, value in environment.items() if value}
    supervisor = Supervisor(lambda name, line: print(f"{name} on {port}: {line}"))
    try:
        await supervisor.start(replace(usual, environment=environment, health_port=port))
        yield f"http://127.0.0.1:{port}"
    finally:
        await supervisor.drain(7)
