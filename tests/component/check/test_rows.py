"""The checker sees what no row may show: another gym's, a card number, somebody who was erased."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from chassis.projection import NotYet
from contracts.ids import new_id
from contracts.members import PersonalDataErased
from deploy.check import history
from deploy.check.entries import Entries
from deploy.check.erased import Erased
from deploy.check.owners import Owners
from deploy.check.rows import Rows
from deploy.check.verdict import Moment
from deploy.local.installation import Installation
from deploy.schema import database_url
from services.projections import doors
from services.projections.profiles import Person
from tests.component.check.wrongs import LATER, NOW, wrong
from tests.world.waiting import until

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

EVENT = """
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
VALUES ($1, $2, $3, gen_random_uuid(), $4, $5, convert_to($6, 'UTF8'),
        convert_to('{"occurred_at": "2027-03-01T09:00:00Z"}', 'UTF8'))
"""
DOOR = "INSERT INTO views.doors VALUES ($1, $2, $2, $3, 'Europe/Berlin', '[]', 1, 1)"
CLIENT = """
INSERT INTO views.clients (gym_id, client_id, name, sort_name, status, version, position)
VALUES ($1, $2, $3, '', 'erased', 2, 1)
"""
NOTE = "INSERT INTO views.client_notes VALUES ($1, $2, $2, 'Bad knee', 'staff:x', now(), 1)"
AT = "INSERT INTO views.checkpoints VALUES ('people', 'EVT_MEMBERS', 1, $1)"
WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
CARD = "4111 1111 1111 1111"


@pytest.fixture
async def shown(apart: Installation) -> AsyncIterator["_Db"]:
    """May write any row, until the test is over."""
    db = await asyncpg.connect(database_url(apart.admin_dsn, "b2b_views"))
    yield db
    await db.execute("TRUNCATE views.doors, views.clients, views.client_notes, views.checkpoints")
    await db.close()


async def a_client(db: "_Db", gym: UUID) -> UUID:
    """A stream of the gym's."""
    client = new_id()
    await db.execute(EVENT, gym, client, 1, "client", "members.test.v1", "{}")
    return client


class Looking:
    """Looks at the rows of one table, again and again."""

    def __init__(self, views: "_Db", members: "_Db") -> None:
        self._rows = Rows(views, Owners([members]))

    async def wrong(self) -> dict[str, int]:
        self._rows.begin()
        await self._rows.look(doors.MODEL.tables)
        return wrong(self._rows.verdicts())


async def test_a_table_that_a_rebuild_swaps_at_that_moment_is_looked_at_as_it_is_then(
    apart: Installation, shown: "_Db", members: "_Db", views: "_Db"
) -> None:
    gym, looking = new_id(), Looking(views, members)
    client = await a_client(members, new_id())
    rebuilding = await asyncpg.connect(database_url(apart.admin_dsn, "b2b_views"))
    await rebuilding.execute("SELECT views.copy_table('doors')")
    async with rebuilding.transaction():
        await rebuilding.execute("DROP TABLE views.doors")
        await rebuilding.execute("ALTER TABLE views_next.doors SET SCHEMA views")
        await rebuilding.execute(DOOR, gym, client, "Front")
        wrong = asyncio.create_task(looking.wrong())
        await until(lambda: shown.fetchval(WAITS, views.get_server_pid()))
    await rebuilding.close()

    assert await wrong == {"I9b": 1}


async def test_a_row_that_names_what_is_another_gyms(
    shown: "_Db", members: "_Db", views: "_Db"
) -> None:
    ours, theirs = new_id(), new_id()
    client = await a_client(members, theirs)
    looking = Looking(views, members)
    await shown.execute(DOOR, theirs, client, "Front")
    await shown.execute(DOOR, ours, new_id(), "Front")
    assert await looking.wrong() == {}

    await shown.execute(DOOR, ours, client, "Front")

    assert await looking.wrong() == {"I9b": 1}
    assert await Looking(views, members).wrong() == {"I9b": 1}


async def test_a_row_that_keeps_a_card_number(shown: "_Db", members: "_Db", views: "_Db") -> None:
    gym = new_id()
    await shown.execute(DOOR, gym, new_id(), "4111 1111 1111 1112")
    assert await Looking(views, members).wrong() == {}

    await shown.execute(DOOR, gym, new_id(), f"ask for {CARD}")

    assert await Looking(views, members).wrong() == {"I13": 1}


async def test_a_large_table_is_looked_at_in_turn_and_what_is_wrong_every_time(
    shown: "_Db", members: "_Db", views: "_Db", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.check.rows.PAGES", 1)
    gym, looking = new_id(), Looking(views, members)
    assert await looking.wrong() == {}
    for n in range(200):
        await shown.execute(DOOR, gym, new_id(), CARD if n in (0, 199) else "Front " * 10)

    found = [(await looking.wrong()).get("I13", 0) for _ in range(12)]

    assert found[0] == 1
    assert found == sorted(found)
    assert found[-1] == 2
    await shown.execute("DELETE FROM views.doors WHERE name = $1", CARD)
    assert await looking.wrong() == {}


class Vault:
    """Whose keys are still there. May be away."""

    def __init__(self, *persons: UUID) -> None:
        self.persons, self.is_away = set(persons), False

    async def of(self, persons: Iterable[Person]) -> Mapping[Person, bytes | None]:
        if self.is_away:
            raise NotYet("away")
        return {one: b"key" if one[1] in self.persons else None for one in persons}


async def erased(db: "_Db", gym: UUID) -> tuple[UUID, list[asyncpg.Record]]:
    """Somebody who was, and the row that says so."""
    client = await a_client(db, gym)
    await db.execute(EVENT, gym, client, 2, "client", PersonalDataErased.event_type, "{}")
    rows = [row async for batch in history.behind(db) for row in batch]
    return client, rows


async def found(of: Erased, moment: Moment = LATER) -> dict[str, int]:
    """Code -> offences, at the next look."""
    of.begin()
    await of.look(moment)
    return wrong(of.verdicts())


async def test_who_was_erased_and_is_still_shown(
    shown: "_Db", members: "_Db", views: "_Db"
) -> None:
    gym = new_id()
    client, rows = await erased(members, gym)
    looks = Erased(views, Vault())
    for row in rows:
        looks.hear("members", row)
    await shown.execute(CLIENT, gym, client, "Mia")
    assert await found(looks) == {}, "the read model has not heard of it"

    await shown.execute(AT, rows[-1]["pos"])
    assert await found(looks) == {"I13b": 1}

    await shown.execute(NOTE, gym, client)
    assert await found(looks) == {"I13b": 2}

    await shown.execute("UPDATE views.clients SET name = '[erased]'")
    await shown.execute("DELETE FROM views.client_notes")
    assert await found(looks) == {}


async def test_who_was_erased_and_whose_key_is_still_there(members: "_Db", views: "_Db") -> None:
    client, rows = await erased(members, new_id())
    vault = Vault(client)
    looks = Erased(views, vault)
    for row in rows:
        looks.hear("members", row)
    assert await found(looks, Moment(NOW, NOW - timedelta(hours=1))) == {}, "it is under way"

    vault.is_away = True
    with pytest.raises(NotYet):
        await found(looks)
    vault.is_away = False
    assert await found(looks) == {"I13b": 1}

    vault.persons.clear()
    assert await found(looks) == {}


async def test_an_entry_that_nothing_let_in(access: "_Db", booking: "_Db") -> None:
    gym, client, session, seat, entry = (new_id() for _ in range(5))

    async def let_in() -> list[str]:
        looks = Entries({"access": access, "booking": booking})
        async for rows in history.behind(access):
            for row in rows:
                looks.hear("access", row)
        await looks.look(LATER)
        return [one for verdict in looks.verdicts() for one in verdict.offenders]

    entered = (
        EVENT, gym, entry, 1, "entry", "access.access_granted.v1",
        f'{{"entry_id": "{entry}", "door_id": "{entry}", "location_id": "{entry}",'
        f' "client_id": "{client}", "staff_id": null, "credential_id": null,'
        f' "grant_kind": "class", "grant_id": "{seat}", "session_id": "{session}"}}',
    )  # fmt: skip
    await access.execute(*entered)
    await access.execute(
        EVENT, gym, client, 1, "holder", "access.grant_opened.v1",
        f'{{"client_id": "{client}", "grant_id": "{seat}", "kind": "class",'
        f' "valid_from": "2027-03-01T08:40:00Z", "valid_until": "2027-03-01T10:15:00Z",'
        f' "session_id": "{session}", "given_at": "2027-02-28T12:00:00Z"}}',
    )  # fmt: skip
    assert "is not good then" in str(await let_in()), "the grant came later"

    await access.execute("DELETE FROM es.events WHERE stream_id = $1", entry)
    await access.execute(*entered)
    assert "was ever theirs" in str(await let_in()), "a grant for a seat booking never gave"

    await booking.execute(
        EVENT, gym, session, 1, "session", "booking.reservation_reinstated.v1",
        f'{{"session_id": "{session}", "client_id": "{client}", "reservation_id": "{seat}",'
        ' "free_until": "2027-02-28T12:00:00Z", "reason": "", "policy_version": 1,'
        ' "seats_taken": 1, "capacity": 5}',
    )  # fmt: skip
    assert await let_in() == []
