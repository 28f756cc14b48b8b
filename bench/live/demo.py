"""``demo``: how long the demo gyms take, on an installation that has just been started.

`b2b seed` makes two gyms through the public commands under a moved clock: 300 clients, ninety days
lived, four weeks ahead. Ready means that screens show it.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, WrongResult
from bench.ground import Ground
from bench.live.start import running, set_up
from deploy.schema import ROOT


async def demo(ground: Ground) -> Figure:
    """Seconds of `b2b seed`."""
    await set_up()
    sizes, seconds, said = ground.sizes, [], ""
    for _ in range(sizes.starts):
        with TemporaryDirectory(prefix="back2back-demo-") as folder:
            async with running(Path(folder)):
                began = time.perf_counter()
                said = await _seeded(Path(folder), sizes.demo_days, sizes.demo_clients)
                seconds.append(time.perf_counter() - began)
    ground.tell(said)
    return Figure(seconds, f"{sizes.demo_days} days and {sizes.demo_clients} clients in two gyms")


async def _seeded(data: Path, days: int, clients: int) -> str:
    environment = {
        **os.environ,
        "B2B_DATA": str(data), "B2B_DEMO_DAYS": str(days), "B2B_DEMO_CLIENTS": str(clients),
    }  # fmt: skip
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "seed", cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await made.communicate()
    said = told.decode()
    if made.returncode or f"demo: {days} days" not in said:
        raise WrongResult(f"b2b seed said:\n{said}")
    return next(line for line in said.splitlines() if line.startswith("demo: "))
