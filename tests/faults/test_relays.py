"""Relays by themselves: the one that carries a rush dies, the one standing by takes over."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.runner import program
from tests.faults.books import must_be_right
from tests.faults.rush import rush
from tests.world.gym import Gym
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

RELAYS = ("booking relay 1", "booking relay 2")
RELAYING = 'b2b_relay_state{b2b_relay_state="running",context="booking"} 1.0'
TAKEN_OVER_WITHIN = 20.0  # seconds


@pytest.fixture
async def relays(system: System) -> AsyncIterator[tuple[str, ...]]:
    """Booking without a relay, and two relays without the rest of it."""
    await system.all_ready()
    await system.stop("booking")
    await system.start("booking", name="booking", PARTS="commands,reactions,deadlines")
    for name in RELAYS:
        await system.start("booking", name=name, PARTS="relay")
    yield RELAYS
    for name in (*RELAYS, "booking"):
        await system.stop(name)
    await system.supervisor.start(program(system.installation, "booking"))


async def test_a_standby_takes_over_in_the_middle_of_a_rush(
    system: System, gym: Gym, relays: tuple[str, ...]
) -> None:
    crowd = await rush(gym, seats=12, people=40)
    carrying = await until(lambda: _carrying(system, relays), TAKEN_OVER_WITHIN)
    (standing_by,) = set(relays) - {carrying}

    async def breaking() -> None:
        await crowd.halfway.wait()
        system.kill(carrying)

    await asyncio.gather(breaking(), crowd.all_book())

    async def taken_over() -> bool:
        return await _carrying(system, (standing_by,)) == standing_by

    await until(taken_over, TAKEN_OVER_WITHIN)
    await must_be_right(system, crowd)


async def _carrying(system: System, relays: tuple[str, ...]) -> str | None:
    """Which of them says it is relaying."""
    async with httpx.AsyncClient() as http:
        for name in relays:
            port = system.supervisor.children[name].program.health_port
            try:
                told = await http.get(f"http://127.0.0.1:{port}/metrics")
            except httpx.TransportError:
                continue  # it is being started again
            if RELAYING in told.text:
                return name
    return None
