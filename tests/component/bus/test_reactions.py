"""A reaction hears every event at least once, tries again patiently, and gives up visibly.

Each test has a nats-server of its own, with the real rights: poison must not reach other readers.
What is heard is written as the relay writes it.
"""

import asyncio
from itertools import pairwise

import anyio
import orjson
import pytest
from structlog.testing import capture_logs

from chassis import streams
from chassis.bus import desk
from chassis.bus.reactions import Hopeless
from chassis.decider import Refused
from chassis.relay.tail import ATOMIC_FROM
from chassis.wire import ID_HEADER, POSITION_HEADER
from deploy.local.servers import Nats
from tests.component.bus.room import BACK_OFF, CONSUMER, PATIENCE, Room, a_lamp
from tests.world.chronicle import Chronicle
from tests.world.spans import Kept, a_trace, context, ids, links, parent
from tests.world.waiting import until

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_an_event_is_heard_and_acknowledged(room: Room) -> None:
    await room.publish(a_lamp(room.gym_id))
    await room.until_tried(1)

    [(_, envelope)] = room.tried
    assert (envelope.gym_id, envelope.event_type) == (room.gym_id, "members.test_lamp_lit.v1")
    await room.until_settled()
    assert len(room.tried) == 1


async def test_a_failing_reaction_is_tried_again_with_growing_delay(room: Room) -> None:
    room.faults = [OSError("mail server down"), TimeoutError()]

    await room.publish(a_lamp(room.gym_id))
    await room.until_tried(3)

    moments = [at for at, _ in room.tried]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps[0] >= 0.9 * BACK_OFF[0]
    assert gaps[1] >= 0.9 * BACK_OFF[1]
    await room.until_settled()


async def test_an_event_that_fails_every_time_becomes_a_dead_letter(room: Room) -> None:
    room.faults = [RuntimeError("secret-of-the-house") for _ in range(4)]
    body = a_lamp(room.gym_id)

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

    await room.publish(a_lamp(room.gym_id))
    letter = await room.dead_letter()

    assert letter.headers["Dlq-Error"] == type(fault).__name__
    assert len(room.tried) == 1


@pytest.mark.parametrize("count", [2, ATOMIC_FROM], ids=["a chain", "a batch"])
async def test_dead_letters_are_kept_however_their_events_were_written(
    room: Room, count: int
) -> None:
    room.faults = [None, *(Hopeless() for _ in range(count))]
    await room.publish(a_lamp(room.gym_id))  # so that sequences of the two streams differ
    await room.until_tried(1)
    bodies = [a_lamp(room.gym_id) for _ in range(count)]

    with capture_logs():  # their tracebacks take seconds to write
        await room.publish(*bodies)
        letters = await room.dead_letters(count)
        await room.until_settled()

    assert sorted(letter.data for letter in letters) == sorted(bodies)
    jetstream = room.operator.jetstream(timeout=PATIENCE)
    assert (await jetstream.stream_info(streams.DEAD_LETTERS)).state.messages == count


async def test_a_dead_letter_tells_of_its_event_and_nothing_of_how_it_was_written(
    room: Room,
) -> None:
    room.faults = [Hopeless()]

    seq = await room.publish(a_lamp(room.gym_id), traceparent=TRACE)
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

    await room.publish(*(a_lamp(room.gym_id) for _ in range(5)))
    await room.until_tried(6)

    assert len({envelope.event_id for _, envelope in room.tried}) == 5


@pytest.mark.faults
async def test_reactions_go_on_after_the_server_was_away(
    server: Nats, room: Room, tell: Chronicle
) -> None:
    await room.publish(a_lamp(room.gym_id))
    await room.until_tried(1)
    await room.until_settled()

    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    tell("the server was stopped and started again")
    await until(lambda: room.members.is_connected and room.operator.is_connected, PATIENCE)
    await room.publish(a_lamp(room.gym_id))

    await room.until_tried(2)
    await room.until_settled()
    assert room.desk.is_open
    tell(f"{len(room.tried)} events were heard, each once: one before and one after")


@pytest.mark.faults
async def test_a_desk_can_stop_while_the_server_is_away(
    server: Nats, room: Room, tell: Chronicle
) -> None:
    server.stop()

    await until(lambda: not room.desk.is_open, PATIENCE)
    async with asyncio.timeout(PATIENCE):
        await room.desk.stop()
    tell("the server was stopped, and the desk stopped without it")

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


async def test_a_reaction_is_followed_below_what_published_its_event(
    room: Room, kept: Kept
) -> None:
    append, relay = a_trace(), a_trace()
    room.faults = [OSError("mail server down")]

    await room.publish(a_lamp(room.gym_id, trace=append), traceparent=relay)
    await room.until_settled()

    await kept.until(lambda: len(kept.named(CONSUMER)) == 2)  # a moment after it is settled
    failed, done = kept.named(CONSUMER)
    assert [parent(failed), parent(done)] == [ids(relay)] * 2
    assert (failed.status.description, done.status.is_unset) == ("OSError", True)
    assert [ctx.traceparent for ctx in room.led_to] == [context(failed), context(done)]


async def test_a_reaction_that_is_given_up_says_so_in_its_trace(room: Room, kept: Kept) -> None:
    room.faults = [Hopeless()]

    await room.publish(a_lamp(room.gym_id, trace=a_trace()))

    await kept.until(lambda: bool(kept.named(CONSUMER)))
    [span] = kept.named(CONSUMER)
    assert span.status.description == "Hopeless"


async def test_a_second_chance_that_fails_says_so_to_whoever_asked_and_in_its_trace(
    room: Room, kept: Kept
) -> None:
    append = a_trace()
    room.faults = [OSError("mail server down")]

    answer = await room.operator.request(
        f"retry.booking.{CONSUMER}", a_lamp(room.gym_id, trace=append), timeout=PATIENCE
    )

    assert orjson.loads(answer.data) == {"error": "OSError", "hopeless": False}
    await kept.until(lambda: bool(kept.named(CONSUMER)))
    [span] = kept.named(CONSUMER)
    assert (parent(span), span.status.description) == (ids(append), "OSError")


async def test_a_reaction_to_an_old_event_is_linked_and_begins_a_trace_of_its_own(
    room: Room, kept: Kept
) -> None:
    append = a_trace()

    await room.publish(a_lamp(room.gym_id, at="2026-03-01T12:00:00+00:00", trace=append))
    await room.until_settled()

    await kept.until(lambda: bool(kept.named(CONSUMER)))
    [span] = kept.named(CONSUMER)
    assert (parent(span), links(span)) == (None, {ids(append)})
    assert [ctx.traceparent for ctx in room.led_to] == [context(span)]


async def test_a_reaction_nobody_looks_at_keeps_the_trace_for_its_log_lines(
    room: Room, kept: Kept
) -> None:
    append = a_trace(sampled=False)

    await room.publish(a_lamp(room.gym_id, trace=append))
    await room.until_settled()

    assert kept.all == ()
    [told] = [ctx.traceparent or "" for ctx in room.led_to]
    assert (told[:36], told[-2:]) == (append[:36], "00")
