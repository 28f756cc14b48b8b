"""The README's tour, pasted into a shell as a newcomer would."""

import asyncio
import os
import re
from pathlib import Path

from deploy.local import demo
from deploy.local.installation import Installation

README = Path(__file__).parents[2] / "README.md"


async def test_the_tour_in_the_readme_works(running: Installation, url: str) -> None:
    await demo.seed(url, running, lambda _: None)
    tour = re.search(r"```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert tour

    shell = await asyncio.create_subprocess_exec(
        "bash", "-eu", "-o", "pipefail", "-c", tour[1],
        env={**os.environ, "GATEWAY": url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, complained = await shell.communicate()

    assert shell.returncode == 0, complained.decode()
    booked, mine, *screen = said.decode().splitlines()
    assert '"userErrors":[]' in booked
    assert "Ada Albers" in "\n".join(screen)
    assert '"status":"RESERVED"' in mine
    assert screen.count("event: next") >= 2, "the screen moved"
