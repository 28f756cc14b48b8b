"""Three NATS servers lose their leader: bookings go on, screens follow, nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack

import pytest

from chassis.bus.asker import Unavailable
from chassis.streams import declare, event_stream
from tests.faults.books import must_be_right, must_be_shown, stored
from tests.faults.cluster import NETWORK, ClusteredSystem, Node, bridge
from tests.faults.conftest import PATIENCE
from tests.faults.proxy import Proxy
from tests.faults.rush import rush
from tests.world.bus import Bus
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, opened
from tests.world.system import data_folder
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(400)]

COPIES = 3
STREAM = event_stream("booking")
Do = Callable[[Node], object]


@pytest.fixture(scope="module")
async def system() -> AsyncIterator[ClusteredSystem]:
    """A system whose streams have three copies, on three hosts."""
    with data_folder("cluster") as data, ExitStack() as hosts:
        network = hosts.enter_context(bridge())
        async with Proxy(*((f"{NETWORK}.{number}", 4222) for number in (1, 2, 3))) as service:
            system = ClusteredSystem(data, f"nats://127.0.0.1:{service.port}")
            for node in system.installation.nodes.values():
                hosts.enter_context(node.host(network))
            async with system:
                async with Bus(system.installation) as bus:
                    await declare(bus.client, COPIES)
                await system.installation.all_well()
                yield system


FAULTS: dict[str, tuple[Do, Do]] = {
    "cut off from everybody": (Node.cut_off, Node.join),
    "frozen": (Node.freeze, Node.thaw),
    "killed": (Node.kill, Node.start),
}
"""What happens to the leader, and how it comes back."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda name: name.replace(" ", "-"))
async def test_a_rush_goes_on_when_the_leader_is(
    fault: str, system: ClusteredSystem, tell: Chronicle
) -> None:
    await system.all_ready()
    gym = await until(lambda: _opened(system), PATIENCE)
    crowd = await rush(gym, seats=12, people=40)
    leader = await _leader(system)
    strike, heal = FAULTS[fault]
    booking = asyncio.create_task(crowd.all_book())
    await crowd.halfway.wait()

    began, answered = time.monotonic(), len(crowd.told)
    strike(leader)
    tell(f"{leader.name}, which leads {STREAM}, is {fault} when {answered} of 40 were answered")
    await booking
    tell(f"all 40 are answered {time.monotonic() - began:.1f} s later")
    tell(f"for {crowd.longest_silence:.1f} s nobody was answered")
    await must_be_shown(crowd, await stored(system, crowd))
    tell(f"screens show it all {time.monotonic() - began:.1f} s later; nobody mended anything yet")
    heal(leader)
    await system.installation.all_well()
    tell(f"{leader.name} is back and has everything")

    await must_be_right(system, crowd, tell)
    await gym.aclose()


async def _opened(system: ClusteredSystem) -> Gym | None:
    """A new gym, as soon as the bus carries questions and answers between all three again."""
    try:
        return await opened(system.installation, system.url, patience=PATIENCE)
    except Unavailable:
        return None


async def _leader(system: ClusteredSystem) -> Node:
    """Which node leads booking's stream."""
    async with Bus(system.installation) as bus:
        info = await bus.client.jetstream(timeout=5).stream_info(STREAM)
    assert info.cluster is not None
    assert info.cluster.leader is not None
    return system.installation.nodes[info.cluster.leader]
