"""Everything comes up for who is not root, as on a developer's machine."""

import asyncio
import os
import pwd
import shutil
import sys
from pathlib import Path

from deploy.local.places import nats_program, postgres_programs, reachable_programs
from deploy.schema import ROOT
from tests.world.system import data_folder

NOBODY = pwd.getpwnam("nobody").pw_uid
WITHIN = 100.0  # seconds
COMES_UP = """
import asyncio, encodings.idna, os, sys  # while root's own Python is still within reach
from pathlib import Path
import asyncpg
from deploy.local.installation import Installation
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
async def main():
    async with Installation(Path(sys.argv[1])) as started:
        db = await asyncpg.connect(started.dsn("booking_app", "b2b_booking"))
        who = await db.fetchval("SELECT current_user")
        await db.close()
        owner = os.stat(started.postgres.home / "cluster").st_uid
        print(os.getuid(), owner == os.getuid(), started.nats.is_running, who)
asyncio.run(main())
"""


async def test_an_installation_comes_up_for_somebody_unprivileged() -> None:
    with data_folder("unprivileged") as folder:
        data, environment = folder / "data", dict(os.environ)
        if os.getuid() == 0:
            environment |= _within_reach(folder)
            os.chown(folder, NOBODY, NOBODY)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", COMES_UP, str(data), str(NOBODY), cwd=ROOT, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(WITHIN):
            said, _ = await process.communicate()

    uid = os.getuid() or NOBODY
    assert said.decode().splitlines()[-1] == f"{uid} True True booking_app", said.decode()


def _within_reach(folder: Path) -> dict[str, str]:
    """Programs where somebody unprivileged can run them, as installing for them would put them."""
    programs = reachable_programs(postgres_programs(), folder)
    nats = folder / "nats-server"
    shutil.copy(nats_program(), nats)
    nats.chmod(0o755)
    return {"PG_BIN": str(programs), "NATS_BIN": str(nats), "HOME": str(folder)}
