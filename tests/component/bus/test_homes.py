"""Each gym is at home at one of a service's replicas, and nobody waits when that one is gone.

Each test has a nats-server of its own, with the real rights.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from chassis import streams
from chassis.bus import homes
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.bus.homes import SUBJECT, Homes, Peer
from chassis.bus.reactions import Hopeless
from chassis.bus.signature import HEADER, sign
from chassis.clock import SystemClock
from chassis.context import Context
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from chassis.relay.tail import Tail
from chassis.wire import ID_HEADER, POSITION_HEADER, Outgoing
from contracts.envelope import Caller, Command, Envelope, Event, Reply
from contracts.ids import GymId, new_id
from tests.component.bus.lock import Done
from tests.component.bus.room import CONSUMER, a_lamp, anybody
from tests.world.waiting import until

KEY = bytes(range(32))
PATIENCE = 10.0  # seconds
RING, ANOTHER = "cmd.booking.test_ring_bell", "cmd.booking.another"
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
    async def replica(self) -> AsyncIterator[Replica]:
        """One more, who knows the others and is known to them."""
        serving, known = broker(self.access("booking"), name="booking"), Homes("booking")
        desk = Desk(
            serving, service="booking", keys=[KEY], clock=SystemClock(), allows=anybody,
            homes=known,
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

        async def all_know_all() -> bool:
            return all(len(one.homes.others) == len(self.replicas) - 1 for one in self.replicas)

        await until(all_know_all, PATIENCE)

    async def ring(self, gym_id: GymId, *, within: float = PATIENCE) -> Reply:
        """The reply, which comes after ``within`` seconds too, to somebody more patient."""
        headers = {HEADER: sign(_owner(gym_id, within), RING, b"{}", KEY)}
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


@pytest.fixture(autouse=True)
def nobody_seems_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the machine of the tests may stand still for a while."""
    monkeypatch.setattr(homes, "SILENT_AFTER", 60.0)


@pytest.fixture
async def town(access: Callable[[str], NatsAccess]) -> AsyncIterator[Town]:
    """Two replicas who know each other."""
    operator = await connect(access("operator"), name="operator")
    members = await connect(access("members_relay"), name="members_relay")
    await streams.declare(operator)
    made = Town(access, operator, members)
    async with AsyncExitStack() as replicas:
        for _ in range(2):
            await replicas.enter_async_context(made.replica())
        yield made
    await members.close()
    await operator.close()


async def test_every_command_of_a_gym_is_carried_out_where_it_is_at_home(town: Town) -> None:
    async with town.replica():
        replies = await asyncio.gather(*(town.ring(gym) for gym in GYMS for _ in range(4)))

        assert {reply.outcome for reply in replies} == {"done"}
        for replica in town.replicas:
            at_home = [gym for gym in GYMS if town.home_of(gym) is replica]
            assert at_home
            assert replica.rung == dict.fromkeys(at_home, 4)
        town.replicas.pop()


async def test_whoever_comes_takes_gyms_and_moves_no_others(town: Town) -> None:
    before = {gym: town.home_of(gym) for gym in GYMS}
    async with town.replica() as newcomer:
        after = {gym: town.home_of(gym) for gym in GYMS}
        moved = [gym for gym in GYMS if after[gym] is not before[gym]]
        town.replicas.pop()

    assert moved
    assert {after[gym].homes for gym in moved} == {newcomer.homes}
    await town.meet()
    assert {gym: town.home_of(gym) for gym in GYMS} == before


async def test_whoever_leaves_answers_what_has_arrived_and_is_asked_nothing_more(
    town: Town,
) -> None:
    stays, leaves = town.replicas
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        begun.set()
        await go_on.wait()

    leaves.ring, gym = slowly, town.one_of(leaves)
    waiting = [asyncio.create_task(town.ring(gym)) for _ in range(8)]
    await begun.wait()
    stopping = asyncio.create_task(leaves.desk.stop())
    await until(lambda: _know(stays, 0), PATIENCE)
    later = await asyncio.gather(*(town.ring(gym) for _ in range(8)))
    go_on.set()
    replies = [*later, *await asyncio.gather(*waiting)]
    await stopping

    assert {reply.outcome for reply in replies} == {"done"}
    assert stays.rung[gym] >= len(later)
    assert stays.rung[gym] + leaves.rung[gym] == len(replies)
    town.replicas.remove(leaves)


async def test_when_it_is_gone_without_a_word_the_other_carries_out_at_once(town: Town) -> None:
    stays, dies = town.replicas
    gym = town.one_of(dies)
    dies.falls_silent.set()
    for counter in (*dies.desk._counters, dies.homes._counter):  # as when a process was killed
        await counter.close()

    async with asyncio.timeout(PATIENCE):
        assert (await town.ring(gym)).outcome == "done"

    assert stays.rung == {gym: 1}


async def test_when_it_stands_still_whoever_waits_for_it_is_answered_by_the_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, stands_still = town.replicas
    begun, never = asyncio.Event(), asyncio.Event()

    async def forever() -> None:
        begun.set()
        await never.wait()

    stands_still.ring, gym = forever, town.one_of(stands_still)
    waiting = asyncio.create_task(_until_done(town, gym, at=stays))
    await begun.wait()
    monkeypatch.setattr(homes, "SILENT_AFTER", 1.0)
    stands_still.falls_silent.set()

    async with asyncio.timeout(PATIENCE):
        await waiting
    assert stays.homes.others == frozenset()
    never.set()


async def test_when_it_does_not_answer_in_time_nobody_says_that_nothing_was_done(
    town: Town,
) -> None:
    _, hangs = town.replicas
    begun, never = asyncio.Event(), asyncio.Event()

    async def forever() -> None:
        begun.set()
        await never.wait()

    hangs.ring, gym = forever, town.one_of(hangs)
    for counter in hangs.desk._counters:  # so that everything is asked of the other
        await counter.close()

    reply = await town.ring(gym, within=0.3)
    never.set()

    assert begun.is_set()
    assert (reply.outcome, reply.code) == ("busy", "OUTCOME_UNKNOWN")


async def test_who_took_leave_is_forgotten_without_a_warning() -> None:
    known, stopping = Homes("booking"), anyio.Event()
    known._peers = {"left": Peer(-1000.0, is_leaving=True), "gone": Peer(-1000.0)}

    with capture_logs() as told:
        keeping = asyncio.create_task(known.keep(stopping))
        await until(lambda: not known._peers, PATIENCE)
        stopping.set()
        await keeping

    assert [line["event"] for line in told] == ["replica fell silent"]


async def test_what_is_handed_on_is_verified_like_what_is_asked(town: Town) -> None:
    replica, caller = town.replicas[0], _owner(GYMS[0])
    (name,) = town.replicas[1].homes.others
    for signed in (sign(caller, ANOTHER, b"{}", KEY), sign(caller, RING, b"{}", bytes(32))):
        answer = await town.operator.request(
            f"home.booking.{name}", b"{}", timeout=PATIENCE,
            headers={HEADER: signed, SUBJECT: RING},
        )  # fmt: skip
        assert Reply.model_validate_json(answer.data).code == "UNVERIFIED_CALLER"
    assert not replica.rung


async def test_what_the_home_does_not_know_is_carried_out_where_it_was_asked(town: Town) -> None:
    older = town.replicas[1]
    del older.homes._served[RING]  # of the release before
    gym = town.one_of(older)

    replies = await asyncio.gather(*(town.ring(gym) for _ in range(20)))

    assert {reply.outcome for reply in replies} == {"done"}


async def test_a_process_that_only_reacts_is_no_home_for_commands(town: Town) -> None:
    only_reacts = Homes("booking")
    only_reacts.serve("retry.booking.test", _unserved)
    await only_reacts.open(town.operator)
    other = town.replicas[0]
    await until(lambda: _know(other, 2), PATIENCE)

    homes_of = {other.homes.elsewhere(gym, RING) for gym in GYMS}
    reacting = {other.homes.elsewhere(gym, "retry.booking.test") for gym in GYMS}

    assert len(homes_of) == 2
    assert len(reacting) == 3
    await only_reacts.close()


async def test_every_event_of_a_gym_is_reacted_to_where_it_is_at_home(town: Town) -> None:
    await town.hang(GYMS * 2)

    async def all_heard() -> bool:
        return sum(one.heard.total() for one in town.replicas) >= 2 * len(GYMS)

    await until(all_heard, PATIENCE)
    for replica in town.replicas:
        assert set(replica.heard) <= {gym for gym in GYMS if town.home_of(gym) is replica}
        assert set(replica.heard.values()) == {2}


@pytest.mark.parametrize(
    ("fault", "tries"),
    [(Hopeless("no"), 1), (ValueError("a defect"), 2)],
    ids=["hopeless", "may pass"],
)
async def test_what_fails_at_home_fails_for_whoever_handed_it_on(
    town: Town, fault: Exception, tries: int
) -> None:
    for replica in town.replicas:
        replica.fault = fault
    letters = await town.operator.jetstream(timeout=2).subscribe("dlq.>", ordered_consumer=True)
    gyms = [town.one_of(replica) for replica in town.replicas]
    with capture_logs():  # tracebacks take seconds to write
        await town.hang(gyms * 4)
        told = [await letters.next_msg(timeout=PATIENCE) for _ in range(len(gyms) * 4)]

    assert {(letter.headers or {})["Dlq-Error"] for letter in told} == {type(fault).__name__}
    assert {gym: town.home_of(gym).heard[gym] for gym in gyms} == dict.fromkeys(gyms, 4 * tries)


def _owner(gym_id: GymId, within: float = PATIENCE) -> Caller:
    """Somebody who may do anything there, and waits so many seconds."""
    key = new_id()
    return Caller(
        gym_id=gym_id, actor="staff:x", roles=("owner",), command_id=key, correlation_id=key,
        causation_id=key, deadline=datetime.now(UTC) + timedelta(seconds=within),
    )  # fmt: skip


async def _until_done(town: Town, gym: GymId, *, at: Replica) -> None:
    """Ask for the gym until ``at``, which is not its home, has carried something out."""
    while not at.rung[gym]:
        asking = [asyncio.create_task(town.ring(gym)) for _ in range(4)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)


async def _know(replica: Replica, others: int) -> bool:
    return len(replica.homes.others) == others


async def _unserved(_: Msg) -> bytes:
    raise AssertionError("nobody asks")
