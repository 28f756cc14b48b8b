"""The checker sees what is wrong with a store, a stream or a read model, and may change nothing."""

from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import orjson
import pytest

from contracts.ids import new_id
from deploy.check import history
from deploy.check.fees import Charges
from deploy.check.owners import Owners
from deploy.check.stores import Stores
from deploy.check.stories import Stories
from deploy.check.views import Views
from deploy.local.installation import Installation
from deploy.schema import database_url
from services.projections import doors
from tests.component.check.wrongs import EVENT, LATER, record, wrong

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]


class Looks:
    """Looks at access' store, each going on where the one before has ended."""

    def __init__(self, db: "_Db") -> None:
        self._db = db
        self._stories = Stories("access", db, Owners([db]), [Charges({"access": db})])
        self._stores = Stores()
        self._after = 0

    async def wrong(self) -> dict[str, int]:
        """Code -> offences, at the next look."""
        until = await history.horizon(self._db)
        if self._after:
            await self._stories.look_on(self._after, until, LATER)
        else:
            await self._stories.look_from_zero(until, LATER)
        await self._stores.look("access", self._db, self._after, until)
        self._after = until
        return wrong(self._stores.verdicts() + self._stories.verdicts(LATER))


async def looked(auditor: "_Db") -> dict[str, int]:
    """Code -> offences, at a first look."""
    return await Looks(auditor).wrong()


async def test_nothing_is_wrong_with_events_in_their_order(access: "_Db", auditor: "_Db") -> None:
    for _ in range(2):
        await record(access, 1)

    assert await looked(auditor) == {}


async def test_a_version_that_is_missing(access: "_Db", auditor: "_Db") -> None:
    await record(access, 2)

    assert await looked(auditor) == {"I11": 1}


async def test_an_event_that_is_there_twice(access: "_Db", auditor: "_Db") -> None:
    event = new_id()
    for _ in range(2):
        await record(access, 1, event=event)

    assert await looked(auditor) == {"I11": 1}


async def test_an_answer_without_its_event(access: "_Db", auditor: "_Db") -> None:
    await access.execute(
        "INSERT INTO es.answers (gym_id, actor, command_id, request_hash, answer, pos)"
        " VALUES ($1, 'staff:x', $1, '', '', 1000000)", new_id(),
    )  # fmt: skip

    assert await looked(auditor) == {"I3": 1}


async def test_a_command_that_was_carried_out_twice(access: "_Db", auditor: "_Db") -> None:
    gym, command = new_id(), new_id()
    meta = orjson.dumps({"actor": "staff:x", "command_id": command})
    async with access.transaction():  # once, with two events
        for _ in range(2):
            await access.execute(EVENT, gym, new_id(), 1, new_id(), meta, b"{}")
    assert await looked(auditor) == {}

    await access.execute(EVENT, gym, new_id(), 1, new_id(), meta, b"{}")

    assert await looked(auditor) == {"I3": 1}


async def test_an_event_that_names_what_is_another_gyms(access: "_Db", auditor: "_Db") -> None:
    ours, theirs, stream = new_id(), new_id(), new_id()
    await record(access, 1, gym=theirs, stream=stream)
    named = orjson.dumps({"at": stream, "of": new_id()})
    await record(access, 1, gym=theirs, data=named)
    assert await looked(auditor) == {}

    await record(access, 1, gym=ours, data=named)

    assert await looked(auditor) == {"I9": 1}


async def test_a_stream_that_two_gyms_have(access: "_Db", auditor: "_Db") -> None:
    stream = new_id()
    for _ in range(2):
        await record(access, 1, stream=stream)

    assert await looked(auditor) == {"I9": 2}


async def test_later_looks_see_what_is_new_and_what_was_mended(
    access: "_Db", auditor: "_Db"
) -> None:
    gym, stream, other, twice = (new_id() for _ in range(4))
    looks = Looks(auditor)
    await record(access, 1, gym=gym, stream=stream)
    assert await looks.wrong() == {}

    await record(access, 2, gym=gym, stream=stream)
    await record(access, 1, gym=gym, stream=other)
    assert await looks.wrong() == {}

    await record(access, 4, gym=gym, stream=stream)
    await record(access, 2, gym=gym, stream=other)
    assert await looks.wrong() == {"I11": 1}
    assert await looks.wrong() == {"I11": 1}, "it is still so"

    await access.execute("DELETE FROM es.events WHERE version = 4")
    assert await looks.wrong() == {}

    for version in (3, 4):
        await record(access, version, gym=gym, stream=stream, event=twice)
    assert await looks.wrong() == {"I11": 1}
    assert await looked(auditor) == {"I11": 1}


async def test_a_command_carried_out_again_long_after_it_was_answered(
    access: "_Db", auditor: "_Db"
) -> None:
    gym, command, looks = new_id(), new_id(), Looks(auditor)
    await record(access, 1, gym=gym, command=command)
    await access.execute(
        "INSERT INTO es.answers (gym_id, actor, command_id, request_hash, answer, pos)"
        " SELECT $1, 'staff:x', $2, '', '', max(pos) FROM es.events", gym, command,
    )  # fmt: skip
    assert await looks.wrong() == {}

    await record(access, 1, gym=gym, command=command)

    assert await looks.wrong() == {"I3": 1}
    assert await looked(auditor) == {"I3": 1}


async def test_a_row_no_event_made_until_it_is_gone(
    apart: Installation, views: "_Db", auditor: "_Db"
) -> None:
    admin = await asyncpg.connect(database_url(apart.admin_dsn, "b2b_views"))
    seen, gym = Views(views), new_id()

    async def look() -> dict[str, int]:
        seen.begin()
        await seen.look(doors.MODEL, auditor)
        return wrong(seen.verdicts())

    assert await look() == {}
    await admin.execute(
        "INSERT INTO views.doors VALUES ($1, $1, $1, 'Front', 'Europe/Berlin', '[]', 1, 1)", gym
    )
    assert await look() == {"I10": 1}
    await admin.execute("DELETE FROM views.doors WHERE gym_id = $1", gym)
    assert await look() == {}
    await admin.close()


async def test_a_large_table_is_compared_in_turn_and_what_is_wrong_every_time(
    apart: Installation, views: "_Db", auditor: "_Db", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.check.views.ROWS", 2)
    admin = await asyncpg.connect(database_url(apart.admin_dsn, "b2b_views"))
    seen, gyms = Views(views), sorted(new_id() for _ in range(5))

    async def look() -> int:
        seen.begin()
        await seen.look(doors.MODEL, auditor)
        return wrong(seen.verdicts()).get("I10", 0)

    for gym in gyms:
        await admin.execute(
            "INSERT INTO views.doors VALUES ($1, $1, $1, 'Front', 'Europe/Berlin', '[]', 1, 1)", gym
        )
    assert [await look() for _ in range(4)] == [2, 4, 5, 5]
    await admin.execute("DELETE FROM views.doors")
    assert await look() == 0
    await admin.close()


@pytest.mark.parametrize(
    "attempt",
    [
        "INSERT INTO es.claims VALUES (gen_random_uuid(), 'x', gen_random_uuid())",
        "DELETE FROM es.events",
        "UPDATE es.answers SET answer = ''",
        "CREATE TABLE es.mine (x int)",
        "SELECT * FROM es.snapshots",
    ],
)
async def test_an_auditor_changes_nothing_even_when_it_wants_to(
    auditor: "_Db", attempt: str
) -> None:
    await auditor.execute("SET default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.execute(attempt)
