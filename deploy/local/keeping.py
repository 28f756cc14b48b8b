"""Keeps servers up: started again when they end, while everything else goes on."""

import asyncio
import time
from collections.abc import Callable, Iterable

from deploy.local.servers import LOOK_EVERY, Lingering, Server
from deploy.local.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY_AFTER

_WATCH_EVERY = 1.0  # seconds


async def keep(servers: Iterable[Server], say: Callable[[str], None]) -> None:
    """Until cancelled. Raises ``CannotStart`` when one cannot be started again."""
    forever = asyncio.Event().wait()  # with two servers of somebody else's there is none to keep
    await asyncio.gather(forever, *(_keep(server, say) for server in servers))


async def _keep(server: Server, say: Callable[[str], None]) -> None:
    pause, began = FIRST_PAUSE, time.monotonic()
    while True:
        await asyncio.sleep(_WATCH_EVERY)
        if server.is_running:
            continue
        pause = FIRST_PAUSE if time.monotonic() - began > STEADY_AFTER else pause
        say(f"{server.name} ended, see {server.log}; starting it again in {pause:.1f} s")
        await asyncio.sleep(pause)
        pause, began = min(pause * 2, LONGEST_PAUSE), time.monotonic()
        try:
            await _start(server)
        except Lingering:
            continue
        say(f"{server.name} is ready again")


async def _start(server: Server) -> None:
    """As ``server.start()``, in this thread too: children die with the thread that made them."""
    server.stop()
    server.begin()
    while not server.is_ready():  # noqa: ASYNC110 - another program tells nobody
        await asyncio.sleep(LOOK_EVERY)
