"""Two of every process, of which one dies or stands still: the other takes its place, once."""

import asyncio
from datetime import timedelta

import pytest

from deploy.local.access import PROCESSES
from tests.faults.books import every_invariant_holds, must_be_right
from tests.faults.replicas import Replicas, other, twins
from tests.faults.rush import rush
from tests.faults.story import FEE, WITHIN, Story
from tests.faults.streams import streams_are_stores
from tests.world import documents, fees
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, Member, move_clock
from tests.world.people import Person
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(300)]

SEATS, PEOPLE = 12, 40
AN_OFFER = timedelta(minutes=16)
BOOKS_CLOSE = timedelta(hours=4)  # of a class that is about to begin, when nobody closes them

KEPT = {
    "booking.spot_offered": 3,  # to one, to the other, and to the one again
    "booking.offer_expired": 3,
    "booking.attendance_finalized": 1,
    "booking.marked_no_show": 5,
    "booking.fee_assessed": 5,
    "booking.fee_due": 5,
    "billing.invoice_line_added": 5,
}
"""What the clock asks for and leaves behind."""


async def test_deadlines_are_met_once_though_who_kept_time_dies_or_stands_still(
    replicas: Replicas, gym: Gym, tell: Chronicle
) -> None:
    system, day = replicas.system, Story(replicas.system, gym)
    clock = system.installation.clock_file
    await gym.owner.done(
        documents.PUBLISH_POLICY, preset="FUNCTIONAL", changes={"noShowFee": FEE, "freePasses": 0}
    )

    async def there_are(**counts: int) -> None:
        async def so() -> bool:
            books = await day.books()
            return all(books.get(f"booking.{one}", 0) >= count for one, count in counts.items())

        await until(so, WITHIN)

    async def dies_when_it_is(by: timedelta) -> None:
        elected = await replicas.keeping_time("booking")
        move_clock(clock, by)
        system.kill(elected)
        tell(f"{elected}, which kept time, was killed {by} later")

    await _offered_a_seat(gym, system)
    elected = await replicas.keeping_time("booking")
    with replicas.standing_still(elected):
        move_clock(clock, AN_OFFER)
        await there_are(offer_expired=1, spot_offered=2)
    assert await replicas.keeping_time("booking") == other(elected)
    tell(f"{elected}, which kept time, stood still, and {other(elected)} kept it instead")
    await dies_when_it_is(AN_OFFER)
    await there_are(offer_expired=2, spot_offered=3)
    await system.all_ready()
    await _missed_by_five(gym, system)
    await dies_when_it_is(BOOKS_CLOSE)
    await there_are(attendance_finalized=1, fee_assessed=5)
    await dies_when_it_is(timedelta(hours=24))
    await there_are(fee_due=5)
    await system.all_ready()

    tell.hold((await every_invariant_holds(system)).values())
    books = await day.books()
    assert {one: books.get(one, 0) for one in KEPT} == KEPT


async def _offered_a_seat(gym: Gym, system: System) -> None:
    """A seat given up late, with two people in line for it: the first has an offer."""
    mia, ben, leo, zoe = [await gym.member(name) for name in ("Mia", "Ben", "Leo", "Zoe")]
    session = await gym.session(2, hours=4.5)
    for member in (mia, ben, leo, zoe):
        await member.at.done(documents.BOOK, sessionId=session, orWaitlist=True)
    await fees.later(gym, system.installation, timedelta(minutes=35))
    await mia.at.done(documents.CANCEL, sessionId=session)


async def _missed_by_five(gym: Gym, system: System) -> None:
    """A class that is about to begin; one has come, five have not, and nobody closes the books."""
    await fees.later(gym, system.installation, timedelta(0))  # their tokens have ended meanwhile
    session = await gym.session(hours=0.25)
    there: Member = await gym.member()
    absent = [await fees.unlimited(gym) for _ in range(5)]
    for member in (there, *absent):
        await member.at.done(documents.BOOK, sessionId=session)
    await gym.owner.done(documents.CHECK_IN, sessionId=session, clientId=there.id)


async def test_a_leader_that_stood_still_in_a_rush_is_turned_away(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)
    leader = await replicas.relaying("booking")

    async def breaking() -> None:
        await crowd.halfway.wait()
        with replicas.standing_still(leader):
            tell(f"{leader}, which relays, stood still when {len(crowd.told)} were answered")
            await replicas.takes_over(other(leader))
            tell(f"{other(leader)} took over")

    await asyncio.gather(breaking(), crowd.all_book())

    assert await replicas.relaying("booking") == other(leader)
    await must_be_right(replicas.system, crowd, tell)
    await streams_are_stores(replicas.system)


async def test_screens_go_on_while_one_of_the_projectors_stands_still(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)

    async def breaking() -> None:
        await crowd.halfway.wait()
        with replicas.standing_still("projections"):
            tell(f"one of the projectors stood still when {len(crowd.told)} were answered")
            await crowd_is_through.wait()
            await must_be_right(replicas.system, crowd, tell)

    crowd_is_through = asyncio.Event()

    async def all_book() -> None:
        await crowd.all_book()
        crowd_is_through.set()

    await asyncio.gather(breaking(), all_book())

    tell("it went on")
    await must_be_right(replicas.system, crowd, tell)


async def test_nobody_is_lost_when_one_of_each_dies_in_a_rush(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)

    async def breaking() -> None:
        await crowd.halfway.wait()
        for n, process in enumerate(PROCESSES):
            replicas.system.kill(twins(process)[n % 2])
            tell(f"{twins(process)[n % 2]} was killed when {len(crowd.told)} were answered")

    await asyncio.gather(breaking(), crowd.all_book())

    refused = set(crowd.told.values()) - {"reserved", "waiting", "cancelled"}
    assert refused <= {"WAITLIST_FULL"}, refused
    await must_be_right(replicas.system, crowd, tell)
    await replicas.system.all_ready()
    await streams_are_stores(replicas.system)
