"""A rolling upgrade: processes of the release before and of this one serve the same gym."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.access import PROCESSES
from deploy.local.installation import Installation
from deploy.local.runner import program
from deploy.local.supervisor import Program
from deploy.schema import ROOT, migrate_all
from tests.faults.books import must_be_right
from tests.faults.conftest import PATIENCE
from tests.faults.machine import run
from tests.faults.rush import rush
from tests.world.chronicle import Chronicle
from tests.world.gym import opened
from tests.world.programs import must_have
from tests.world.system import System, data_folder

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(400)]

BEFORE = "4f878cbd229e"
"""The release before this one. Set it to what is released when a release is made."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before."""
    must_have("git", "tar")
    known = subprocess.run(
        ["git", "-C", ROOT, "cat-file", "-e", f"{BEFORE}^{{commit}}"],
        check=False, capture_output=True,
    )  # fmt: skip
    if known.returncode:
        pytest.skip(f"needs the history down to {BEFORE}: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("before")
    archive = folder / "code.tar"
    run("git", "-C", ROOT, "archive", "--format=tar", "-o", archive, BEFORE)
    run("tar", "-xf", archive, "-C", folder)
    return folder


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


class OldSystem(System):
    """Its processes are those of the release before, until they are replaced."""

    def __init__(self, data: Path, code: Path) -> None:
        super().__init__(data, OldInstallation(data, code))
        self._code = code

    def program(self, process: str) -> Program:
        usual = super().program(process)
        environment = {**usual.environment, "PYTHONPATH": str(self._code)}
        return replace(usual, environment=environment, folder=str(self._code))


async def test_both_releases_serve_one_class_while_one_takes_the_others_place(
    before: Path, tell: Chronicle
) -> None:
    with data_folder("upgrade") as data:
        async with OldSystem(data, before) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            crowd = await rush(gym, seats=12, people=60)
            waves = [crowd.clients[start::6] for start in range(6)]
            dsn = system.installation.dsn("migrator", "postgres")

            applied = await migrate_all(dsn, "pre")
            tell(f"the new release's schema is made before its code: {len(applied)} files")
            for process, wave in zip(PROCESSES, waves, strict=True):
                booking = asyncio.gather(*map(crowd.book, wave))
                new = program(system.installation, process)
                if process == "gateway":  # one door: people ask again until it opens
                    await system.stop(process)
                    await system.supervisor.start(new)
                else:
                    await system.start_like(new, name=f"new {process}")
                await booking
                tell(f"{process}: {len(wave)} people booked while the new one came")
                if process != "gateway":
                    await system.stop(process)
            applied = await migrate_all(dsn, "post")
            tell(f"what only the old code needed is gone: {len(applied)} files")
            booked = [one for one in crowd.clients if crowd.told[one] == "reserved"]
            await crowd.leave(booked[:5])

            await must_be_right(system, crowd, tell)
            await gym.aclose()
