"""The whole system, started once: journeys do not break it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.installation import Installation
from tests.world.gym import Gym, opened
from tests.world.system import System, data_folder


@pytest.fixture(scope="session")
def system_data() -> Iterator[Path]:
    """A data folder of the system's own: nobody else writes to its streams."""
    with data_folder("system") as folder:
        yield folder


@pytest.fixture(scope="session")
async def system(system_data: Path) -> AsyncIterator[System]:
    """Servers and all processes, ready."""
    async with System(system_data) as started:
        yield started


@pytest.fixture(scope="session")
def running(system: System) -> Installation:
    """What the processes stand on."""
    return system.installation


@pytest.fixture(scope="session")
def said(system: System) -> list[str]:
    """Every line the processes wrote so far."""
    return system.said


@pytest.fixture(scope="session")
def url(system: System) -> str:
    """Where the gateway is."""
    return system.url


@asynccontextmanager
async def _gym(system: System) -> AsyncIterator[Gym]:
    gym = await opened(system.installation, system.url)
    try:
        yield gym
    finally:
        await gym.aclose()


@pytest.fixture
async def gym(system: System) -> AsyncIterator[Gym]:
    """A gym of the test's own."""
    async with _gym(system) as made:
        yield made


@pytest.fixture
async def other_gym(system: System) -> AsyncIterator[Gym]:
    """Another gym, whose people must not see anything of the first."""
    async with _gym(system) as made:
        yield made
