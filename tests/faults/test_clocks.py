"""Clocks that disagree, and clocks that are changed."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.faults.books import every_invariant_holds, must_be_right
from tests.faults.conftest import PATIENCE
from tests.faults.rush import rush
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, move_clock, opened
from tests.world.system import System, data_folder
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SKEWS = {"fast": timedelta(seconds=90), "slow": timedelta(seconds=-90)}
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
async def skewed(system: System) -> AsyncIterator[None]:
    """Two more replicas of booking, whose clocks go wrong by a minute and a half."""
    await system.all_ready()
    usual = system.installation.clock_file
    offset = float(usual.read_text()) if usual.exists() else 0.0
    for name, skew in SKEWS.items():
        file = usual.with_name(f"clock-{name}")
        file.write_text(str(offset + skew.total_seconds()))
        await system.start("booking", name=f"booking {name}", B2B_CLOCK_FILE=str(file))
    yield
    for name in SKEWS:
        await system.stop(f"booking {name}")


@pytest.mark.usefixtures("skewed")
async def test_replicas_whose_clocks_differ_by_minutes_agree_on_one_class(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=12, people=40)

    await crowd.all_book()
    await crowd.leave([one for one in crowd.clients if crowd.told[one] == "reserved"][:5])

    tell("three replicas of booking, one 90 s ahead and one 90 s behind")
    await must_be_right(system, crowd, tell)


@pytest.mark.chaos
async def test_a_weekly_class_stays_at_its_hour_over_every_change_of_clocks_of_a_year(
    tell: Chronicle,
) -> None:
    with data_folder("clocks") as data:
        async with System(data) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            seen: dict[str, datetime] = {}
            begins = gym.clock.now().astimezone(BERLIN).date() + timedelta(days=1)
            await _weekly(gym, begins.isoformat(), begins.isoweekday())
            for _ in range(14):  # four weeks are always placed ahead
                move_clock(system.installation.clock_file, timedelta(days=26))
                await gym.owner.sign_in(gym.slug, gym.owner.email)
                seen |= await until(lambda: _ahead(gym, 4), PATIENCE)

            local = Counter(at.astimezone(BERLIN).strftime("%A %H:%M") for at in seen.values())
            offsets = Counter(at.astimezone(BERLIN).utcoffset() for at in seen.values())
            days = sorted(at.astimezone(BERLIN).date() for at in seen.values())
            assert len(local) == 1, local
            assert set(offsets) == {timedelta(hours=1), timedelta(hours=2)}, offsets
            assert {after - before for before, after in pairwise(days)} == {timedelta(weeks=1)}
            tell(f"{len(days)} weeks, all {next(iter(local))}, "
                 f"{offsets[timedelta(hours=2)]} of them in summer time")  # fmt: skip
            tell.hold((await every_invariant_holds(system)).values())
            await gym.aclose()


async def _weekly(gym: Gym, begins: str, weekday: int) -> None:
    program = await gym.owner.done(documents.DEFINE_PROGRAM, name="Cycling")
    kind = await gym.owner.done(
        documents.DEFINE_CLASS_TYPE, programId=program["programId"], name="Spin", minutes=45,
        capacity=9,
    )  # fmt: skip
    await gym.owner.done(
        documents.CREATE_SCHEDULE, locationId=gym.location, timeZone="Europe/Berlin",
        fromDate=begins,
        pattern={"classTypeId": kind["classTypeId"], "weekdays": [weekday], "startsAt": "09:00"},
    )  # fmt: skip


async def _ahead(gym: Gym, weeks: int) -> dict[str, datetime] | None:
    """Sessions of the next ``weeks``, once the calendar has one for each."""
    now = gym.clock.now()
    told = await gym.owner.ask(
        "query ($from: DateTime!, $to: DateTime!) { calendar(from: $from, to: $to, first: 50) "
        "{ nodes { id startsAt } } }",
        **{"from": now.isoformat(), "to": (now + timedelta(weeks=weeks)).isoformat()},
    )
    found = {
        one["id"]: datetime.fromisoformat(one["startsAt"]).astimezone(UTC) for one in told["nodes"]
    }
    return found if len(found) >= weeks else None
