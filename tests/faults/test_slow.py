"""Who reads slowly, or not at all, keeps nobody else waiting."""

import asyncio
import json
import socket

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.faults.books import must_be_right
from tests.faults.rush import rush
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.people import GRAPHQL_WS
from tests.world.system import System

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(180)]

DEAF = 30
SMALLEST = 4096  # bytes of what the machine keeps for who does not read


async def test_screens_that_never_read_keep_no_other_from_showing(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=30, people=40)
    deaf = await asyncio.gather(*(_deaf(gym, crowd.session) for _ in range(DEAF)))

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=crowd.session) as roster:
        await crowd.all_book()
        seats = sum(told == "reserved" for told in crowd.told.values())
        await roster.shows(lambda f: len(f["roster"]["reservations"]) >= seats, within=15)
    tell(f"{DEAF} screens read nothing while 40 people booked; another one showed every seat")

    for one in deaf:
        one.transport.abort()
    await must_be_right(system, crowd, tell)


async def _deaf(gym: Gym, session: str) -> ClientConnection:
    """A screen that asks to be shown the roster and never looks."""
    url = gym.url.replace("http", "ws", 1) + "/graphql"
    host, _, port = url.removeprefix("ws://").removesuffix("/graphql").partition(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    opened = await connect(url, sock=raw, subprotocols=[GRAPHQL_WS], max_queue=1)
    await opened.send(json.dumps({"type": "connection_init", "payload": gym.owner.headers}))
    asked = {"query": documents.ROSTER_CHANGED, "variables": {"id": session}}
    for id_ in ("1", "2", "3", "4"):
        await opened.send(json.dumps({"type": "subscribe", "id": id_, "payload": asked}))
    opened.transport.pause_reading()
    return opened
