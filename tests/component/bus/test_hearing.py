"""A reaction goes on hearing, whatever becomes of its consumer, and tells how far it is behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.js.api import ConsumerConfig, ConsumerInfo, SequenceInfo
from nats.js.manager import JetStreamManager
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.bus import desk
from chassis.bus.hearing import AT_MOST_AWAY, Behind
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from contracts.ids import GymId, new_id
from deploy.local.servers import Nats
from tests.component.bus.room import CONSUMER, PATIENCE, Room, a_lamp, opened
from tests.world.waiting import until

SINCE = datetime(2027, 3, 1, 12, tzinfo=UTC)
FAILING = 70  # events; a few more than a consumer once gave out unsettled


async def test_failing_events_of_one_gym_do_not_keep_those_of_others_waiting(
    access: Callable[[str], NatsAccess], gym_id: GymId
) -> None:
    async with opened(access, gym_id, back_off=(300.0,)) as room:
        # Seventy tracebacks drawn for people would take half a minute.
        with capture_logs():
            room.faults = [OSError("this gym's terminal is down") for _ in range(FAILING)]
            await room.publish(*(a_lamp(gym_id) for _ in range(FAILING)))
            await room.until_tried(FAILING)

        await room.publish(a_lamp(GymId(new_id())))

        await room.until_tried(FAILING + 1)


async def test_a_consumer_of_an_older_version_is_brought_up_to_date(
    access: Callable[[str], NatsAccess], room: Room
) -> None:
    [hearing] = room.desk._hearings
    booking = await connect(access("booking"), name="an older booking")
    js = booking.jetstream(timeout=PATIENCE)
    made = await js.consumer_info("EVT_MEMBERS", CONSUMER)
    await js.add_consumer("EVT_MEMBERS", made.config.evolve(max_ack_pending=64))

    await hearing.mend()

    found = await js.consumer_info("EVT_MEMBERS", CONSUMER)
    assert found.config == made.config
    assert found.config.max_ack_pending == AT_MOST_AWAY
    await booking.close()


async def test_a_consumer_that_was_made_without_us_hearing_of_it_is_pulled_from(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    [hearing] = room.desk._hearings
    made = JetStreamManager.add_consumer

    async def and_the_answer_is_lost(*args: Any, **more: Any) -> None:
        await made(*args, **more)
        raise TimeoutError

    await room.operator.jetstream(timeout=PATIENCE).delete_consumer("EVT_MEMBERS", CONSUMER)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(JetStreamManager, "add_consumer", and_the_answer_is_lost)
        with pytest.raises(TimeoutError):
            await hearing.mend()

    await hearing.mend()

    await room.publish(a_lamp(room.gym_id))
    await room.until_tried(1)


async def test_a_subscription_that_would_not_end_does_not_keep_the_next_from_beginning(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    [hearing] = room.desk._hearings

    async def not_now(*_: Any, **__: Any) -> None:
        raise ConnectionClosedError

    await room.operator.jetstream(timeout=PATIENCE).delete_consumer("EVT_MEMBERS", CONSUMER)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Client, "_send_unsubscribe", not_now)
        await hearing.mend()

    await room.publish(*(a_lamp(room.gym_id) for _ in range(3)))
    await room.until_tried(3)
    await room.until_settled()
    assert len(room.tried) == 3


async def test_a_desk_that_cannot_look_says_that_it_is_behind(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise TimeoutError

    async with _looked_after(room, monkeypatch):
        monkeypatch.setattr(JetStreamManager, "consumer_info", away)
        await until(lambda: _seconds_behind(CONSUMER) > 1, PATIENCE)


async def test_a_desk_whose_server_is_away_says_that_it_is_behind(
    server: Nats, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _looked_after(room, monkeypatch):
        await asyncio.to_thread(server.stop)
        await until(lambda: _seconds_behind(CONSUMER) > 1, PATIENCE)
    await asyncio.to_thread(server.start)
    await until(lambda: room.desk.is_open, PATIENCE)


def test_what_waited_at_the_last_look_is_behind_by_the_time_since_as_well() -> None:
    behind = Behind("a_deaf_consumer")

    def told() -> float:
        return _seconds_behind("a_deaf_consumer")

    behind.missed(now=90)
    behind.missed(now=95)
    assert told() == 5, "nobody has ever looked"
    behind.look(_found(pending=0, given=7), now=100)
    behind.look(_found(pending=3, given=7), now=120)
    behind.missed(now=122)
    assert told() == 22
    behind.missed(now=160)
    assert told() == 60
    behind.look(_found(pending=0, given=7), now=170)
    assert told() == 0


def test_what_waits_is_told_with_how_long_at_most() -> None:
    behind = Behind("a_consumer")

    def told(pending: int, given: int, now: float) -> tuple[float | None, float]:
        behind.look(_found(pending, given), now)
        label = {"consumer": "a_consumer"}
        waiting = REGISTRY.get_sample_value("b2b_reaction_pending", label)
        return waiting, _seconds_behind("a_consumer")

    assert told(pending=0, given=7, now=100) == (0, 0)
    assert told(pending=3, given=7, now=102) == (3, 2)
    assert told(pending=9, given=7, now=150) == (9, 50)
    assert told(pending=9, given=8, now=152) == (9, 0), "it goes on"
    assert told(pending=0, given=17, now=900) == (0, 0)


def _found(pending: int, given: int) -> ConsumerInfo:
    """What the server says of a consumer."""
    last = SequenceInfo(consumer_seq=given, stream_seq=given)
    return ConsumerInfo("any", "EVT", ConsumerConfig(), SINCE, delivered=last, num_pending=pending)


def _seconds_behind(consumer: str) -> float:
    told = REGISTRY.get_sample_value("b2b_reaction_behind_seconds", {"consumer": consumer})
    assert told is not None
    return told


@asynccontextmanager
async def _looked_after(room: Room, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The desk looks at its consumer, of which it has been told that nothing waits."""
    monkeypatch.setattr(desk, "MEND_SECONDS", 0.1)
    [hearing] = room.desk._hearings
    await hearing.mend()
    assert _seconds_behind(CONSUMER) < 1
    stopping = anyio.Event()
    keeping = asyncio.create_task(room.desk.keep_hearing(stopping))
    try:
        yield
    finally:
        stopping.set()
        await keeping
