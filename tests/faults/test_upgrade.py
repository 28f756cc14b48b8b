"""A rolling upgrade: processes of an older state and of this one serve the same gym."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.schema import ROOT, migrate_all
from tests.faults.books import must_be_right
from tests.faults.conftest import PATIENCE
from tests.faults.machine import run
from tests.faults.replicas import at
from tests.faults.rolling import ROLLED, RollingSystem
from tests.faults.rush import Rush, rush
from tests.world.chronicle import Chronicle
from tests.world.gym import opened
from tests.world.programs import must_have
from tests.world.system import data_folder

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(900)]

BEFORE = "4f878cbd229e"
"""A commit that stands in for the release before this one: nothing is released yet. It has the
tables and events of its day. Set it to the tag when there is one."""
PEOPLE = 8  # while one process takes another's place


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of that commit."""
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


async def test_people_book_while_one_release_takes_the_others_place_and_back_and_again(
    before: Path, tell: Chronicle
) -> None:
    with data_folder("upgrade") as data:
        async with RollingSystem(data, before) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            full = await rush(gym, seats=12, people=1 + PEOPLE * len(ROLLED))
            roomy = await rush(gym, seats=200, people=2 * PEOPLE * len(ROLLED))
            dsn = system.installation.dsn("migrator", "postgres")
            last, *others = full.clients

            applied = await migrate_all(dsn, "pre")
            tell(f"this release's schema is made before its code: {len(applied)} files")
            await _roll(system, ROLLED, full, others, tell, is_new=True)
            half = len(roomy.clients) // 2
            await _roll(system, ROLLED[::-1], roomy, roomy.clients[:half], tell, is_new=False)
            full.ask_at((gym.owner,))
            tell(f"the old code says, of the class the new one has filled: {await full.book(last)}")
            await _roll(system, ROLLED, roomy, roomy.clients[half:], tell, is_new=True)
            full.ask_at((gym.owner,))
            await system.b2b("projections", "rebuild", "--all")
            tell("all read models were built anew: the old code had passed over new events")
            applied = await migrate_all(dsn, "post")
            tell(f"what only the old code needed is gone: {len(applied)} files")
            await full.leave([one for one in others if full.told[one] == "reserved"][:5])

            for crowd in (full, roomy):
                await must_be_right(system, crowd, tell)
            await gym.aclose()


async def _roll(
    system: RollingSystem, order: Sequence[str], crowd: Rush, people: Sequence[str],
    tell: Chronicle, *, is_new: bool,
) -> None:  # fmt: skip
    """Each process is replaced while some of ``people`` book, half of them when there are two."""
    gym, release = crowd.gym, "new" if is_new else "old"
    crowd.ask_at((gym.owner,))
    for n, process in enumerate(order):
        wave = people[n :: len(order)]
        booking = asyncio.gather(*map(crowd.book, wave[::2]))
        await system.come(process, is_new=is_new)
        await booking
        if process == "gateway":
            desks = gym.owner, await at(system.url, gym)
            crowd.ask_at(desks)
            gym.owner = desks[1]
        await asyncio.gather(*map(crowd.book, wave[1::2]))
        if process == "gateway":
            crowd.ask_at(desks[1:])
        await system.go(process)
        tell(f"{process}: {len(wave)} people booked while the {release} one came")
