"""A day through all services, and the same day with each of them dying again and again."""

import random
from datetime import timedelta
from itertools import chain

import orjson
import pytest

from chassis.reader import Reader, count_behind
from deploy.local.access import PROCESSES
from tests.faults.books import every_invariant_holds, everything_is_heard
from tests.faults.story import EFFECTS, Story
from tests.world.bus import Bus
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.hearing import reactions
from tests.world.system import System

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

DYING = [pytest.param(name, marks=pytest.mark.chaos) for name in PROCESSES]
ONE_AFTER_ANOTHER = ("access", "booking", "members", "billing", "gateway")
"""Who dies after a step: mostly whoever has yet to hear of it."""


async def test_who_came_pays_nothing_and_who_did_not_gets_it_back(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    day = Story(system, gym)
    await day.prepare()
    await day.book()
    await day.enter()
    await day.close()
    await day.later(timedelta(hours=23))
    assert "booking.fee_due" not in await day.books(), "there is another hour to waive it"
    await day.later(timedelta(hours=1))
    await day.correct()

    assert await day.effects() == EFFECTS
    tell(f"a day through all services had its {sum(EFFECTS.values())} effects")
    verdicts = await every_invariant_holds(system)
    tell.hold(verdicts.values())
    assert verdicts["I6"].looked_at >= 2
    assert verdicts["I7"].looked_at >= 1


async def test_the_books_are_the_same_when_another_dies_after_each_step(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    """The one among those below that is always looked at."""
    day = Story(system, gym)
    await day.prepare()

    for step, process in zip(day.steps, ONE_AFTER_ANOTHER, strict=True):
        await system.all_ready()
        await step()
        system.kill(process)
        tell(f"{process} was killed after {step.__name__.replace('_', ' ')!r}")

    assert await day.effects() == EFFECTS
    tell("the day had each of its effects once")
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.parametrize("process", DYING)
async def test_the_books_are_the_same_however_often_it_dies(
    process: str, system: System, gym: Gym, tell: Chronicle
) -> None:
    day = Story(system, gym)
    await day.prepare()

    for step in day.steps:
        await system.all_ready()
        await step()
        system.kill(process)  # what the step set in motion is still going on
        tell(f"{process} was killed after {step.__name__.replace('_', ' ')!r}")

    assert await day.effects() == EFFECTS
    tell("the day had each of its effects once")
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.chaos
async def test_what_was_heard_is_heard_again_in_any_order_and_nothing_happens(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    day = Story(system, gym)
    await day.prepare()
    for step in day.steps:
        await step()
    assert await day.effects() == EFFECTS
    await everything_is_heard(system)
    books = await day.books()

    async with Bus(system.installation) as bus:
        heard = await deliveries(system, bus, gym)
        assert {reaction for reaction, _ in heard} >= {
            "booking.booking_door_check_in", "billing.billing_invoice_fee",
            "billing.billing_reverse_fee",
        }  # fmt: skip
        dice = random.Random(7)
        for reaction, body in chain(*(dice.sample(heard, len(heard)) for _ in range(2))):
            answer = await bus.client.request(f"retry.{reaction}", body, timeout=20)
            assert orjson.loads(answer.data) == {}
    tell(f"{len(heard)} events were heard again twice, in any order")

    assert await day.books() == books
    tell.hold((await every_invariant_holds(system)).values())


async def deliveries(system: System, bus: Bus, gym: Gym) -> list[tuple[str, bytes]]:
    """``service.consumer`` and an event of the gym's it has heard: all of them."""
    found = []
    for name, consumer in (await reactions(system.installation)).items():
        kind = str(consumer.config.filter_subject).replace("*", str(gym.id), 1)
        reader = Reader(bus.client, consumer.stream_name, (kind,))
        left = await count_behind(bus.client, consumer.stream_name, (kind,), 0)
        while left > 0:
            batch = await reader.next_batch()
            found += [(f"{name.partition('_')[0]}.{name}", one.data) for one in batch]
            left -= len(batch)
        await reader.stop()
    return found
