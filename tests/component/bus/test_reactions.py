"""A reaction hears every event at least once, tries again patiently, and gives up visibly.

Each test has a nats-server of its own, with the real rights: poison must not reach other readers.
What is heard is written as the relay writes it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.js.api import ConsumerConfig, ConsumerInfo, SequenceInfo
from nats.js.manager import JetStreamManager
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis import streams
from chassis.bus import desk
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.bus.hearing import AT_MOST_AWAY, Behind
from chassis.bus.reactions import Hopeless
from chassis.clock import SystemClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from chassis.relay.tail import ATOMIC_FROM, Tail
from chassis.wire import ID_HEADER, POSITION_HEADER, Outgoing
from contracts.envelope import Envelope, Event
from contracts.ids import GymId, new_id
from deploy.local import nats_conf
from deploy.local.servers import Nats
from tests.world.spans import Kept, a_trace, context, ids, links, parent

CONSUMER = "booking_test"
PASSWORD = "correct-horse-battery"
BACK_OFF = (0.1, 0.3, 0.6)
PATIENCE = 10.0  # seconds until a test gives up waiting
SINCE = datetime(2027, 3, 1, 12, tzinfo=UTC)
FAILING = 70  # events; a few more than a consumer once gave out unsettled
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class LampLit(Event):
    """A lamp was lit."""


# Named after the class statement, so that the contracts' registers do not list it.
LampLit.event_type = "members.test_lamp_lit.v1"


@dataclass
class Room:
    """A booking desk that reacts to lamps; ``faults`` says what becomes of each try."""

    gym_id: GymId
    members: Client
    operator: Client
    desk: Desk
    faults: list[Exception | None] = field(default_factory=list)
    tried: list[tuple[float, Envelope]] = field(default_factory=list)
    led_to: list[Context] = field(default_factory=list)
    """What a command of each try would be carried out as."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def react(self, envelope: Envelope) -> None:
        self.led_to.append(Context.because(envelope, "system:booking", envelope.occurred_at))
        async with self.changed:
            self.tried.append((time.monotonic(), envelope))
            self.changed.notify_all()
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault

    async def publish(self, *bodies: bytes, traceparent: str | None = None) -> int:
        """Sequence of the last of ``bodies`` in the stream, written by the only one who may."""
        tail = Tail(self.members, "EVT_MEMBERS")
        await tail.find()
        subject = f"evt.{self.gym_id}.members.test_lamp_lit.v1"
        window = []
        for position, body in enumerate(bodies, tail.position + 1):
            headers = {
                ID_HEADER: str(new_id()), POSITION_HEADER: str(position),
                **({"traceparent": traceparent} if traceparent else {}),
            }  # fmt: skip
            window.append(Outgoing(position, subject, headers, body))
        await tail.write(window)
        return tail.seq

    async def until_tried(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: len(self.tried) >= times)

    async def dead_letter(self) -> Any:
        """The first dead letter of this consumer, as soon as it is there."""
        [letter] = await self.dead_letters(1)
        return letter

    async def dead_letters(self, count: int) -> list[Any]:
        """The first ``count`` of this consumer, as soon as they are there."""
        jetstream = self.operator.jetstream(timeout=2)
        subscription = await jetstream.subscribe(f"dlq.booking.{CONSUMER}", ordered_consumer=True)
        found = [await subscription.next_msg(timeout=PATIENCE) for _ in range(count)]
        await subscription.unsubscribe()
        return found

    async def until_settled(self) -> None:
        """Wait until the consumer owes nothing."""
        jetstream = self.operator.jetstream(timeout=2)
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await jetstream.consumer_info("EVT_MEMBERS", CONSUMER)
                if not told.num_ack_pending and not told.num_pending:
                    return


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nats]:
    """A fresh nats-server, which knows our consumer."""
    monkeypatch.setitem(nats_conf.HEARS, "booking", {"EVT_MEMBERS": (CONSUMER,)})
    passwords = dict.fromkeys(nats_conf.users(), PASSWORD)
    made = Nats(
        tmp_path,
        lambda port, monitor, store: nats_conf.configuration(port, monitor, store, passwords),
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def access(server: Nats) -> Callable[[str], NatsAccess]:
    """How each user reaches it."""
    return lambda user: NatsAccess(server.url, user, PASSWORD)


@asynccontextmanager
async def _opened(
    access: Callable[[str], NatsAccess], gym_id: GymId, back_off: tuple[float, ...]
) -> AsyncIterator[Room]:
    members = await connect(access("members_relay"), name="members_relay")
    operator = await connect(access("operator"), name="operator")
    await streams.declare(operator)
    serving = broker(access("booking"), name="booking")
    desk = Desk(serving, service="booking", keys=[bytes(32)], clock=SystemClock(), allows=_anybody)
    made = Room(gym_id, members, operator, desk)
    desk.reaction(LampLit, made.react, name=CONSUMER, stream="EVT_MEMBERS", back_off=back_off)
    await desk.start()
    yield made
    await desk.stop()
    await members.close()
    await operator.close()


@pytest.fixture
async def room(access: Callable[[str], NatsAccess], gym_id: GymId) -> AsyncIterator[Room]:
    async with _opened(access, gym_id, BACK_OFF) as made:
        yield made


async def _until(met: Callable[[], bool]) -> None:
    """Wait for what the client library tells no event for."""
    async with asyncio.timeout(PATIENCE):
        while not met():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _anybody(operation: str, roles: frozenset[str], *, own: bool) -> bool:
    return True


def _lamp(gym_id: GymId, *, at: str = "2027-03-01T12:00:00+00:00", trace: str = "") -> bytes:
    key = str(new_id())
    return orjson.dumps({
        "event_id": key, "event_type": "members.test_lamp_lit.v1", "gym_id": str(gym_id),
        "stream": f"lamp-{key}", "version": 1, "position": 1, "occurred_at": at,
        "recorded_at": at, "actor": "system:tests", "command_id": key, "correlation_id": key,
        "causation_id": key, "traceparent": trace or None, "event": {},
    })  # fmt: skip


async def test_an_event_is_heard_and_acknowledged(room: Room) -> None:
    await room.publish(_lamp(room.gym_id))
    await room.until_tried(1)

    [(_, envelope)] = room.tried
    assert (envelope.gym_id, envelope.event_type) == (room.gym_id, "members.test_lamp_lit.v1")
    await room.until_settled()
    assert len(room.tried) == 1


async def test_a_failing_reaction_is_tried_again_with_growing_delay(room: Room) -> None:
    room.faults = [OSError("mail server down"), TimeoutError()]

    await room.publish(_lamp(room.gym_id))
    await room.until_tried(3)

    moments = [at for at, _ in room.tried]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps[0] >= 0.9 * BACK_OFF[0]
    assert gaps[1] >= 0.9 * BACK_OFF[1]
    await room.until_settled()


async def test_an_event_that_fails_every_time_becomes_a_dead_letter(room: Room) -> None:
    room.faults = [RuntimeError("secret-of-the-house") for _ in range(4)]
    body = _lamp(room.gym_id)

    seq = await room.publish(body)
    letter = await room.dead_letter()

    assert letter.data == body
    assert letter.headers["Dlq-Subject"] == f"evt.{room.gym_id}.members.test_lamp_lit.v1"
    assert letter.headers["Dlq-Seq"] == str(seq)
    assert letter.headers["Dlq-Error"] == "RuntimeError"
    assert "secret" not in str(letter.headers)
    assert len(room.tried) == len(BACK_OFF) + 1
    await room.until_settled()


@pytest.mark.parametrize("body", [
    b"{{{", b"", b"[]", b'{"event_id": "x"}', b'{"event_id": 5}', b"\xff\xfe",
])  # fmt: skip
async def test_poison_becomes_a_dead_letter_at_once(room: Room, body: bytes) -> None:
    await room.publish(body)

    letter = await room.dead_letter()

    assert letter.data == body
    assert room.tried == []
    await room.until_settled()


@pytest.mark.parametrize("fault", [Hopeless(), Refused("NO", "No.")])
async def test_a_hopeless_reaction_is_not_tried_again(room: Room, fault: Exception) -> None:
    room.faults = [fault]

    await room.publish(_lamp(room.gym_id))
    letter = await room.dead_letter()

    assert letter.headers["Dlq-Error"] == type(fault).__name__
    assert len(room.tried) == 1


@pytest.mark.parametrize("count", [2, ATOMIC_FROM], ids=["a chain", "a batch"])
async def test_dead_letters_are_kept_however_their_events_were_written(
    room: Room, count: int
) -> None:
    room.faults = [None, *(Hopeless() for _ in range(count))]
    await room.publish(_lamp(room.gym_id))  # so that sequences of the two streams differ
    await room.until_tried(1)
    bodies = [_lamp(room.gym_id) for _ in range(count)]

    await room.publish(*bodies)
    letters = await room.dead_letters(count)

    assert sorted(letter.data for letter in letters) == sorted(bodies)
    await room.until_settled()
    state = (await room.operator.jetstream(timeout=2).stream_info(streams.DEAD_LETTERS)).state
    assert state.messages == count


async def test_a_dead_letter_tells_of_its_event_and_nothing_of_how_it_was_written(
    room: Room,
) -> None:
    room.faults = [Hopeless()]

    seq = await room.publish(_lamp(room.gym_id), traceparent=TRACE)
    letter = await room.dead_letter()

    assert letter.headers == {
        "traceparent": TRACE,
        POSITION_HEADER: "1",
        "Dlq-Subject": f"evt.{room.gym_id}.members.test_lamp_lit.v1",
        "Dlq-Seq": str(seq),
        "Dlq-Error": "Hopeless",
        ID_HEADER: f"EVT_MEMBERS-{seq}-{CONSUMER}",
    }


async def test_events_behind_a_failing_one_are_heard(room: Room) -> None:
    room.faults = [OSError()]

    await room.publish(*(_lamp(room.gym_id) for _ in range(5)))
    await room.until_tried(6)

    assert len({envelope.event_id for _, envelope in room.tried}) == 5


@pytest.mark.faults
async def test_reactions_go_on_after_the_server_was_away(server: Nats, room: Room) -> None:
    await room.publish(_lamp(room.gym_id))
    await room.until_tried(1)
    await room.until_settled()

    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await _until(lambda: room.members.is_connected and room.operator.is_connected)
    await room.publish(_lamp(room.gym_id))

    await room.until_tried(2)
    await room.until_settled()
    assert room.desk.is_open


@pytest.mark.faults
async def test_a_desk_can_stop_while_the_server_is_away(server: Nats, room: Room) -> None:
    server.stop()

    await _until(lambda: not room.desk.is_open)
    async with asyncio.timeout(PATIENCE):
        await room.desk.stop()

    server.start()


async def test_a_desk_that_is_stopped_while_it_looks_at_its_consumers_looks_no_further(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MEND_SECONDS", 0.01)
    [hearing] = room.desk._hearings
    stopping = anyio.Event()

    class Leaving:
        async def mend(self) -> None:
            await room.desk.stop()
            stopping.set()

    monkeypatch.setattr(room.desk, "_hearings", [Leaving(), hearing])
    async with asyncio.timeout(PATIENCE):
        await room.desk.keep_hearing(stopping)  # the second would find no connection


async def test_failing_events_of_one_gym_do_not_keep_those_of_others_waiting(
    access: Callable[[str], NatsAccess], gym_id: GymId
) -> None:
    async with _opened(access, gym_id, back_off=(300.0,)) as room:
        # Seventy tracebacks drawn for people would take half a minute.
        with capture_logs():
            room.faults = [OSError("this gym's terminal is down") for _ in range(FAILING)]
            await room.publish(*(_lamp(gym_id) for _ in range(FAILING)))
            await room.until_tried(FAILING)

        await room.publish(_lamp(GymId(new_id())))

        await room.until_tried(FAILING + 1)


async def test_a_consumer_of_an_older_version_is_brought_up_to_date(
    access: Callable[[str], NatsAccess], room: Room
) -> None:
    [hearing] = room.desk._hearings
    booking = await connect(access("booking"), name="an older booking")
    js = booking.jetstream(timeout=2)
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

    await room.operator.jetstream(timeout=2).delete_consumer("EVT_MEMBERS", CONSUMER)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(JetStreamManager, "add_consumer", and_the_answer_is_lost)
        with pytest.raises(TimeoutError):
            await hearing.mend()

    await hearing.mend()

    await room.publish(_lamp(room.gym_id))
    await room.until_tried(1)


async def test_a_subscription_that_would_not_end_does_not_keep_the_next_from_beginning(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    [hearing] = room.desk._hearings

    async def not_now(*_: Any, **__: Any) -> None:
        raise ConnectionClosedError

    await room.operator.jetstream(timeout=2).delete_consumer("EVT_MEMBERS", CONSUMER)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Client, "_send_unsubscribe", not_now)
        await hearing.mend()

    await room.publish(*(_lamp(room.gym_id) for _ in range(3)))
    await room.until_tried(3)
    await room.until_settled()
    assert len(room.tried) == 3


def test_what_waits_is_told_with_how_long_at_most() -> None:
    behind = Behind("a_consumer")

    def told(pending: int, given: int, now: float) -> tuple[float | None, float | None]:
        last = SequenceInfo(consumer_seq=given, stream_seq=given)
        found = ConsumerInfo(
            "a_consumer", "EVT", ConsumerConfig(), SINCE, delivered=last, num_pending=pending
        )
        behind.look(found, now)
        label = {"consumer": "a_consumer"}
        return (
            REGISTRY.get_sample_value("b2b_reaction_pending", label),
            REGISTRY.get_sample_value("b2b_reaction_behind_seconds", label),
        )

    assert told(pending=0, given=7, now=100) == (0, 0)
    assert told(pending=3, given=7, now=102) == (3, 2)
    assert told(pending=9, given=7, now=150) == (9, 50)
    assert told(pending=9, given=8, now=152) == (9, 0), "it goes on"
    assert told(pending=0, given=17, now=900) == (0, 0)


async def test_a_reaction_is_followed_below_what_published_its_event(
    room: Room, kept: Kept
) -> None:
    append, relay = a_trace(), a_trace()
    room.faults = [OSError("mail server down")]

    await room.publish(_lamp(room.gym_id, trace=append), traceparent=relay)
    await room.until_settled()

    await kept.until(lambda: len(kept.named(CONSUMER)) == 2)  # a moment after it is settled
    failed, done = kept.named(CONSUMER)
    assert [parent(failed), parent(done)] == [ids(relay)] * 2
    assert (failed.status.description, done.status.is_unset) == ("OSError", True)
    assert [ctx.traceparent for ctx in room.led_to] == [context(failed), context(done)]


async def test_a_reaction_to_an_old_event_is_linked_and_begins_a_trace_of_its_own(
    room: Room, kept: Kept
) -> None:
    append = a_trace()

    await room.publish(_lamp(room.gym_id, at="2026-03-01T12:00:00+00:00", trace=append))
    await room.until_settled()

    await kept.until(lambda: bool(kept.named(CONSUMER)))
    [span] = kept.named(CONSUMER)
    assert (parent(span), links(span)) == (None, {ids(append)})
    assert [ctx.traceparent for ctx in room.led_to] == [context(span)]


async def test_a_reaction_nobody_looks_at_keeps_the_trace_for_its_log_lines(
    room: Room, kept: Kept
) -> None:
    append = a_trace(sampled=False)

    await room.publish(_lamp(room.gym_id, trace=append))
    await room.until_settled()

    assert kept.all == ()
    [told] = [ctx.traceparent or "" for ctx in room.led_to]
    assert (told[:36], told[-2:]) == (append[:36], "00")
