"""A room whose lamps somebody reacts to: a nats-server of its own, with the real rights."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from nats.aio.client import Client

from chassis import streams
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.clock import SystemClock
from chassis.context import Context
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from chassis.relay.tail import Tail
from chassis.wire import ID_HEADER, POSITION_HEADER, Outgoing
from contracts.envelope import Envelope, Event
from contracts.ids import GymId, new_id
from tests.world.waiting import until

CONSUMER = "booking_test"
PASSWORD = "correct-horse-battery"
BACK_OFF = (0.1, 0.3, 0.6)
PATIENCE = 30.0  # seconds until a test gives up waiting


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
        jetstream = self.operator.jetstream(timeout=PATIENCE)
        subscription = await jetstream.subscribe(f"dlq.booking.{CONSUMER}", ordered_consumer=True)
        found = [await subscription.next_msg(timeout=PATIENCE) for _ in range(count)]
        await subscription.unsubscribe()
        return found

    async def until_settled(self) -> None:
        """Wait until the consumer owes nothing."""
        jetstream = self.operator.jetstream(timeout=PATIENCE)

        async def owes_nothing() -> bool:
            told = await jetstream.consumer_info("EVT_MEMBERS", CONSUMER)
            return not told.num_ack_pending and not told.num_pending

        await until(owes_nothing, PATIENCE)


@asynccontextmanager
async def opened(
    access: Callable[[str], NatsAccess], gym_id: GymId, back_off: tuple[float, ...]
) -> AsyncIterator[Room]:
    members = await connect(access("members_relay"), name="members_relay")
    operator = await connect(access("developer"), name="operator")
    await streams.declare(operator)
    serving = broker(access("booking"), name="booking")
    desk = Desk(serving, service="booking", keys=[bytes(32)], clock=SystemClock(), allows=anybody)
    made = Room(gym_id, members, operator, desk)
    desk.reaction(LampLit, made.react, name=CONSUMER, stream="EVT_MEMBERS", back_off=back_off)
    await desk.start()
    yield made
    await desk.stop()
    await members.close()
    await operator.close()


def anybody(operation: str, roles: frozenset[str], *, own: bool) -> bool:
    """May do anything."""
    return True


def a_lamp(
    gym_id: GymId,
    *,
    event_type: str = "members.test_lamp_lit.v1",
    at: str | None = None,
    trace: str = "",
) -> bytes:
    """A message that tells of an event without fields, which happened just now or then."""
    key, at = str(new_id()), at or datetime.now(UTC).isoformat()
    return orjson.dumps({
        "event_id": key, "event_type": event_type, "gym_id": str(gym_id),
        "stream": f"lamp-{key}", "version": 1, "position": 1, "occurred_at": at,
        "recorded_at": at, "actor": "system:tests", "command_id": key, "correlation_id": key,
        "causation_id": key, "traceparent": trace or None, "event": {},
    })  # fmt: skip
