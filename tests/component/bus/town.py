"""A town whose gyms have bells: replicas of booking who ring them, on a nats-server of its own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
from nats.aio.client import Client

from chassis import streams
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.bus.homes import Homes
from chassis.bus.signature import HEADER, sign
from chassis.clock import Clock, SystemClock
from chassis.context import Context
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from chassis.relay.tail import Tail
from chassis.wire import ID_HEADER, POSITION_HEADER, Outgoing
from contracts.envelope import Caller, Command, Envelope, Event, Reply
from contracts.ids import GymId, new_id
from tests.component.bus.lock import KEY, Done
from tests.component.bus.room import CONSUMER, PATIENCE, a_lamp, anybody
from tests.world.waiting import until

RING = "cmd.booking.test_ring_bell"
GYMS = [GymId(new_id()) for _ in range(60)]
"""So many that each of three replicas is home to some."""


class RingBell(Command):
    """Ring the bell of a gym."""


class BellHung(Event):
    """A gym has a bell."""


# Named after the class statement, so that the contracts' registers do not list them.
RingBell.command_type = "booking.test_ring_bell"
BellHung.event_type = "members.test_bell_hung.v1"


async def _at_once() -> None:
    """A bell that rings."""


@dataclass
class Replica:
    """A booking desk, and for whom it did what."""

    homes: Homes
    desk: Desk
    ring: Callable[[], Awaitable[None]] = _at_once
    fault: Exception | None = None
    rung: Counter[GymId] = field(default_factory=Counter)
    heard: Counter[GymId] = field(default_factory=Counter)
    falls_silent: anyio.Event = field(default_factory=anyio.Event)

    def knows(self, others: int) -> bool:
        """Whether it knows so many beside itself."""
        return len(self.homes.others) == others

    async def hears_from_others_only(self) -> None:
        """Be asked nothing any more: everything comes to it by another replica, or not at all."""
        for counter in self.desk._counters:
            await counter.close()

    async def carry_out(self, _: RingBell, ctx: Context) -> Done:
        await self.ring()
        self.rung[ctx.gym_id] += 1
        return Done()

    async def react(self, envelope: Envelope) -> None:
        self.heard[envelope.gym_id] += 1
        if self.fault:
            raise self.fault


@dataclass
class Town:
    """Replicas of booking, an operator who asks them, and who writes what they hear."""

    access: Callable[[str], NatsAccess]
    operator: Client
    members: Client
    replicas: list[Replica] = field(default_factory=list)

    @asynccontextmanager
    async def replica(self, clock: Clock | None = None) -> AsyncIterator[Replica]:
        """One more, who knows the others and is known to them."""
        serving, known = broker(self.access("booking"), name="booking"), Homes("booking")
        desk = Desk(
            serving, service="booking", keys=[KEY], clock=clock or SystemClock(),
            allows=anybody, homes=known,
        )  # fmt: skip
        made = Replica(known, desk)
        desk.command(RingBell, made.carry_out)
        desk.reaction(BellHung, made.react, name=CONSUMER, stream="EVT_MEMBERS", back_off=(0.1,))
        await desk.start()
        self.replicas.append(made)
        keeping = asyncio.create_task(known.keep(made.falls_silent))
        try:
            await self.meet()
            yield made
        finally:
            made.falls_silent.set()
            await keeping
            if desk.is_open:
                await desk.stop()

    async def meet(self) -> None:
        """Return when each of the replicas knows all others."""

        def all_know_all() -> bool:
            return all(one.knows(len(self.replicas) - 1) for one in self.replicas)

        await until(all_know_all, PATIENCE)

    async def ring(self, gym_id: GymId, *, within: float = PATIENCE) -> Reply:
        """The reply, which comes after ``within`` seconds too, to somebody more patient."""
        headers = {HEADER: sign(owner(gym_id, within), RING, b"{}", KEY)}
        answer = await self.operator.request(RING, b"{}", timeout=2 * PATIENCE, headers=headers)
        return Reply.model_validate_json(answer.data)

    async def hang(self, gyms: Iterable[GymId]) -> None:
        """Publish, as the relay of members would, that each of these gyms has a bell."""
        tail = Tail(self.members, "EVT_MEMBERS")
        await tail.find()
        await tail.write([
            Outgoing(
                position, f"evt.{gym_id}.members.test_bell_hung.v1",
                {ID_HEADER: str(new_id()), POSITION_HEADER: str(position)},
                a_lamp(gym_id, event_type=BellHung.event_type),
            )
            for position, gym_id in enumerate(gyms, tail.position + 1)
        ])  # fmt: skip

    def home_of(self, gym_id: GymId) -> Replica:
        """At which of the replicas the gym is at home, as they all say."""
        (home,) = [one for one in self.replicas if one.homes.elsewhere(gym_id, RING) is None]
        return home

    def one_of(self, replica: Replica) -> GymId:
        """A gym that is at home there."""
        return next(one for one in GYMS if self.home_of(one) is replica)


@asynccontextmanager
async def founded(access: Callable[[str], NatsAccess]) -> AsyncIterator[Town]:
    """One of two replicas who know each other."""
    operator = await connect(access("developer"), name="operator")
    members = await connect(access("members_relay"), name="members_relay")
    await streams.declare(operator)
    made = Town(access, operator, members)
    async with AsyncExitStack() as replicas:
        for _ in range(2):
            await replicas.enter_async_context(made.replica())
        yield made
    await members.close()
    await operator.close()


def owner(gym_id: GymId, within: float = PATIENCE) -> Caller:
    """Somebody who may do anything there, and waits so many seconds."""
    key = new_id()
    return Caller(
        gym_id=gym_id, actor="staff:x", roles=("owner",), command_id=key, correlation_id=key,
        causation_id=key, deadline=datetime.now(UTC) + timedelta(seconds=within),
    )  # fmt: skip
