"""An answer that is lost on its way after the commit: done once, and found again by its key."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.local.access import LOGINS
from deploy.local.runner import program
from deploy.schema import database_url
from tests.faults.books import must_be_right, uuid_of
from tests.faults.proxy import Proxy
from tests.faults.rush import rush
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

LOST = 4
WITHIN = 60.0  # seconds


@pytest.fixture
async def way(system: System) -> AsyncIterator[Proxy]:
    """Booking's way to its store, which can lose what comes back."""
    await system.all_ready()
    postgres = system.installation.postgres
    assert postgres is not None
    async with Proxy(("127.0.0.1", postgres.port)) as proxy:
        dsn = system.installation.dsn(*LOGINS["booking"])
        around = database_url(dsn, LOGINS["booking"][1]).replace(
            f":{postgres.port}/", f":{proxy.port}/"
        )
        await system.stop("booking")
        await system.start("booking", name="booking", DATABASE_URL=around)
        yield proxy
        await system.stop("booking")
    await system.supervisor.start(program(system.installation, "booking"))


async def test_a_booking_whose_commit_nobody_heard_of_is_made_once(
    system: System, gym: Gym, way: Proxy, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=12, people=40)
    session = uuid_of(crowd.session).bytes
    way.lose_answers_to(session, b"booking.reservation_made")

    async def mending() -> None:
        await until(lambda: _lost(way, LOST), WITHIN)
        way.lose_answers_to()

    await asyncio.gather(mending(), crowd.all_book())

    assert way.lost >= LOST
    tell(f"{way.lost} answers to COMMIT were lost, each with its connection; everybody asked again")
    await must_be_right(system, crowd, tell)


@pytest.mark.chaos
async def test_a_store_that_says_nothing_any_more_is_left_and_found_again(
    system: System, gym: Gym, way: Proxy, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=12, people=40)

    async def silence() -> None:
        await crowd.halfway.wait()
        way.hold()
        tell(f"the way to the store fell silent when {len(crowd.told)} of 40 were answered")
        await asyncio.sleep(15)  # how long it is silent is the fault itself
        way.let_go()
        tell("it passes on again")

    await asyncio.gather(silence(), crowd.all_book())

    await must_be_right(system, crowd, tell)


async def _lost(way: Proxy, count: int) -> bool:
    return way.lost >= count
