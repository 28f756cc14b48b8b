"""The checker sees what a stream has and lacks, and a reaction that tries for ever."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import nats
import orjson
import pytest
from nats.aio.client import Client

from contracts.ids import new_id
from deploy.check.streams import Streams
from deploy.check.verdict import Moment
from deploy.local.installation import Installation
from tests.component.check.wrongs import LATER, NOW, record, wrong

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]


@pytest.fixture
async def client(apart: Installation) -> AsyncIterator[Client]:
    connected = await nats.connect(**apart.nats_login("developer"))
    yield connected
    await connected.close()


async def test_an_event_that_did_not_reach_the_stream(
    access: "_Db", auditor: "_Db", client: Client
) -> None:
    await record(access, 1)

    for settled_before, found in ((NOW - timedelta(hours=1), {}), (NOW + timedelta(days=1), 1)):
        streams = Streams(client)
        await streams.look("access", auditor, Moment(NOW, settled_before))
        assert wrong(streams.verdicts()) == ({"I14": 1} if found else {})


async def test_a_message_the_store_does_not_have(
    apart: Installation, auditor: "_Db", client: Client
) -> None:
    streams = Streams(client)
    await streams.look("access", auditor, LATER)
    assert wrong(streams.verdicts()) == {}

    told = {"position": 1, "event_id": str(new_id()), "gym_id": str(new_id()), "event": {}}
    await client.jetstream().publish("evt.x.access.door_added.v1", orjson.dumps(told))

    for _ in range(2):
        streams.begin()
        await streams.look("access", auditor, LATER)
        assert wrong(streams.verdicts()) == {"I14": 1}
    assert streams.differ


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

    a_moment_ago, long_ago = Streams(client), Streams(client)
    await a_moment_ago.look_at_places(views, Moment(NOW, NOW))
    await long_ago.look_at_places(views, LATER)

    assert wrong(a_moment_ago.verdicts()) == {}
    assert wrong(long_ago.verdicts()) == {"I14b": 1}
    assert "reaction test_trying has been trying sequence 2" in str(long_ago.verdicts())
    await failing.ack_sync()
    long_ago.begin()
    await long_ago.look_at_places(views, LATER)
    assert wrong(long_ago.verdicts()) == {}
