"""The README's tour and the install guide's first booking, pasted into a shell as they stand."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.system.test_check import CODES
from tests.world.programs import must_have
from tests.world.system import System, data_folder

ROOT = Path(__file__).parents[2]
README, INSTALL = ROOT / "README.md", ROOT / "docs/operations/install.md"
SECONDS = 200.0  # for the whole tour, twenty-five of them until a class begins


@pytest.fixture(scope="module")
async def fresh() -> AsyncIterator[System]:
    """One whose clock nobody has moved: the tour goes by the machine's time."""
    must_have("curl")  # both pages' blocks do
    with data_folder("readme") as folder:
        async with System(folder) as started:
            yield started


@pytest.mark.timeout(300)
async def test_the_tour_in_the_readme_works(fresh: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("B2B_DEMO_DAYS", "2")
    monkeypatch.setenv("B2B_DEMO_CLIENTS", "24")
    assert "demo: 2 days" in await fresh.b2b("seed")
    assert "are there" in await fresh.b2b("seed"), "the second time there is nothing to do"

    told = await pasted(README, fresh)
    bookings, calendar, booked, receipts, coached, came, walked_in, *screen, cards, fees = told
    assert '"myBookings"' in bookings
    assert '"startsAt"' in calendar
    assert '"status": "RESERVED"' in booked
    assert [one["decision"] for one in json.loads(receipts)["data"]["receipts"]["receipts"]] == [
        "RESERVED", "CANCELLED_LATE",
    ]  # fmt: skip
    assert "Pop-up" in coached
    assert '"result": "GRANTED"' in came
    assert '"status": "CHECKED_IN"' in walked_in
    shown = "\n".join(screen)
    assert "Robin Quick" in shown
    assert "Kim Walker" in shown
    assert screen.count("event: next") >= 2, "the screen moved"
    assert "ATTENDED" in shown
    assert '"classesToday"' in cards
    assert '"penalties":{"nodes":[' in fees


@pytest.mark.timeout(300)
async def test_the_first_booking_of_the_install_guide_works(fresh: System) -> None:
    said = "\n".join(await pasted(INSTALL, fresh))

    assert re.search(r"^gym_\w+$", said, re.M), "the gym that was opened"
    assert '"status": "RESERVED"' in said
    assert said.count(" yes") >= len(CODES), "every invariant holds"
    assert "EVT_BOOKING" in said, "read models are named with their streams"


async def pasted(page: Path, system: System) -> list[str]:
    """What the page's only block of bash says, line by line."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-eu", "-o", "pipefail", "-c", _block(page), cwd=ROOT,
        env={
            **os.environ, "GATEWAY": system.url, "B2B": f"{sys.executable} -m deploy.cli",
            "B2B_DATA": str(system.installation.data), "COLUMNS": "200",
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(SECONDS):
        said, complained = await shell.communicate()
    assert shell.returncode == 0, f"{said.decode()}{complained.decode()}"
    return said.decode().splitlines()


def _block(page: Path) -> str:
    [block] = re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL)
    return str(block)
