"""The whole system, started once: an installation of its own and every process."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.local.installation import Installation
from deploy.local.runner import WAVES, program
from deploy.local.supervisor import Supervisor
from tests.system.gym import Gym, opened


@pytest.fixture(scope="session")
def system_data() -> Iterator[Path]:
    """A data folder of the system's own: nobody else writes to its streams."""
    with TemporaryDirectory(prefix="back2back-system-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def said() -> list[str]:
    """Every line the processes wrote so far."""
    return []


@pytest.fixture(scope="session")
async def running(system_data: Path, said: list[str]) -> AsyncIterator[Installation]:
    """Servers and all processes, ready."""

    def hear(name: str, line: str) -> None:
        said.append(line)
        print(f"{name}: {line}")

    async with Installation(system_data) as installation:
        supervisor = Supervisor(hear)
        try:
            for wave in WAVES:
                await supervisor.start(*(program(installation, name) for name in wave))
            yield installation
        finally:
            await supervisor.drain(7)
            if installation.postgres is not None:
                installation.postgres.stop(signal.SIGQUIT)  # nobody needs a clean stop's writes


@pytest.fixture(scope="session")
def url(running: Installation) -> str:
    """Where the gateway is."""
    return f"http://127.0.0.1:{running.ports['gateway']}"


@asynccontextmanager
async def _gym(running: Installation, url: str) -> AsyncIterator[Gym]:
    gym = await opened(running, url)
    try:
        yield gym
    finally:
        await gym.aclose()


@pytest.fixture
async def gym(running: Installation, url: str) -> AsyncIterator[Gym]:
    """A gym of the test's own."""
    async with _gym(running, url) as made:
        yield made


@pytest.fixture
async def other_gym(running: Installation, url: str) -> AsyncIterator[Gym]:
    """Another gym, whose people must not see anything of the first."""
    async with _gym(running, url) as made:
        yield made
