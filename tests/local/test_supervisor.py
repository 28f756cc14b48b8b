"""A child is kept up, told about, and drained; here the children are tiny and thrown away."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import accumulate

import psutil
import pytest

from deploy.local.places import CannotStart, free_port
from deploy.local.supervisor import Program, Supervisor, pause_after
from deploy.schema import ROOT
from tests.world.stopwatch import Stopwatch

SERVING = ("-m", "tests.local.tiny")
STUBBORN = (*SERVING, "stubborn")
FALLING = ("-c", "import sys; print('no such setting', flush=True); sys.exit(3)")

MISTAKEN = (
    "-c",
    "import sys; print('tiny cannot start:\\nLOG_LEVEL: so loud\\nPORT: no number'); sys.exit(2)",
)


class Log:
    """What the supervisor told, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._more = asyncio.Event()

    def __call__(self, name: str, line: str) -> None:
        self.lines.append(f"{name}: {line}")
        self._more.set()

    async def says(self, text: str, times: int = 1) -> str:
        async with asyncio.timeout(60):
            while len(found := [line for line in self.lines if text in line]) < times:
                self._more.clear()
                await self._more.wait()
        return found[-1]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def supervisor(log: Log) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(log)
    yield supervisor
    await supervisor.drain(2)


def a_program(arguments: tuple[str, ...], name: str = "tiny") -> Program:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HEALTH_PORT": str(port)}
    return Program(name, (sys.executable, *arguments), environment, port, str(ROOT))


async def test_starting_waits_for_readiness_and_passes_the_log_on(
    supervisor: Supervisor, log: Log
) -> None:
    await supervisor.start(a_program(SERVING))

    assert supervisor.children["tiny"].ready.is_set()
    assert log.lines == ["tiny: serving"]


async def test_a_killed_process_is_started_again_and_it_is_said(
    supervisor: Supervisor, log: Log
) -> None:
    await supervisor.start(a_program(SERVING))
    first = supervisor.children["tiny"].pid
    assert first is not None

    os.kill(first, signal.SIGKILL)

    assert "was ended by SIGKILL; starting again in 0.5 s" in await log.says("ended")
    await log.says("ready again")
    assert supervisor.children["tiny"].pid not in (None, first)


def test_what_falls_again_and_again_waits_ever_longer_up_to_half_a_minute() -> None:
    pauses = list(accumulate(range(8), lambda last, _: pause_after(last, 1.0), initial=0.0))[1:]

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.parametrize(("lived", "pause"), [(60.0, 30.0), (60.1, 0.5)])
def test_what_lived_for_a_minute_starts_soon_again(lived: float, pause: float) -> None:
    assert pause_after(30.0, lived) == pause


async def test_each_fall_on_the_way_up_is_told_with_its_pause(
    supervisor: Supervisor, log: Log
) -> None:
    with pytest.raises(CannotStart):
        await supervisor.start(a_program(FALLING))

    assert [line for line in log.lines if "starting again" in line] == [
        "tiny: ended with code 3; starting again in 0.5 s",
        "tiny: ended with code 3; starting again in 1.0 s",
    ]


async def test_a_process_that_never_starts_is_given_up_with_its_exit_code(
    supervisor: Supervisor, log: Log
) -> None:
    with pytest.raises(CannotStart, match="tiny does not start: ended with code 3"):
        await supervisor.start(a_program(FALLING))

    assert log.lines.count("tiny: no such setting") == 3


async def test_wrong_settings_are_given_up_at_once_and_told(
    supervisor: Supervisor, log: Log
) -> None:
    with pytest.raises(
        CannotStart, match=r"^wrong settings of tiny: LOG_LEVEL: so loud; PORT: no number$"
    ):
        await supervisor.start(a_program(MISTAKEN))

    assert log.lines.count("tiny: tiny cannot start:") == 1


async def test_draining_ends_the_last_started_first(supervisor: Supervisor, log: Log) -> None:
    await supervisor.start(a_program(SERVING, "back"))
    await supervisor.start(a_program(SERVING, "front"))
    pids = [child.pid for child in supervisor.children.values()]

    await supervisor.drain(4)

    assert not supervisor.children
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)


async def test_a_process_that_will_not_drain_is_killed_in_time(
    supervisor: Supervisor, log: Log
) -> None:
    await supervisor.start(a_program(STUBBORN))

    with Stopwatch() as took:
        await supervisor.drain(1)

    assert took.seconds < 2
    await log.says("did not end within")


def test_no_child_outlives_a_killed_supervisor() -> None:
    program = a_program(SERVING)
    keeper = f"""
import asyncio
from deploy.local.supervisor import Program, Supervisor
async def keep():
    supervisor = Supervisor(lambda *_: None)
    await supervisor.start({program!r})
    print(supervisor.children["tiny"].pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(keep())
"""
    with subprocess.Popen([sys.executable, "-c", keeper], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()

    gone, _ = psutil.wait_procs([child], timeout=30)
    assert gone == [child]
