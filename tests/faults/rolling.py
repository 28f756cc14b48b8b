"""A system whose processes are of one release or another, and the order they are replaced in."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from deploy.local.installation import Installation
from deploy.local.runner import program
from deploy.local.supervisor import Program
from tests.world.system import System

ROLLED = ("projections", "members", "booking", "billing", "access", "gateway")
"""As ``docs/operations/upgrade.md`` has it; going back is the same backwards."""


class OldInstallation(Installation):
    """An installation whose schema the release before has made."""

    def __init__(self, data: Path, code: Path) -> None:
        super().__init__(data)
        self._code = code

    async def migrate(self) -> None:
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", "migrate", cwd=self._code,
            env={"MIGRATOR_URL": self.dsn("migrator", "postgres"), "PYTHONPATH": str(self._code)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await made.communicate()
        assert made.returncode == 0, said.decode()


class RollingSystem(System):
    """Its processes are those of the release before, ``code``, until others come and they go."""

    def __init__(self, data: Path, code: Path) -> None:
        super().__init__(data, OldInstallation(data, code))
        self._code = code
        self._serving = {process: [process] for process in ROLLED}
        self._came = 0

    def program(self, process: str) -> Program:
        usual = super().program(process)
        environment = {**usual.environment, "PYTHONPATH": str(self._code)}
        return replace(usual, environment=environment, folder=str(self._code))

    @property
    def url(self) -> str:
        """Where the gateway is that came last."""
        name = self._serving["gateway"][-1]
        return f"http://127.0.0.1:{self.supervisor.children[name].program.health_port}"

    async def come(self, process: str, *, is_new: bool) -> None:
        """One of this release, or of the one before, serves beside the one that does."""
        usual = program(self.installation, process) if is_new else self.program(process)
        self._came += 1
        name = await self.start_like(usual, name=f"{process} {self._came}")
        self._serving[process].append(name)

    async def go(self, process: str) -> None:
        """The one that was there before drains and ends."""
        await self.stop(self._serving[process].pop(0))
