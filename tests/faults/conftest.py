"""One running system for all faults: each test breaks something and sees it recover."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.replicas import Replicas, at, doubled
from tests.world.gym import Gym, opened
from tests.world.people import Person
from tests.world.system import System, data_folder

PATIENCE = 60.0  # seconds a person keeps asking


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    """Servers and all processes, ready the first time."""
    with data_folder("faults") as folder:
        async with System(folder) as started:
            yield started


@pytest.fixture
async def gym(system: System) -> AsyncIterator[Gym]:
    """A gym in a system that is well again, whose people ask until they are answered."""
    await system.all_ready()
    made = await opened(system.installation, system.url, patience=PATIENCE)
    yield made
    await made.aclose()


@pytest.fixture(scope="module")
async def replicas(system: System) -> AsyncIterator[Replicas]:
    async with doubled(system) as made:
        yield made


@pytest.fixture
async def desks(replicas: Replicas, gym: Gym) -> tuple[Person, Person]:
    """The owner at both gateways."""
    return gym.owner, await at(replicas.urls[1], gym)
