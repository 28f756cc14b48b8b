"""Servers start once per run, when a test first asks; each test gets a gym of its own."""

import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.telemetry import traces
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from tests.world.chronicle import Chronicle
from tests.world.spans import Kept
from tests.world.system import data_folder

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
"""A Monday without a change of clocks nearby."""

# A law that fails does so again, whoever runs it; and how long an example takes is the machine's.
# Other examples than the usual ones: pytest --hypothesis-profile=search.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", _PATIENT)
settings.register_profile("steady", _PATIENT, derandomize=True)
settings.load_profile("steady")

_TOLD = pytest.StashKey[list[Chronicle]]()


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """The data folder of the run's installation: one an unprivileged Postgres may enter."""
    with data_folder("tests") as folder:
        yield folder


@pytest.fixture(scope="session")
async def installation(data: Path) -> AsyncIterator[Installation]:
    """Real Postgres and NATS with every role, database, table and stream; no services."""
    async with Installation(data) as started:
        yield started
        if started.postgres is not None:
            started.postgres.stop(signal.SIGQUIT)  # nobody needs what a clean stop would write


@pytest.fixture
def gym_id() -> GymId:
    """A gym nobody else uses, so nothing is cleaned and order does not matter."""
    return GymId(new_id())


@pytest.fixture
def clock() -> FixedClock:
    """Stands at noon until the test moves it."""
    return FixedClock(NOON)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """The spans of this process; every trace that begins here is sampled."""
    spans = Kept()
    monkeypatch.setattr(traces, "_tracer", spans.provider.get_tracer("tests"))
    yield spans
    spans.provider.shutdown()


@pytest.fixture
def ctx(gym_id: GymId, clock: FixedClock) -> Context:
    """A command from the system itself in a fresh gym."""
    return Context.system(gym_id, "system:tests", clock.now(), new_id())


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Chronicle:
    """Where a fault writes down what it does."""
    made = Chronicle(request.node.name)
    request.config.stash.setdefault(_TOLD, []).append(made)
    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """How long faults took, and for ``make chaos`` what they did, test by test."""
    faults = [
        one
        for some in terminalreporter.stats.values()
        for one in some
        if isinstance(one, pytest.TestReport) and "faults" in one.keywords
    ]
    if faults:
        count = len({one.nodeid for one in faults})
        seconds = sum(one.duration for one in faults)
        terminalreporter.line(f"faults: {count} tests took {seconds:.0f} s")
    if "chaos" not in config.option.markexpr.replace("not chaos", ""):
        return
    for chronicle in config.stash.get(_TOLD, []):
        terminalreporter.section(chronicle.test)
        for line in chronicle.lines:
            terminalreporter.line(line)
