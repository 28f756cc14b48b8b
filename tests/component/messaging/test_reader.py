"""A reader hands out a stream's messages in order, each once, whatever happens to the bus."""

import asyncio

import pytest
from nats.aio.client import Client

from chassis.reader import Reader, count_behind
from contracts.ids import GymId, new_id
from deploy.local.servers import Nats
from tests.component.messaging.probe import STREAM, fresh_stream, kill_and_restart, message, publish
from tests.world.chronicle import Chronicle
from tests.world.waiting import until


async def _take(reader: Reader, count: int) -> list[int]:
    seqs: list[int] = []
    while len(seqs) < count:
        seqs += [each.seq for each in await reader.next_batch()]
    return seqs


async def test_messages_come_in_order_in_batches_of_at_most_what_was_asked(client: Client) -> None:
    await publish(client, 50)
    reader = Reader(client, STREAM, max_batch=16)

    sizes = []
    while reader.after < 50:
        sizes.append(len(await reader.next_batch()))

    assert sum(sizes) == 50
    assert max(sizes) <= 16
    assert reader.pending == 0
    await reader.stop()


async def test_it_starts_behind_the_checkpoint_and_tells_what_is_left(client: Client) -> None:
    await publish(client, 30)
    reader = Reader(client, STREAM, after=20, max_batch=4)

    batch = await reader.next_batch()

    assert batch[0].seq == 21
    assert batch[-1].seq + reader.pending == 30
    assert await count_behind(client, STREAM, (), 20) == 10
    await reader.stop()


async def test_only_the_wanted_subjects_come(client: Client) -> None:
    gym, other = GymId(new_id()), GymId(new_id())
    await publish(client, 2, gym_id=other)
    await publish(client, 2, first=3, gym_id=gym)
    reader = Reader(client, STREAM, (f"evt.{gym}.probe.>", "evt.*.probe.never.v1"))

    assert await _take(reader, 2) == [3, 4]
    await reader.stop()


@pytest.mark.faults
async def test_a_lost_message_is_noticed_and_fetched_again(
    client: Client, tell: Chronicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.reader.SILENCE", 60.0)  # it is not silence that is noticed
    await publish(client, 12)
    reader = Reader(client, STREAM, max_batch=8)
    first = await reader.next_batch()
    await until(lambda: len(reader._queue) >= 2)
    reader._queue.popleft()
    tell(f"the message behind {len(first)} of 12 was lost on its way")

    rest = await _take(reader, 12 - len(first))

    assert [each.seq for each in first] + rest == list(range(1, 13))
    assert reader.resets == 1
    tell("it was noticed once: all 12 were handed out, in order")
    await reader.stop()


async def test_a_consumer_deleted_on_the_server_is_made_anew(client: Client) -> None:
    await publish(client, 3)
    reader = Reader(client, STREAM)
    assert await _take(reader, 3) == [1, 2, 3]

    assert reader._consumer is not None
    await client.jetstream().delete_consumer(STREAM, reader._consumer)
    await publish(client, 2, first=4)

    assert await _take(reader, 2) == [4, 5]
    await reader.stop()


async def test_a_killed_broker_costs_nothing_but_time(client: Client, broker: Nats) -> None:
    await publish(client, 3)
    reader = Reader(client, STREAM)
    assert await _take(reader, 3) == [1, 2, 3]

    await kill_and_restart(broker, client)
    await publish(client, 2, first=4)

    assert await _take(reader, 2) == [4, 5]
    await reader.stop()


async def test_a_stream_that_was_lost_is_waited_for_until_it_is_refilled(client: Client) -> None:
    await publish(client, 3)
    reader = Reader(client, STREAM)
    assert await _take(reader, 3) == [1, 2, 3]

    await fresh_stream(client)
    await publish(client, 4)

    assert await _take(reader, 1) == [4]
    await reader.stop()


async def test_a_heartbeat_is_heard_while_there_is_nothing_to_read(client: Client) -> None:
    reader = Reader(client, STREAM)
    async with asyncio.TaskGroup() as reading:
        reading.create_task(reader.next_batch())
        await until(lambda: reader.heard_at > 0)
        first = reader.heard_at
        await until(lambda: reader.heard_at > first)
        await reader.stop()


async def test_a_rewound_reader_continues_there(client: Client) -> None:
    await publish(client, 5)
    reader = Reader(client, STREAM)
    await _take(reader, 5)

    await reader.rewind(3)

    assert await _take(reader, 2) == [4, 5]
    await reader.stop()


async def test_stopping_ends_the_wait_at_once_and_gives_the_consumer_back(client: Client) -> None:
    reader = Reader(client, STREAM)
    await client.jetstream().publish(*message(1))
    await _take(reader, 1)

    await reader.stop()

    assert await reader.next_batch() == []

    async def none_left() -> bool:
        return not await client.jetstream().consumers_info(STREAM)

    await until(none_left)
