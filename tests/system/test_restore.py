"""What was lost comes back from a backup, also where the streams know more than it does.

The drill in small; ``make drill`` is the whole.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deploy.backup.fingerprint import Fingerprint
from deploy.drill import proofs
from deploy.drill.life import everything_is_shown
from deploy.drill.running import Running, until
from tests.system.test_check import CODES
from tests.world import documents, fees
from tests.world.gym import Gym, opened
from tests.world.people import Person
from tests.world.system import data_folder

pytestmark = pytest.mark.timeout(400)  # everything starts three times

LONG = 60.0  # seconds from a class in booking to what it costs in billing


@dataclass(frozen=True)
class Lost:
    """An installation that is gone, and what is left of it in ``folder``: a backup, the streams."""

    folder: Path
    keys: str
    held: Fingerprint
    """When the backup was taken, ..."""
    moment: datetime
    """... which was then."""
    gym: str
    mia: str
    """Her e-mail."""
    session: str
    """A class she has not booked."""


@pytest.fixture
async def lost() -> AsyncIterator[Lost]:
    """Somebody booked after the backup."""
    with data_folder("restore") as folder:
        running = Running(folder / "first")
        try:
            await running.start_servers()
            await running.start_processes()
            gym = await opened(running.installation, running.url)
            mia, session = await _a_life(gym, running)
            moment, held = gym.clock.now(), await proofs.taken(running)
            await running.b2b("backup", "take", str(folder / "backup"))
            leo = await gym.member("Leo")
            await leo.at.done(documents.BOOK, sessionId=session)
            await everything_is_shown(running)
            await gym.aclose()
        finally:
            await running.stop()
        running.put_streams_aside(folder / "streams")
        keys = running.keys
        await running.lose()
        yield Lost(folder, keys, held, moment, gym.slug, mia, session)


@pytest.fixture
async def restored(lost: Lost) -> AsyncIterator[Running]:
    """The servers of another installation: the backup and, ahead of it, the streams."""
    running = Running.with_keys(lost.folder / "second", lost.keys)
    await running.b2b("backup", "restore", str(lost.folder / "backup"))
    running.take_streams(lost.folder / "streams")
    try:
        await running.start_servers()
        yield running
    finally:
        await running.stop()


async def test_a_backup_older_than_the_streams_comes_back_by_the_documented_way(
    lost: Lost, restored: Running
) -> None:
    assert (await proofs.must_be_same(restored, lost.held)).events > 30
    assert await proofs.forget_answers(restored) > 10  # as after a week

    restored.begin_relays()
    await _relay_is(restored, "refused")
    assert any("the store is older than the stream" in line for line in restored.said)
    await restored.b2b("streams", "--anew", "--yes")
    await _relay_is(restored, "running")
    await restored.stop_processes()

    restored.set_clock(lost.moment)
    await restored.start_processes()
    await everything_is_shown(restored)
    await proofs.must_be_same(restored, lost.held, lasting=True)
    await restored.b2b("projections", "rebuild", "--all")
    await proofs.must_be_same(restored, lost.held, lasting=True)

    await _mia_books(restored, lost)
    assert await proofs.invariants_hold(restored) >= len(CODES)


async def _a_life(gym: Gym, running: Running) -> tuple[str, str]:
    """Somebody missed a class and owes for it; Mia's e-mail, and a class to come."""
    await fees.with_fees(gym)
    zoe = await fees.unlimited(gym, "Zoe")
    await fees.missed(gym, running.installation, zoe)
    async with gym.owner.watching(fees.ACCOUNT_CHANGED, clientId=zoe.id) as account:
        await fees.later(gym, running.installation, timedelta(days=1))
        await account.shows(fees.owes, within=LONG)
    mia = await gym.member("Mia")
    for one in (mia, zoe):
        await gym.owner.done(documents.ADD_NOTE, clientId=one.id, text="likes rowing")
    session = await gym.session(capacity=2, hours=48)
    await everything_is_shown(running)
    return mia.email, session


async def _mia_books(running: Running, lost: Lost) -> None:
    """With the password she has always had, for a class that has room again."""
    mia = Person(running.url)
    await mia.sign_in(lost.gym, lost.mia)
    booked = await mia.done(documents.BOOK, sessionId=lost.session)
    mine = await mia.ask(documents.MINE, atLeast=booked["position"])
    assert [one["session"]["id"] for one in mine["nodes"]] == [lost.session]
    await mia.aclose()
    await everything_is_shown(running)


async def _relay_is(running: Running, state: str) -> None:
    async def so() -> bool:
        return await running.relay_state("booking") == state

    await until(so, f"the relay of booking is {state}")
