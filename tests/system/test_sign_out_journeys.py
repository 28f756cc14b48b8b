"""Who signs out, leaves or gets other roles is not let on for what an old token says."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from websockets.asyncio.client import ClientConnection, connect

from deploy.local.installation import Installation
from gateway.standings import STALE
from tests.world import documents
from tests.world.gateways import gateway
from tests.world.gym import Gym, move_clock
from tests.world.people import GRAPHQL_WS, PASSWORD, Person, Refused
from tests.world.system import System

NEXT_LOOK = timedelta(seconds=STALE + 1)
VIEWER = "{ viewer { id } }"


@pytest.fixture(scope="module")
async def watchful(system: System) -> AsyncIterator[str]:
    """A gateway that looks after its live connections all the time."""
    async with gateway(system, RECHECK_SECONDS="0.2") as address:
        yield address


async def signed_in(gym: Gym, address: str, email: str) -> tuple[Person, str]:
    """The person at ``address``, and their refresh token."""
    person = Person(address)
    gym.people.append(person)
    told = await person.done(documents.SIGN_IN, gym=gym.slug, email=email, password=PASSWORD)
    person._token = told["tokens"]["accessToken"]
    return person, told["tokens"]["refreshToken"]


async def opened(address: str, person: Person) -> ClientConnection:
    """A socket of ``person``'s that has shown something."""
    socket = await connect(
        address.replace("http", "ws", 1) + "/graphql",
        subprotocols=[GRAPHQL_WS],
    )
    await socket.send(json.dumps({"type": "connection_init", "payload": person.headers}))
    span = {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z"}
    payload = {"query": documents.CALENDAR_CHANGED, "variables": span}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    heard = [json.loads(await socket.recv())["type"] for _ in range(2)]
    assert heard == ["connection_ack", "next"]
    return socket


async def closed_with(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(60):
        await socket.wait_closed()
    return socket.close_code


async def test_a_sign_out_ends_access_tokens_and_live_connections(
    running: Installation, watchful: str, gym: Gym
) -> None:
    email = (await gym.member()).email
    mia, refresh = await signed_in(gym, watchful, email)
    elsewhere, _ = await signed_in(gym, watchful, email)
    socket = await opened(watchful, mia)

    assert await mia.do(documents.SIGN_OUT, refreshToken=refresh) == {"userErrors": []}
    move_clock(running.clock_file, NEXT_LOOK)

    assert await closed_with(socket) == 4403
    with pytest.raises(Refused) as refused:
        await mia.ask(VIEWER)
    assert refused.value.code == "UNAUTHENTICATED"
    assert await elsewhere.ask(VIEWER)


async def test_a_trainer_who_leaves_sees_nothing_more(
    running: Installation, watchful: str, gym: Gym
) -> None:
    tom, _ = await signed_in(gym, watchful, (await gym.staff("TRAINER")).email)
    socket = await opened(watchful, tom)
    staff_id = (await tom.ask(VIEWER))["id"]

    await gym.owner.done(documents.CHANGE_ROLES, staffId=staff_id, roles=[])
    move_clock(running.clock_file, NEXT_LOOK)

    assert await closed_with(socket) == 4403
    with pytest.raises(Refused) as refused:
        await tom.ask(VIEWER)
    assert refused.value.code == "UNAUTHENTICATED"


async def test_other_roles_hold_for_the_token_somebody_has(
    running: Installation, watchful: str, gym: Gym
) -> None:
    desk, _ = await signed_in(gym, watchful, (await gym.staff("FRONT_DESK")).email)
    staff_id = (await desk.ask(VIEWER))["id"]
    await desk.done(documents.REGISTER, name="Nia", email="nia@x.test", password=PASSWORD)

    await gym.owner.done(documents.CHANGE_ROLES, staffId=staff_id, roles=["TRAINER"])
    move_clock(running.clock_file, NEXT_LOOK)

    with pytest.raises(Refused) as refused:
        await desk.done(documents.REGISTER, name="Noa", email="noa@x.test", password=PASSWORD)
    assert refused.value.code == "FORBIDDEN"
    assert await desk.ask(VIEWER)
