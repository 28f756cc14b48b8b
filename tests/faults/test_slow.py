"""Who reads slowly, or not at all, keeps nobody else waiting."""

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from deploy.local.servers import Nats
from tests.faults.books import must_be_right
from tests.faults.proxy import Proxy, reached_through
from tests.faults.rush import rush
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.people import GRAPHQL_WS
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(180)]

DEAF = 30
GIVEN_UP = ("Slow Consumer", "Stale Connection")
"""Why a server closes a connection: too much waits for it, or its pings are not answered. Which it
is depends on how many megabytes the machine keeps on the way."""
GIVEN_UP_WITHIN = 60.0  # seconds; it waits ten for who takes nothing, three pings for an answer
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


async def test_readers_the_server_has_given_up_come_back_and_miss_nothing(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    nats = system.installation.nats
    assert nats is not None
    async with (
        Proxy(("127.0.0.1", nats.port), is_narrow=True) as way,
        reached_through(way, system, "projections"),
    ):
        crowd = await rush(gym, seats=12, people=60)
        (reading,) = [one for one in await _connections(nats) if "reason" not in one]
        way.hold()
        tell("the projections take nothing any more of what the server sends, and say nothing")
        await crowd.all_book()
        tell(f"all {len(crowd.told)} were answered all the same")
        why = await until(lambda: _why_given_up(nats, reading["cid"]), GIVEN_UP_WITHIN)
        tell(f"the server has closed their connection: {why}")
        assert why.startswith(GIVEN_UP), why
        way.let_go()
        tell("their way is free again")

        await must_be_right(system, crowd, tell)


async def _connections(nats: Nats) -> list[dict[str, Any]]:
    """The projections', those that are closed with the reason."""
    async with httpx.AsyncClient(timeout=30) as http:
        told = (await http.get(f"{nats.monitor_url}/connz?state=all&limit=10000")).json()
    return [one for one in told["connections"] if one.get("name") == "projections"]


async def _why_given_up(nats: Nats, cid: int) -> str | None:
    return next((one.get("reason") for one in await _connections(nats) if one["cid"] == cid), None)


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
