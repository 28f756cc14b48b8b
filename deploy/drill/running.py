"""One installation to play with: started, asked, stopped, lost."""

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx

from deploy.drill.steps import Failed
from deploy.local.installation import Installation
from deploy.local.runner import DECIDING, DRAIN_WITHIN, WAVES, program
from deploy.local.supervisor import Supervisor
from deploy.schema import ROOT

PATIENCE = 120.0  # seconds for what happens by itself
LOOK_EVERY = 0.1  # seconds
OPERATORS = ("NATS_URL", "NATS_USER", "NATS_PASSWORD", "CALLER_KEY", "MIGRATOR_URL", "VIEWS_URL",
             "AUDITOR_URL", "ADMIN_URL")  # fmt: skip
"""Variables that would send a command somewhere else."""
_OVERDUE = "SELECT count(*) FROM es.deadlines WHERE due_at <= $1"
_SOON = "SELECT min(due_at) FROM es.deadlines"


class Running:
    """Servers and processes on ``data``. ``said`` is every line the processes wrote."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.installation = Installation(data)
        self.said: list[str] = []
        self._processes = Supervisor(lambda name, line: self.said.append(f"{name}: {line}"))

    @classmethod
    def with_keys(cls, data: Path, keys: str) -> Self:
        """One that is not made yet, and has nothing but the keys of another."""
        file = _keys(data)
        file.parent.mkdir(mode=0o700, parents=True)
        file.write_text(keys)
        return cls(data)

    @property
    def keys(self) -> str:
        """What is kept elsewhere, apart from every backup."""
        return _keys(self.data).read_text()

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return f"http://127.0.0.1:{self.installation.ports['gateway']}"

    async def start_servers(self) -> None:
        """Postgres and NATS, with roles, schema and streams."""
        await self.installation.__aenter__()
        self.installation.tell_running()

    async def start_processes(self) -> None:
        """All of them, ready."""
        for wave in WAVES:
            await self._processes.start(*(program(self.installation, name) for name in wave))

    def begin_relays(self) -> None:
        """The relays and nothing else, ready or not."""
        for name in DECIDING:
            usual = program(self.installation, name)
            self._processes.begin(
                replace(usual, environment={**usual.environment, "PARTS": "relay"})
            )

    async def relay_state(self, context: str) -> str:
        """What the metrics page calls it; empty before there is one."""
        address = f"http://127.0.0.1:{self.installation.ports[context]}/metrics"
        try:
            async with httpx.AsyncClient(timeout=5) as http:
                page = (await http.get(address)).text
        except httpx.TransportError:
            return ""
        told = rf'b2b_relay_state\{{b2b_relay_state="(\w+)",context="{context}"\}} 1\.0'
        found = re.search(told, page)
        return found[1] if found else ""

    async def stop_processes(self) -> None:
        """Let them drain."""
        await self._processes.drain(DRAIN_WITHIN)

    async def stop(self) -> None:
        """Everything, in order. Idempotent."""
        await self.stop_processes()
        self.installation.tell_stopped()
        self.installation.stop()

    async def lose(self) -> None:
        """As when the machine burns: nothing says goodbye, nothing is left."""
        for server in (self.installation.postgres, self.installation.nats):
            if server is not None:
                server.kill()
        await self._processes.drain(0)
        postgres = self.data / "postgres"
        if postgres.is_symlink():  # it lies outside, see deploy.local.places
            shutil.rmtree(postgres.resolve())
        shutil.rmtree(self.data)

    def put_streams_aside(self, folder: Path) -> Path:
        """Keep them in the new ``folder``; nothing runs."""
        return _streams(self.data).rename(folder)

    def take_streams(self, folder: Path) -> None:
        """Have those that were put aside there; nothing runs yet."""
        _streams(self.data).parent.mkdir(exist_ok=True)
        folder.rename(_streams(self.data))

    def set_clock(self, at: datetime) -> None:
        """Let it be ``at`` for all processes, now; time goes on from there."""
        file = self.installation.clock_file
        new = file.with_suffix(".new")
        new.write_text(str((at - datetime.now(UTC)).total_seconds()))
        new.rename(file)  # a reader never sees half a number

    async def next_deadline(self) -> datetime | None:
        """When something is to happen by itself next."""
        found = [await self._ask(context, _SOON) for context in DECIDING]
        return min((one for one in found if one is not None), default=None)

    async def nothing_is_due(self, now: datetime) -> None:
        """Return when all that fell due by ``now`` is done."""

        async def done() -> bool:
            return not any([await self._ask(context, _OVERDUE, now) for context in DECIDING])

        await until(done, "deadlines are carried out")

    async def b2b(self, *words: str) -> str:
        """What the command says. Raises ``Failed`` with that when it fails."""
        process = await self.begin_b2b(*words)
        said, _ = await process.communicate()
        if process.returncode:
            raise Failed(f"b2b {' '.join(words)} ended with {process.returncode}: {said.decode()}")
        return said.decode()

    async def begin_b2b(self, *words: str, **settings: str) -> asyncio.subprocess.Process:
        """The command at work on this installation."""
        known = {name: value for name, value in os.environ.items() if name not in OPERATORS}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", *words, cwd=ROOT,
            env={**known, "B2B_DATA": str(self.data), "COLUMNS": "200", **settings},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def _ask(self, context: str, query: str, *given: object) -> Any:
        db = await asyncpg.connect(self.installation.dsn(f"{context}_relay", f"b2b_{context}"))
        try:
            return await db.fetchval(query, *given)
        finally:
            await db.close()


def _keys(data: Path) -> Path:
    return data / "secrets" / "keys.json"


def _streams(data: Path) -> Path:
    return data / "nats" / "store"


async def until(once: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return when ``once`` is so. Raises ``Failed`` that says ``what`` did not come."""
    ends = time.monotonic() + PATIENCE
    while not await once():
        if time.monotonic() > ends:
            raise Failed(f"waited {PATIENCE:.0f} s in vain: {what}")
        await asyncio.sleep(LOOK_EVERY)
