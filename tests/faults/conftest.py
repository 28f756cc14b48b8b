"""One running system for all faults: each test breaks something and sees it recover."""

from collections.abc import AsyncIterator

import pytest

from tests.world.gym import Gym, opened
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
