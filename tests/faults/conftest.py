"""One running system for all faults: each test breaks something and sees it recover."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.city import City, Gym

pytestmark = pytest.mark.faults


@pytest.fixture(scope="session")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with City(Path(tmp_path_factory.mktemp("city"))) as running:
        yield running


@pytest.fixture
async def gym(city: City) -> AsyncIterator[Gym]:
    opened = await city.open_gym()
    yield opened
    await opened.http.aclose()
