"""Relays by themselves: one dies and another takes over; what waits for one outlives the store."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.runner import program
from tests.faults.books import must_be_right
from tests.faults.rush import rush
from tests.faults.streams import stored, streamed, streams_are_stores
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

RELAYS = ("booking relay 1", "booking relay 2")
RELAYING = 'b2b_relay_state{b2b_relay_state="running",context="booking"} 1.0'
TAKEN_OVER_WITHIN = 60.0  # seconds


@pytest.fixture
async def unrelayed(system: System) -> AsyncIterator[None]:
    """Booking without a relay: what it appends waits in the store."""
    await system.all_ready()
    await system.stop("booking")
    await system.start("booking", name="booking", PARTS="commands,reactions,deadlines")
    yield
    for name in {*RELAYS, "booking"} & set(system.supervisor.children):
        await system.stop(name)
    await system.supervisor.start(program(system.installation, "booking"))


@pytest.fixture
async def relays(system: System, unrelayed: None) -> tuple[str, ...]:
    """Two of them, without the rest of it."""
    for name in RELAYS:
        await system.start("booking", name=name, PARTS="relay")
    return RELAYS


async def test_a_standby_takes_over_in_the_middle_of_a_rush(
    system: System, gym: Gym, relays: tuple[str, ...], tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=12, people=40)
    carrying = await until(lambda: _carrying(system, relays), TAKEN_OVER_WITHIN)
    (standing_by,) = set(relays) - {carrying}

    async def breaking() -> None:
        await crowd.halfway.wait()
        system.kill(carrying)
        tell(f"{carrying} was killed when {len(crowd.told)} of 40 were answered")

    await asyncio.gather(breaking(), crowd.all_book())

    async def taken_over() -> bool:
        return await _carrying(system, (standing_by,)) == standing_by

    await until(taken_over, TAKEN_OVER_WITHIN)
    tell(f"{standing_by} took over")
    await must_be_right(system, crowd, tell)


@pytest.mark.chaos
async def test_what_waits_for_a_relay_when_postgres_dies_is_published_once_and_in_order(
    system: System, gym: Gym, unrelayed: None, tell: Chronicle
) -> None:
    published = await streamed(system, "booking")
    crowd = await rush(gym, seats=12, people=40)
    await crowd.all_book()
    appended = await stored(system, "booking")
    assert len(appended) > len(published) + len(crowd.clients)
    assert await streamed(system, "booking") == published == appended[: len(published)]

    postgres = system.installation.postgres
    assert postgres is not None
    postgres.kill()
    postgres.restart()
    waiting = len(appended) - len(published)
    tell(f"Postgres was killed while {waiting} events waited for a relay")
    assert (await stored(system, "booking"))[: len(appended)] == appended
    await system.start("booking", name=RELAYS[0], PARTS="relay")

    await must_be_right(system, crowd, tell)
    await streams_are_stores(system)
    tell("every stream has what its store has, once and in order")


async def _carrying(system: System, relays: tuple[str, ...]) -> str | None:
    """Which of them says it is relaying."""
    async with httpx.AsyncClient(timeout=30) as http:
        for name in relays:
            port = system.supervisor.children[name].program.health_port
            try:
                told = await http.get(f"http://127.0.0.1:{port}/metrics")
            except httpx.TransportError:
                continue  # it is being started again
            if RELAYING in told.text:
                return name
    return None
