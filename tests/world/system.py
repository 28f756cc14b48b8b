"""A whole running system: the servers and processes of one installation, to use and to break."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from deploy.local.health import is_ready
from deploy.local.installation import Installation
from deploy.local.places import free_port
from deploy.local.runner import WAVES, program
from deploy.local.supervisor import Program, Supervisor
from deploy.schema import ROOT
from tests.world.waiting import until

DRAIN_WITHIN = 8.0  # seconds
WELL_WITHIN = 60.0  # seconds until everything that was broken must be ready again


@contextmanager
def data_folder(name: str) -> Iterator[Path]:
    """A folder an unprivileged Postgres may enter; gone with the block."""
    with TemporaryDirectory(prefix=f"back2back-{name}-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class System:
    """Servers and every process, as long as the block lasts."""

    def __init__(
        self, data: Path, installation: Installation | None = None, **settings: str
    ) -> None:
        """``installation`` stands in for the usual one on ``data``.

        ``settings`` are added to every process's environment.
        """
        self.installation = installation or Installation(data)
        self._settings = settings
        self.said: list[str] = []
        """Every line the processes wrote so far."""
        self.supervisor = Supervisor(self._hear)

    async def __aenter__(self) -> Self:
        await self.installation.__aenter__()
        try:
            self.installation.tell_running()
            for wave in WAVES:
                await self.supervisor.start(*(self.program(name) for name in wave))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.drain(DRAIN_WITHIN)
        if self.installation.postgres is not None:
            self.installation.postgres.stop(signal.SIGQUIT)  # nobody needs a clean stop's writes
        self.installation.stop()

    def program(self, process: str) -> Program:
        """How one of the processes is run."""
        usual = program(self.installation, process)
        return replace(usual, environment={**usual.environment, **self._settings})

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return f"http://127.0.0.1:{self.installation.ports['gateway']}"

    def pid(self, process: str) -> int:
        """Raises ``AssertionError`` when it does not run just now."""
        pid = self.supervisor.children[process].pid
        assert pid is not None, f"{process} is not running"
        return pid

    def kill(self, process: str) -> None:
        """End it as a crash would; it is started again."""
        with suppress(ProcessLookupError):  # it has just ended by itself: as dead as it shall be
            os.kill(self.pid(process), signal.SIGKILL)

    async def all_ready(self) -> None:
        """Return when every process says it is ready, whatever was done to it."""

        async def ready() -> bool:
            children = self.supervisor.children.values()
            told = await asyncio.gather(*(is_ready(one.program.health_port) for one in children))
            return all(told) and all(one.pid for one in children)

        await until(ready, WELL_WITHIN)

    async def start(self, process: str, *, name: str, **settings: str) -> str:
        """Start one more of ``process``, with other ``settings``; returns ``name``."""
        return await self.start_like(self.program(process), name=name, **settings)

    async def start_like(self, usual: Program, *, name: str, **settings: str) -> str:
        """The same for any program that is like one of ours."""
        port = free_port()
        where = "GATEWAY_PORT" if usual.name == "gateway" else "HEALTH_PORT"
        environment = {**usual.environment, where: str(port), **settings}
        await self.supervisor.start(
            replace(usual, name=name, environment=environment, health_port=port)
        )
        return name

    async def stop(self, name: str) -> None:
        """Let it drain, and forget it."""
        await self.supervisor.children.pop(name).stop(DRAIN_WITHIN)

    async def b2b(self, *words: str) -> str:
        """What the operator's command says. Raises ``AssertionError`` when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", *words, cwd=ROOT,
            env={
                **os.environ, **self._settings, "B2B_DATA": str(self.installation.data),
                "COLUMNS": "200",
            },
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    def _hear(self, name: str, line: str) -> None:
        self.said.append(line)
        print(f"{name}: {line}")
