"""The checker sees what is wrong with a store, a stream or a read model, and may change nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
import nats
import orjson
import pytest
from nats.aio.client import Client

from contracts.ids import new_id
from deploy.check.stores import Stores
from deploy.check.streams import Streams
from deploy.check.verdict import Verdict
from deploy.check.views import Views
from deploy.local.installation import Installation
from deploy.schema import database_url
from services.projections import doors
from tests.world.system import data_folder

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

EVENT = """
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
VALUES ($1, $2, $3, $4, 'door', 'access.door_added.v1', '{}', $5)
"""
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
async def apart() -> AsyncIterator[Installation]:
    """An installation nobody else writes to: what is wrong with it is told of everybody."""
    with data_folder("check") as folder:
        async with Installation(folder) as started:
            yield started


@pytest.fixture
async def wrongdoer(apart: Installation) -> AsyncIterator["_Db"]:
    """May write anything into access' store, until the test is over."""
    db = await asyncpg.connect(database_url(apart.admin_dsn, "b2b_access"))
    yield db
    await db.execute("TRUNCATE es.events, es.answers")
    await db.close()


@pytest.fixture
async def auditor(apart: Installation) -> AsyncIterator["_Db"]:
    """Looks at access' store."""
    db = await asyncpg.connect(apart.dsn("auditor", "b2b_access"))
    yield db
    await db.close()


@pytest.fixture
async def views(apart: Installation) -> AsyncIterator["_Db"]:
    """Looks at the read models, with tables of its own."""
    settings = {"search_path": "pg_temp", "default_transaction_read_only": "off"}
    db = await asyncpg.connect(apart.dsn("auditor", "b2b_views"), server_settings=settings)
    yield db
    await db.close()


@pytest.fixture
async def client(apart: Installation) -> AsyncIterator[Client]:
    connected = await nats.connect(**apart.nats_login("operator"))
    yield connected
    await connected.close()


async def record(
    db: "_Db", version: int, *, stream: UUID | None = None, command: UUID | None = None,
    event: UUID | None = None,
) -> None:  # fmt: skip
    """One event, as no service would."""
    told = {"actor": "staff:x", "command_id": command or new_id()}
    await db.execute(
        EVENT, new_id(), stream or new_id(), version, event or new_id(), orjson.dumps(told)
    )


def wrong(verdicts: list[Verdict]) -> dict[str, int]:
    return {one.code: one.offences for one in verdicts if not one.holds}


async def looked(auditor: "_Db") -> dict[str, int]:
    stores = Stores()
    await stores.look("access", auditor)
    return wrong(stores.verdicts())


async def test_nothing_is_wrong_with_events_in_their_order(
    wrongdoer: "_Db", auditor: "_Db"
) -> None:
    for _ in range(2):
        await record(wrongdoer, 1)

    assert await looked(auditor) == {}


async def test_a_version_that_is_missing(wrongdoer: "_Db", auditor: "_Db") -> None:
    await record(wrongdoer, 2)

    assert await looked(auditor) == {"I11": 1}


async def test_an_event_that_is_there_twice(wrongdoer: "_Db", auditor: "_Db") -> None:
    event = new_id()
    for _ in range(2):
        await record(wrongdoer, 1, event=event)

    assert await looked(auditor) == {"I11": 1}


async def test_an_answer_without_its_event(wrongdoer: "_Db", auditor: "_Db") -> None:
    await wrongdoer.execute(
        "INSERT INTO es.answers (gym_id, actor, command_id, request_hash, answer, pos)"
        " VALUES ($1, 'staff:x', $1, '', '', 1000000)", new_id(),
    )  # fmt: skip

    assert await looked(auditor) == {"I3": 1}


async def test_a_command_that_was_carried_out_twice(wrongdoer: "_Db", auditor: "_Db") -> None:
    gym, command = new_id(), new_id()
    meta = orjson.dumps({"actor": "staff:x", "command_id": command})
    async with wrongdoer.transaction():  # once, with two events
        for _ in range(2):
            await wrongdoer.execute(EVENT, gym, new_id(), 1, new_id(), meta)
    assert await looked(auditor) == {}

    await wrongdoer.execute(EVENT, gym, new_id(), 1, new_id(), meta)

    assert await looked(auditor) == {"I3": 1}


async def test_an_event_that_did_not_reach_the_stream(
    wrongdoer: "_Db", auditor: "_Db", client: Client
) -> None:
    await record(wrongdoer, 1)

    for settled_before, found in ((NOW - timedelta(hours=1), {}), (NOW + timedelta(hours=1), 1)):
        streams = Streams(client, settled_before)
        await streams.look("access", auditor)
        assert wrong(streams.verdicts()) == ({"I14": 1} if found else {})


async def test_a_message_the_store_does_not_have(
    apart: Installation, auditor: "_Db", client: Client
) -> None:
    told = {"position": 1, "event_id": str(new_id()), "gym_id": str(new_id()), "event": {}}
    await client.jetstream().publish("evt.x.access.door_added.v1", orjson.dumps(told))

    streams = Streams(client, NOW)
    await streams.look("access", auditor)

    assert wrong(streams.verdicts()) == {"I14": 1}


async def test_a_reaction_that_tries_one_event_for_ever(
    apart: Installation, client: Client, views: "_Db"
) -> None:
    relay = await nats.connect(**apart.nats_login("members_relay"))
    kind = "members.test_tried_for_ever.v1"
    for _ in range(2):  # the first of them is done: what is old and done offends nobody
        await relay.jetstream().publish(f"evt.{new_id()}.{kind}", b"{}")
    await relay.close()
    consumer = await client.jetstream().pull_subscribe(
        f"evt.*.{kind}", "test_trying", stream="EVT_MEMBERS"
    )
    done, failing = await consumer.fetch(2, timeout=10)
    await done.ack_sync()
    await failing.nak()
    [failing] = await consumer.fetch(1, timeout=10)
    assert failing.metadata.num_delivered == 2

    a_moment_ago, long_ago = Streams(client, NOW), Streams(client, NOW + timedelta(hours=1))
    await a_moment_ago.look_at_places(views)
    await long_ago.look_at_places(views)

    assert wrong(a_moment_ago.verdicts()) == {}
    assert wrong(long_ago.verdicts()) == {"I14b": 1}
    assert "reaction test_trying has been trying sequence 2" in str(long_ago.verdicts())
    await failing.ack_sync()
    healed = Streams(client, NOW + timedelta(hours=1))
    await healed.look_at_places(views)
    assert wrong(healed.verdicts()) == {}


async def test_a_row_no_event_made(apart: Installation, views: "_Db", auditor: "_Db") -> None:
    admin = await asyncpg.connect(database_url(apart.admin_dsn, "b2b_views"))
    before, after = Views(), Views()
    await before.look(doors.MODEL, views, auditor)

    await admin.execute(
        "INSERT INTO views.doors VALUES ($1, $1, $1, 'Front', 'Europe/Berlin', '[]', 1, 1)",
        new_id(),
    )
    await after.look(doors.MODEL, views, auditor)
    await admin.close()

    assert wrong(before.verdicts()) == {}
    assert wrong(after.verdicts()) == {"I10": 1}


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
