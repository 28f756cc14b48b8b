"""Ctrl-C with people watching and data to write: everything is down within ten seconds."""

import asyncio
import os
import re
import signal
import sys

import asyncpg
import psutil
import pytest

from deploy.local.access import Access
from deploy.local.places import free_port
from deploy.schema import ROOT
from tests.world import documents
from tests.world.gym import opened
from tests.world.stopwatch import Stopwatch
from tests.world.system import data_folder

WELL_WITHIN = 120.0  # seconds
UNWRITTEN = "CREATE TABLE unwritten AS SELECT n, md5(n::text) FROM generate_series(1, 400000) n"


@pytest.mark.timeout(240)
async def test_everything_is_down_within_ten_seconds() -> None:
    with data_folder("stop") as data:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", "run", cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            env={
                **os.environ, "B2B_DATA": str(data), "GATEWAY_PORT": str(port), "B2B_DEMO": "0",
            },
        )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(WELL_WITHIN):
            while not (await process.stdout.readline()).startswith(b"ready:"):
                assert process.returncode is None
        hearing = asyncio.create_task(process.stdout.read())
        children = psutil.Process(process.pid).children(recursive=True)
        running = Access.to_running(data)
        gym = await opened(running, f"http://127.0.0.1:{port}")
        session = await gym.session()
        db = await asyncpg.connect(running.admin_dsn)
        await db.execute(UNWRITTEN)
        await db.close()

        async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as screen:
            await screen.shows(lambda told: told["roster"] is not None)
            with Stopwatch() as took:
                process.send_signal(signal.SIGINT)
                code = await process.wait()

        said = (await hearing).decode()
        assert (code, took.seconds < 10) == (0, True), f"{took.seconds:.1f} s\n{said}"
        assert not [child for child in children if child.is_running()]
        told = (data / "postgres.log").read_text()
        assert re.search(r"checkpoint starting: .*force(?s:.*)shutdown request", told)
        await gym.aclose()
