"""The README's tour, pasted into a shell as a newcomer would."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world.system import System, data_folder

README = Path(__file__).parents[2] / "README.md"
SECONDS = 200.0  # for the whole tour, twenty-five of them until a class begins


@pytest.fixture
async def fresh() -> AsyncIterator[System]:
    """One whose clock nobody has moved: the tour goes by the machine's time."""
    with data_folder("readme") as folder:
        async with System(folder) as started:
            yield started


@pytest.mark.timeout(300)
async def test_the_tour_in_the_readme_works(fresh: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("B2B_DEMO_DAYS", "2")
    monkeypatch.setenv("B2B_DEMO_CLIENTS", "24")
    assert "demo: 2 days" in await fresh.b2b("seed")
    assert "are there" in await fresh.b2b("seed"), "the second time there is nothing to do"
    tour = re.search(r"```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert tour

    shell = await asyncio.create_subprocess_exec(
        "bash", "-eu", "-o", "pipefail", "-c", tour[1],
        env={**os.environ, "GATEWAY": fresh.url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(SECONDS):
        said, complained = await shell.communicate()

    assert shell.returncode == 0, f"{said.decode()}{complained.decode()}"
    bookings, calendar, booked, receipts, coached, came, walked_in, *screen, cards, fees = (
        said.decode().splitlines()
    )
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
