"""A gym's home that leaves, dies, stands still, is slow or has another time keeps nobody waiting.

Each test has a nats-server of its own, with the real rights.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from structlog.testing import capture_logs

from chassis.bus import homes
from chassis.bus.homes import Homes, Peer
from chassis.clock import FixedClock
from contracts.envelope import Reply
from contracts.ids import GymId
from tests.component.bus.room import PATIENCE
from tests.component.bus.town import GYMS, Replica, Town
from tests.world.waiting import until


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
    await until(lambda: stays.knows(0), PATIENCE)
    later = await asyncio.gather(*(town.ring(gym) for _ in range(8)))
    go_on.set()
    replies = [*later, *await asyncio.gather(*waiting)]
    await stopping

    assert {reply.outcome for reply in replies} == {"done"}
    assert stays.rung[gym] >= len(later)
    assert stays.rung[gym] + leaves.rung[gym] == len(replies)
    town.replicas.remove(leaves)


async def test_who_took_leave_is_forgotten_without_a_warning() -> None:
    known, stopping = Homes("booking"), anyio.Event()
    known._peers = {"left": Peer(-1000.0, is_leaving=True), "gone": Peer(-1000.0)}

    with capture_logs() as told:
        keeping = asyncio.create_task(known.keep(stopping))
        await until(lambda: not known._peers, PATIENCE)
        stopping.set()
        await keeping

    assert [line["event"] for line in told] == ["replica fell silent"]


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
    await hangs.hears_from_others_only()

    async def asked() -> Reply | None:
        """What is said to who asked in time: this machine may have stood still before."""
        reply = await town.ring(gym, within=1.0)
        return reply if begun.is_set() else None

    reply: Reply = await until(asked, PATIENCE)
    never.set()

    assert (reply.outcome, reply.code) == ("busy", "OUTCOME_UNKNOWN")


@pytest.mark.parametrize("apart", [timedelta(seconds=90), timedelta(seconds=-90)],
                         ids=["ahead", "behind"])  # fmt: skip
async def test_when_its_clock_is_wrong_its_gyms_are_served_all_the_same(
    town: Town, apart: timedelta
) -> None:
    async with town.replica(FixedClock(datetime.now(UTC) + apart)) as wrong:
        gym = town.one_of(wrong)
        await wrong.hears_from_others_only()
        replies = await asyncio.gather(*(town.ring(gym) for _ in range(8)))
        town.replicas.remove(wrong)

    assert {reply.outcome for reply in replies} == {"done"}
    assert sum(one.rung[gym] for one in (*town.replicas, wrong)) == len(replies)


async def test_when_its_store_does_not_answer_its_gyms_are_the_others_until_it_does(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "STORE_SECONDS", 0.2)
    stays, cut_off = town.replicas
    begun, stopping, way = asyncio.Event(), anyio.Event(), asyncio.Event()

    async def at_its_store() -> None:
        begun.set()
        await way.wait()

    cut_off.ring, gym = at_its_store, town.one_of(cut_off)
    await cut_off.hears_from_others_only()
    waiting = asyncio.create_task(town.ring(gym))
    await begun.wait()
    heeding = asyncio.create_task(cut_off.homes.heed(way.wait, stopping))
    replies = [await waiting, *await asyncio.gather(*(town.ring(gym) for _ in range(20)))]
    done_by = stays.rung[gym], cut_off.rung[gym]
    way.set()
    await until(lambda: stays.knows(1), PATIENCE)
    again = await asyncio.gather(*(town.ring(gym) for _ in range(20)))
    stopping.set()
    await heeding

    assert {reply.outcome for reply in (*replies, *again)} == {"done"}
    assert done_by == (21, 0)
    assert stays.rung[gym] == 21


async def test_when_nobodys_store_answers_whoever_is_asked_tries(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "STORE_SECONDS", 0.2)
    stopping = anyio.Event()

    async def away() -> None:
        raise ConnectionRefusedError

    heeding = [asyncio.create_task(one.homes.heed(away, stopping)) for one in town.replicas]
    await until(lambda: all(one.knows(0) for one in town.replicas), PATIENCE)
    replies = await asyncio.gather(*(town.ring(GYMS[0]) for _ in range(20)))
    stopping.set()
    await asyncio.gather(*heeding)

    assert {reply.outcome for reply in replies} == {"done"}


async def _until_done(town: Town, gym: GymId, *, at: Replica) -> None:
    """Ask for the gym until ``at``, which is not its home, has carried something out."""
    while not at.rung[gym]:
        asking = [asyncio.create_task(town.ring(gym)) for _ in range(4)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
