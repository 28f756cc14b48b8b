"""A relay carries a store's events to their stream: all, in order, once, or it says why not."""

import asyncio
import random

import pytest
from nats.aio.client import Client

import chassis.relay.loop
from chassis.relay import Relay
from chassis.relay.status import PUBLISHED, State
from chassis.relay.tail import Doubt, Tail
from chassis.wire import pack, unpack
from tests.component.messaging.conftest import MakeJournal
from tests.component.messaging.probe import (
    CONTEXT,
    META,
    STREAM,
    Counted,
    Journal,
    fresh_stream,
    in_stream,
    running,
)
from tests.world.chronicle import Chronicle
from tests.world.waiting import until


def _relay(journal: Journal, client: Client) -> Relay:
    return Relay(context=CONTEXT, dsn=journal.relay_dsn, client=client)


async def _arrived(client: Client, journal: Journal) -> None:
    """Return when the stream holds as many events as the store."""
    wanted = len(await journal.history())

    async def all_there() -> bool:
        return (await client.jetstream().stream_info(STREAM)).state.messages >= wanted

    await until(all_there)


async def _write(journal: Journal, dice: random.Random, transactions: int) -> None:
    for _ in range(transactions):
        await journal.record(
            dice.randint(1, 5), pause=dice.choice((0, 0.002, 0.02)), keep=dice.random() > 0.2
        )


async def test_a_message_is_the_stored_event_with_its_circumstances(
    journal: Journal, client: Client
) -> None:
    await journal.record(data=b'{"n": 42}')

    async with running(_relay(journal, client).run):
        await _arrived(client, journal)

    [(position, event_id)] = await journal.history()
    message = await client.jetstream().get_msg(STREAM, seq=1)
    envelope = unpack(message.data or b"")
    assert envelope.event == Counted(n=42)
    assert (envelope.position, envelope.event_id) == (position, event_id)
    assert envelope.gym_id == journal.gym_id
    assert message.subject == f"evt.{journal.gym_id}.probe.counted.v1"
    headers = message.headers or {}
    assert headers["Nats-Msg-Id"] == str(event_id)
    assert headers["B2b-Position"] == str(position)
    assert headers["traceparent"] == META["traceparent"]


async def test_concurrent_writers_and_rollbacks_leave_the_stream_in_the_stores_order(
    journal: Journal, client: Client
) -> None:
    async with running(_relay(journal, client).run):
        writers = [_write(journal, random.Random(seed), 25) for seed in range(8)]
        await asyncio.gather(*writers)
        await _arrived(client, journal)

    history = await journal.history()
    assert len(history) > 200
    assert await in_stream(client) == history


async def test_a_long_queue_goes_out_in_order_without_a_pause(
    journal: Journal, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.relay.loop, "POLL", 60.0)  # and nobody rings
    for _ in range(4):
        await journal.record(300)
    before = PUBLISHED.labels(CONTEXT)._value.get()

    relay = _relay(journal, client)
    async with running(relay.run):
        await _arrived(client, journal)
        await until(lambda: relay.status.waiting == 0)

    assert await in_stream(client) == await journal.history()
    assert PUBLISHED.labels(CONTEXT)._value.get() - before == 1200


@pytest.mark.faults
async def test_a_wiped_stream_is_refilled_with_the_same_sequences(
    journal: Journal, client: Client, tell: Chronicle
) -> None:
    await journal.record(40)
    await journal.record(3, keep=False)
    await journal.record(40)
    async with running(_relay(journal, client).run):
        await _arrived(client, journal)
        first = await in_stream(client)

        await fresh_stream(client)
        tell(f"the stream was wiped when it held {len(first)} events")
        await journal.record()
        await _arrived(client, journal)

    again = await in_stream(client)
    assert again[: len(first)] == first
    assert again == await journal.history()
    tell(f"it holds the {len(again)} events of the store, under the same sequences")


@pytest.mark.faults
async def test_a_stream_wiped_while_nothing_happens_is_refilled(
    journal: Journal, client: Client, monkeypatch: pytest.MonkeyPatch, tell: Chronicle
) -> None:
    monkeypatch.setattr(chassis.relay.loop, "LOOK_EVERY", 0.1)
    await journal.record(40)
    async with running(_relay(journal, client).run):
        await _arrived(client, journal)
        first = await in_stream(client)

        await fresh_stream(client)
        tell(f"the stream was wiped when it held {len(first)} events, and nothing else happened")
        await _arrived(client, journal)

    assert await in_stream(client) == first
    tell("it holds the same, under the same sequences")


async def test_a_second_writer_is_turned_away_by_the_stream(
    journal: Journal, client: Client, other_client: Client
) -> None:
    await journal.record(60)
    async with journal.app.acquire() as db, db.transaction():
        await db.execute("SELECT set_config('app.gym_ids', $1, true)", f"{{{journal.gym_id}}}")
        rows = await db.fetch("SELECT * FROM es.events ORDER BY pos")
    one, two = Tail(client, STREAM), Tail(other_client, STREAM)
    await one.find()
    await two.find()

    await one.write([pack(row) for row in rows[:40]])
    with pytest.raises(Doubt):  # as a chain
        await two.write([pack(row) for row in rows[:5]])
    with pytest.raises(Doubt):  # as an atomic batch
        await two.write([pack(row) for row in rows[:40]])
    await two.find()
    await two.write([pack(row) for row in rows[40:]])

    assert await in_stream(client) == await journal.history()


async def test_a_stream_ahead_of_its_store_is_not_written_to(
    journal: Journal, make_journal: MakeJournal, client: Client
) -> None:
    await journal.record(5)
    async with running(_relay(journal, client).run):
        await _arrived(client, journal)
    restored = await make_journal()  # a backup from before, written to since
    await restored.record(5)

    relay = _relay(restored, client)
    async with running(relay.run):
        await until(lambda: relay.status.state is State.REFUSED)
        assert not relay.ready
        assert "the store is older than the stream" in (relay.status.reason or "")

    assert await in_stream(client) == await journal.history()


@pytest.mark.parametrize(
    ("event_type", "body"),
    [
        (Counted.event_type, b'{"n": 1, "note": "' + b"x" * 1_100_000 + b'"}'),
        (Counted.event_type, b"not json"),
        ("other.counted.v1", b'{"n": 1}'),
    ],
    ids=["too large", "not an object", "another service's"],
)
async def test_an_event_that_cannot_be_published_stops_the_relay_and_is_named(
    journal: Journal, client: Client, event_type: str, body: bytes
) -> None:
    await journal.record(3)
    await journal.record(event_type=event_type, data=body)
    await journal.record(3)
    history = await journal.history()

    relay = _relay(journal, client)
    async with running(relay.run):
        await until(lambda: relay.status.state is State.REFUSED)
        assert f"position {history[3][0]} " in (relay.status.reason or "")
        assert not relay.ready

    assert await in_stream(client) == history[:3]


async def test_the_bell_is_heard_between_two_looks(
    journal: Journal, client: Client, other_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.relay.loop, "POLL", 60)
    relay = _relay(journal, client)
    async with running(relay.run):
        await until(lambda: relay.status.state is State.RUNNING)
        await journal.record()
        await other_client.publish(f"bell.{CONTEXT}", b"")
        await _arrived(client, journal)

        await journal.record()
        relay.ring()
        await _arrived(client, journal)


async def test_a_relay_stops_when_asked(journal: Journal, client: Client) -> None:
    relay = _relay(journal, client)
    async with asyncio.timeout(30):
        async with running(relay.run) as stopping:
            await until(lambda: relay.ready)
            stopping.set()
