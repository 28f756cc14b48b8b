"""Services as they ship: own processes with their own environment, asked as the gateway asks."""

import asyncio
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

import nats

from chassis.bus.asker import Asker
from chassis.clock import Clock, MovableClock
from contracts.envelope import Caller, Command, Reply
from contracts.ids import GymId, new_id
from deploy.local.health import is_ready
from deploy.local.installation import Installation
from deploy.local.places import free_port
from tests.world.waiting import until

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 60.0  # seconds
ANSWERS_WITHIN = 30.0  # seconds


class Gateway:
    """Asks services in anybody's name."""

    def __init__(self, asker: Asker, clock: Clock) -> None:
        self.clock = clock
        self._asker = asker

    async def ask(
        self, gym_id: GymId, command: Command, actor: str, *roles: str, key: UUID | None = None
    ) -> Reply:
        """One command; ``key`` is its idempotency key."""
        one = key or new_id()
        caller = Caller(
            gym_id=gym_id, actor=actor, roles=roles, command_id=one, correlation_id=one,
            causation_id=one, deadline=self.clock.now() + timedelta(seconds=ANSWERS_WITHIN),
        )  # fmt: skip
        return await self._asker.ask(command, caller, timeout=ANSWERS_WITHIN)


@asynccontextmanager
async def serving(
    installation: Installation, *services: str, parts: Sequence[str] = ()
) -> AsyncIterator[Gateway]:
    """The services, ready. They must end well when the block does.

    ``parts`` splits the last one over several processes: ``("commands", "relay,deadlines")``.
    """
    settings = [(name, installation.environment(name)) for name in services]
    if parts:
        name, told = settings.pop()
        settings += [(name, told | {"PARTS": p, "HEALTH_PORT": str(free_port())}) for p in parts]
    running = [started(name, told) for name, told in settings]
    client = await nats.connect(**installation.nats_login("developer"))
    try:
        for (_, told), process in zip(settings, running, strict=True):
            await ready(told["HEALTH_PORT"], process)
        key = b64decode(installation.environment("gateway")["CALLER_KEY"])
        clock = MovableClock(installation.clock_file)
        yield Gateway(Asker(client, key=key, clock=clock), clock)
    finally:
        await client.close()
        for process in running:
            process.terminate()
        ends = [await asyncio.to_thread(process.wait, STOPS_WITHIN) for process in running]
        assert ends == [0] * len(running)


def started(
    name: str, environment: dict[str, str], out: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """The service in a process of its own; whoever starts it ends it. It writes to ``out``."""
    return subprocess.Popen(
        [sys.executable, "-m", f"services.{name}"], cwd=ROOT, env=environment,
        stdout=out, stderr=out,
    )  # fmt: skip


async def ready(port: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when it serves. Raises ``AssertionError`` when it ends instead."""

    async def serves() -> bool:
        assert process.poll() is None, f"ended with {process.returncode}"
        return await is_ready(int(port))

    await until(serves, STARTS_WITHIN)
