"""An answer that is lost on its way after the commit: done once, and found again by its key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.local.access import LOGINS
from deploy.local.runner import program
from deploy.schema import database_url
from tests.faults.books import every_invariant_holds, must_be_right, uuid_of
from tests.faults.conftest import PATIENCE
from tests.faults.proxy import Proxy
from tests.faults.replicas import Replicas
from tests.faults.rush import rush
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, opened
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

LOST = 4
WITHIN = 60.0  # seconds
STEPS_BACK_WITHIN = 30.0  # seconds; who asks first waits ten for nothing


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
    alone, together = crowd.clients[:LOST], crowd.clients[LOST:]
    session = uuid_of(crowd.session).bytes
    way.lose_answers_to(session, b"booking.reservation_made")
    for client in alone:  # each in a commit of its own
        await crowd.book(client)
    assert way.lost == LOST

    async def mending() -> None:
        await until(lambda: way.lost > LOST, WITHIN)
        way.lose_answers_to()

    await asyncio.gather(mending(), *map(crowd.book, together))
    await crowd.leave([one for one in crowd.clients if crowd.told[one] == "reserved"][:3])

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


@pytest.fixture
async def replicas(system: System, way: Proxy) -> AsyncIterator[Replicas]:
    """A second booking, with a way of its own."""
    await system.start("booking", name="booking 2")
    await system.all_ready()
    yield Replicas(system)
    await system.stop("booking 2")


@pytest.mark.chaos
async def test_who_alone_is_cut_off_from_the_store_leaves_gyms_to_the_other(
    replicas: Replicas, way: Proxy, tell: Chronicle
) -> None:
    system = replicas.system
    async with _at_home_at_first(replicas) as gym:
        session, client = await gym.session(), await gym.client()
        booked = {"command": "booking.book_class", "outcome": "done"}
        way.hold()
        tell("the first booking's way to the store fell silent; the other has one of its own")
        async with asyncio.timeout(STEPS_BACK_WITHIN):
            await gym.owner.done(documents.BOOK, sessionId=session, clientId=client)
        assert await replicas.told("booking 2", "b2b_commands_total", **booked) >= 1
        tell("a seat in a gym of the first was booked by the other")
        way.let_go()
        await system.all_ready()
        await until(lambda: _is_home_again(replicas, gym), WITHIN)
        tell("and the gym was at home at the first again")
    tell.hold((await every_invariant_holds(system)).values())


@asynccontextmanager
async def _at_home_at_first(replicas: Replicas) -> AsyncIterator[Gym]:
    """A gym for which ``booking`` decides."""
    installation, url = replicas.system.installation, replicas.system.url
    while True:
        gym = await opened(installation, url, patience=PATIENCE)
        try:
            if await replicas.home_of(gym) == 0:
                yield gym
                return
        finally:
            await gym.aclose()


async def _is_home_again(replicas: Replicas, gym: Gym) -> bool:
    return await replicas.home_of(gym) == 0
