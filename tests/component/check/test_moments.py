"""What is on its way between a store and who hears of it offends nobody, whatever our time is."""

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import pytest

from deploy.check import checker
from deploy.check.checker import Grounds, check
from deploy.local.installation import Installation
from tests.component.check.wrongs import record
from tests.world.bus import Bus

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]


class Ahead(datetime):
    """The auditor's machine is ahead of the databases'."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Ahead":
        return super().now(tz) + timedelta(minutes=2)


@pytest.mark.parametrize(("on_its_way", "unsent"), [(30, 0), (0, 1)])
async def test_an_event_that_was_just_recorded_is_on_its_way(
    apart: Installation,
    access: "_Db",
    monkeypatch: pytest.MonkeyPatch,
    on_its_way: int,
    unsent: int,
) -> None:
    monkeypatch.setattr(checker, "datetime", Ahead, raising=False)  # should it look there
    await record(access, 1)

    async with Bus(apart) as bus:
        grounds = Grounds(lambda name: apart.dsn("auditor", name), bus.client, bus.asker, bus.clock)
        found = {one.code: one for one in await check(grounds, timedelta(seconds=on_its_way))}

    assert found["I14"].offences == unsent
