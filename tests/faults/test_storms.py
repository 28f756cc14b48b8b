"""Storms of sockets: who comes, goes, says nothing or nonsense costs nobody else their screen."""

import asyncio
import contextlib
import json
import re

import httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.faults.books import every_invariant_holds
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.people import GRAPHQL_WS
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(300)]

WAVES = (60, 400)
AT_ONCE = 40  # handshakes under way
OUTLASTS = 30.0  # seconds until the gateway must have forgotten who left
GROWTH = 200 * 1024 * 1024  # bytes the gateway may keep of a storm: buffers, not people


@pytest.mark.parametrize("size", WAVES)
async def test_a_screen_goes_on_through_a_storm_of(
    size: int, system: System, gym: Gym, tell: Chronicle
) -> None:
    session = await gym.session(capacity=50)
    await gym.client()
    before, memory = await _live(system), _memory(system)

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        for wave, weather in enumerate((_gone_at_once, _silent, _nonsense), 1):
            storm = asyncio.create_task(_storm(gym, session, size, weather))
            client = await gym.client(f"Carla {wave}")
            await gym.owner.done(documents.BOOK, sessionId=session, clientId=client)
            await roster.shows(lambda f, n=wave: len(f["roster"]["reservations"]) == n, within=20)  # type: ignore[misc]
            came = await storm
            tell(f"{came} sockets, {weather.__name__.strip('_').replace('_', ' ')}: "
                 f"the roster showed booking {wave} all the same")  # fmt: skip

        async def forgotten() -> bool:
            return await _live(system) <= before + 1

        await until(forgotten, OUTLASTS)
    grown = _memory(system) - memory
    tell(f"the gateway forgot them all and holds {grown / 1024 / 1024:.0f} MB more than before")
    assert grown < GROWTH
    tell.hold((await every_invariant_holds(system)).values())


async def _gone_at_once(socket: ClientConnection, gym: Gym, session: str) -> None:
    """Signs in, watches, and is gone without a word, as phones are in a lift."""
    await socket.send(json.dumps({"type": "connection_init", "payload": gym.owner.headers}))
    asked = {"query": documents.ROSTER_CHANGED, "variables": {"id": session}}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
    await socket.recv()
    socket.transport.abort()


async def _silent(socket: ClientConnection, gym: Gym, session: str) -> None:
    """Connects, and never says who it is."""
    del gym, session
    await socket.wait_closed()  # the gateway does not wait for ever


async def _nonsense(socket: ClientConnection, gym: Gym, session: str) -> None:
    """Speaks no protocol at all."""
    del gym, session
    await socket.send('{"type": [[[[[' * 200)
    await socket.wait_closed()


async def _storm(gym: Gym, session: str, size: int, weather: object) -> int:
    """How many of ``size`` sockets got in."""
    assert callable(weather)
    turns = asyncio.Semaphore(AT_ONCE)
    address = gym.url.replace("http", "ws", 1) + "/graphql"

    async def one() -> bool:
        async with turns:
            try:
                socket = await connect(address, subprotocols=[GRAPHQL_WS])
            except (OSError, TimeoutError):
                return False
        with contextlib.suppress(OSError):
            await weather(socket, gym, session)
        await socket.close()
        return True

    came = await asyncio.gather(*(one() for _ in range(size)))
    assert any(came)
    return sum(came)


async def _live(system: System) -> int:
    """Live connections, as the gateway tells."""
    async with httpx.AsyncClient(timeout=30) as http:
        page = (await http.get(f"{system.url}/metrics")).text
    found = re.search(r'^b2b_live_connections\{transport="ws"\} (\S+)$', page, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _memory(system: System) -> int:
    return int(psutil.Process(system.pid("gateway")).memory_info().rss)
