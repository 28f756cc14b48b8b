"""``start`` and ``memory``: what ``make run`` takes on a clone that is set up.

Every round begins with an empty data folder, so the time includes making the database cluster, all
migrations and streams; nothing is seeded. Memory is the resident set of every process below
``make``, the servers included: what Postgres' processes share counts once for each of them.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from bench.figures import Figure
from bench.ground import Ground
from deploy.local.places import free_port
from deploy.schema import ROOT

PATIENCE = 120.0  # seconds
SETTLE = 3.0  # seconds after the start before memory is looked at
MB = 1024 * 1024


class Resident(NamedTuple):
    """Megabytes of all processes together."""

    pss: float
    rss: float
    """Shared memory counted once for each process that has it."""
    processes: int


async def start(ground: Ground) -> Figure:
    """Seconds to ``ready``."""
    await set_up()
    first: list[float] = []
    again: list[float] = []
    for _ in range(ground.sizes.starts):
        with TemporaryDirectory(prefix="back2back-start-") as folder:
            for times in (first, again):
                began = time.perf_counter()
                async with running(Path(folder)):
                    times.append(time.perf_counter() - began)
    return Figure(first, f"with an empty data folder; {median(again):.1f} s with a used one")


async def memory(ground: Ground) -> Figure:
    """Megabytes, some seconds after the start."""
    await set_up()
    seen = []
    for _ in range(ground.sizes.starts):
        with TemporaryDirectory(prefix="back2back-start-") as folder:
            async with running(Path(folder)) as process:
                await asyncio.sleep(SETTLE)
                seen.append(_resident(process))
    middle = median(each.pss for each in seen)
    told = f"sum of the RSS of {seen[0].processes} processes, Postgres' included"
    detail = f"{told}; {middle:.0f} MB when shared memory counts once (PSS)"
    return Figure([each.rss for each in seen], detail)


async def set_up() -> None:
    """Install what the lock pins, if that has not been done: not what is measured here."""
    made = await asyncio.create_subprocess_exec(
        "make", "setup", cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    assert await made.wait() == 0, "make setup failed"


@asynccontextmanager
async def running(
    data: Path, *, heard: Callable[[str], None] | None = None, patience: float = PATIENCE,
    **settings: str,
) -> AsyncIterator[psutil.Process]:  # fmt: skip
    """``make run`` from before its start until it has drained; entered when it is ready.

    It makes no demo unless ``settings`` say so; ``heard`` gets every line that it says till then.
    """
    environment = {
        **os.environ,
        "B2B_DATA": str(data), "B2B_DEMO": "0", "GATEWAY_PORT": str(free_port()), **settings,
    }  # fmt: skip
    made = await asyncio.create_subprocess_exec(
        "make", "run", cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert made.stdout is not None
    said: list[str] = []
    try:
        async with asyncio.timeout(patience):
            async for line in made.stdout:
                said.append(line.decode(errors="replace").rstrip())
                if heard is not None:
                    heard(said[-1])
                if said[-1].startswith("ready:"):
                    break
            else:
                raise AssertionError("make run ended:\n" + "\n".join(said[-20:]))
        yield psutil.Process(made.pid)
    finally:
        reading = asyncio.create_task(made.stdout.read())  # a full pipe would hold it up
        for child in psutil.Process(made.pid).children() if made.returncode is None else ():
            child.send_signal(signal.SIGINT)
        await made.wait()
        await reading


def _resident(root: psutil.Process) -> Resident:
    pss = rss = 0.0
    processes = root.children(recursive=True)
    for process in processes:
        told = process.memory_full_info()
        pss, rss = pss + told.pss / MB, rss + told.rss / MB
    return Resident(pss, rss, len(processes))
