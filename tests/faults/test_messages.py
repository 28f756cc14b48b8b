"""Events that get lost, come twice or in the wrong order on their way to the read models."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.books import must_be_right
from tests.faults.frames import DEEDS, Meddler
from tests.faults.proxy import reached_through
from tests.faults.rush import rush
from tests.faults.streams import streams_are_stores
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.system import System

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

ONE_IN = 12
SEEDS = (1, *(pytest.param(seed, marks=pytest.mark.chaos) for seed in (2, 3)))


@pytest.fixture(params=SEEDS)
async def way(system: System, request: pytest.FixtureRequest) -> AsyncIterator[Meddler]:
    """The projections' way to NATS."""
    nats = system.installation.nats
    assert nats is not None
    async with (
        Meddler(("127.0.0.1", nats.port), seed=request.param, one_in=ONE_IN) as meddler,
        reached_through(meddler, system, "projections"),
    ):
        yield meddler


async def test_read_models_are_right_though_events_are_lost_repeated_and_swapped(
    system: System, gym: Gym, way: Meddler, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=12, people=40)

    await crowd.all_book()

    await must_be_right(system, crowd, tell)
    await streams_are_stores(system)
    deeds = ", ".join(f"{count} {deed}" for deed, count in sorted(way.done.items()))
    tell(f"of {way.passed} events on their way to read models: {deeds}")
    assert set(way.done) == set(DEEDS)
