"""Members and booking run all the time; billing comes and goes by test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from contracts.permissions import OPERATOR
from deploy.local.installation import Installation
from tests.component.fees.house import House
from tests.component.members.house import gym_of
from tests.component.serving import Gateway, serving


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="back2back-fees-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="package")
async def town(folder: Path) -> AsyncIterator[Installation]:
    """An installation whose clock these tests move."""
    async with Installation(folder) as installation:
        yield installation


@pytest.fixture(scope="package")
async def gateway(town: Installation) -> AsyncIterator[Gateway]:
    """Members and booking; billing comes and goes by test."""
    async with serving(town, "members", "booking") as asked:
        yield asked


@pytest.fixture
async def house(town: Installation, gateway: Gateway) -> House:
    gym = gym_of()
    reply = await gateway.ask(gym.gym_id, gym, "system:operator", OPERATOR)
    assert reply.outcome == "done", reply
    house = House(town, gateway, gym.gym_id)
    await house.open_up()
    return house
