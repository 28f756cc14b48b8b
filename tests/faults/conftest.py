"""One running system for all faults: each test breaks something and sees it recover."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.chronicle import Chronicle
from tests.world.gym import Gym, opened
from tests.world.system import System, data_folder

PATIENCE = 60.0  # seconds a person keeps asking

_TOLD = pytest.StashKey[list[Chronicle]]()


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


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Chronicle:
    """Where a test writes down what it does."""
    made = Chronicle(request.node.name)
    request.config.stash.setdefault(_TOLD, []).append(made)
    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What the faults of ``make chaos`` did, test by test."""
    if "chaos" not in config.option.markexpr.split():
        return
    for chronicle in config.stash.get(_TOLD, []):
        terminalreporter.section(chronicle.test)
        for line in chronicle.lines:
            terminalreporter.line(line)
