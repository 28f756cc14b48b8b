"""Two of every process on one machine: one order, one leader, fair shares, and each effect once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from chassis.streams import CONTEXTS
from contracts.ids import new_id
from deploy.local.access import PROCESSES
from services.members.attempts import PER_ACCOUNT
from tests.faults.books import every_invariant_holds, everything_is_heard, must_be_right
from tests.faults.conftest import PATIENCE
from tests.faults.replicas import Replicas, at, doubled, other, twins
from tests.faults.rush import rush
from tests.faults.story import EFFECTS, FEE, WITHIN, Story
from tests.faults.streams import streams_are_stores
from tests.world import documents, fees
from tests.world.gym import Gym, Member, move_clock, opened
from tests.world.people import PASSWORD, Person
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SEATS, PEOPLE = 12, 40
CLASSES = 6
BOOKINGS = CLASSES * (PEOPLE // 2)  # of one gym's busy day
AN_OFFER = timedelta(minutes=16)
BOOKS_CLOSE = timedelta(hours=4)  # of a class that is about to begin, when nobody closes them
BOOKED = {"command": "booking.book_class", "outcome": "done"}
LEDGER_OPENED = {"consumer": "booking_open_ledger", "outcome": "done"}

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


@pytest.fixture(scope="module")
async def replicas(system: System) -> AsyncIterator[Replicas]:
    async with doubled(system) as made:
        yield made


@pytest.fixture
async def desks(replicas: Replicas, gym: Gym) -> tuple[Person, Person]:
    """The owner at both gateways."""
    return gym.owner, await at(replicas.urls[1], gym)


async def test_each_service_has_one_relay_and_one_who_keeps_time(replicas: Replicas) -> None:
    for service in CONTEXTS:
        relaying = await replicas.relaying(service)
        standing_by = {"b2b_relay_state": "standby", "context": service}
        assert await replicas.told(other(relaying), "b2b_relay_state", **standing_by) == 1
        assert await replicas.keeping_time(service) in twins(service)


async def test_a_rush_at_both_gateways_is_one_rush(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    before = await replicas.each("booking", "b2b_commands_total", **BOOKED)
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)

    await crowd.all_book()

    await must_be_right(replicas.system, crowd)
    await streams_are_stores(replicas.system)
    booked = (await replicas.each("booking", "b2b_commands_total", **BOOKED)).since(before)
    assert booked.both >= SEATS
    assert max(booked) > 3 * min(booked), "the gym is at home at one of both"


async def test_gyms_are_shared_and_each_event_heard_and_shown_once(
    replicas: Replicas, gym: Gym
) -> None:
    system = replicas.system
    async with _two_homes(replicas, gym) as gyms:
        await every_invariant_holds(system)
        await everything_is_heard(system)
        places, applied = await replicas.places(), await replicas.applied()
        booked = await replicas.each("booking", "b2b_commands_total", **BOOKED)
        before = await replicas.each("booking", "b2b_reactions_total", **LEDGER_OPENED)
        heard = await replicas.each("access", "b2b_reactions_total", outcome="done")

        await asyncio.gather(*(_a_busy_day(replicas, each) for each in gyms))

    await every_invariant_holds(system)
    await everything_is_heard(system)
    booked = (await replicas.each("booking", "b2b_commands_total", **BOOKED)).since(booked)
    assert booked.both == 2 * BOOKINGS
    assert min(booked) > BOOKINGS / 2, "most of each gym's at its home; all, unless that was slow"
    ledgers = await replicas.each("booking", "b2b_reactions_total", **LEDGER_OPENED)
    opened_here = ledgers.since(before)
    assert opened_here.both == PEOPLE
    assert min(opened_here) > PEOPLE / 4
    heard = (await replicas.each("access", "b2b_reactions_total", outcome="done")).since(heard)
    assert heard.both >= 2 * BOOKINGS
    wanted = await replicas.events_behind(places)
    shown = {name: pair.since(applied[name]) for name, pair in (await replicas.applied()).items()}
    assert {name: pair.both for name, pair in shown.items()} == wanted
    assert await replicas.each("projections", "b2b_projection_lag_events") == (0, 0)
    served = await replicas.each("gateway", "b2b_graphql_operations_total", kind="mutation")
    assert min(served) >= BOOKINGS / 2


@asynccontextmanager
async def _two_homes(replicas: Replicas, gym: Gym) -> AsyncIterator[tuple[Gym, Gym]]:
    """``gym``, and another that is at home at the other booking."""
    home = await _home_of(gym, replicas)
    while True:
        another = await opened(replicas.system.installation, gym.url, patience=PATIENCE)
        try:
            if await _home_of(another, replicas) != home:
                yield gym, another
                return
        finally:
            await another.aclose()


async def _home_of(gym: Gym, replicas: Replicas) -> int:
    """Which booking decides for the gym."""
    scheduled = {"command": "booking.schedule_session", "outcome": "done"}
    before = await replicas.each("booking", "b2b_commands_total", **scheduled)
    await gym.session()
    after = await replicas.each("booking", "b2b_commands_total", **scheduled)
    grown = after.since(before)
    assert sorted(grown) == [0, 1], grown
    return grown.index(1)


async def _a_busy_day(replicas: Replicas, gym: Gym) -> None:
    """Half of the people book all classes at one gateway, half at the other."""
    desks = gym.owner, await at(replicas.urls[1], gym)
    sessions = [await gym.session(PEOPLE, hours=24 + 2 * n) for n in range(CLASSES)]
    clients = await asyncio.gather(*(gym.client(pack=len(sessions)) for _ in range(PEOPLE // 2)))

    async def books_all(desk: Person, client: str) -> None:
        for session in sessions:
            await desk.done(documents.BOOK, sessionId=session, clientId=client)

    await asyncio.gather(*(books_all(desks[n % 2], one) for n, one in enumerate(clients)))


async def test_one_gateway_shows_what_was_written_through_the_other(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    session = await gym.session()
    async with desks[1].watching(documents.ROSTER_CHANGED, id=session) as roster:
        await roster.shows(lambda f: f["roster"] and f["roster"]["reservations"] == [])
        for n in range(8):
            client, (writes, reads) = await gym.client(), (desks[n % 2], desks[1 - n % 2])
            booked = await writes.done(documents.BOOK, sessionId=session, clientId=client)
            seen = await reads.ask(documents.SESSION, id=session, atLeast=booked["position"])
            assert seen["reserved"] == n + 1
            await roster.shows(lambda f: len(f["roster"]["reservations"]) == n + 1, within=WITHIN)  # noqa: B023


async def test_one_key_at_both_gateways_books_once(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    session, client, key = await gym.session(), await gym.client(), str(new_id())

    answers = await asyncio.gather(
        *(desks[n % 2].do(documents.BOOK, key=key, sessionId=session, clientId=client)
          for n in range(30))
    )  # fmt: skip

    assert answers[0]["userErrors"] == []
    assert all(one == answers[0] for one in answers)
    seen = await desks[1].ask(documents.SESSION, id=session, atLeast=answers[0]["position"])
    assert seen["reserved"] == 1


async def test_a_refresh_token_works_once_whoever_is_asked(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    mia, key = await gym.member(), str(new_id())
    signed_in = {"gym": gym.slug, "email": mia.email, "password": PASSWORD}
    first = (await desks[0].done(documents.SIGN_IN, **signed_in))["tokens"]["refreshToken"]

    repeated = await asyncio.gather(
        *(desks[n % 2].done(documents.REFRESH, key=key, refreshToken=first) for n in range(10))
    )
    (second,) = {one["tokens"]["refreshToken"] for one in repeated}
    stolen = await desks[1].refused(documents.REFRESH, refreshToken=first)
    ended = await desks[0].refused(documents.REFRESH, refreshToken=second)

    assert second != first
    assert (stolen, ended) == ("SESSION_EXPIRED", "SESSION_EXPIRED")
    asked = await replicas.each(
        "members", "b2b_commands_total", command="members.refresh_tokens"
    )  # fmt: skip
    assert min(asked) > 0


async def test_wrong_passwords_count_together_whoever_is_asked(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    mia = await gym.member()
    wrong = {"gym": gym.slug, "email": mia.email, "password": "not this one"}

    codes = await asyncio.gather(
        *(desks[n % 2].refused(documents.SIGN_IN, **wrong) for n in range(2 * PER_ACCOUNT))
    )

    assert codes.count("INVALID_CREDENTIALS") == PER_ACCOUNT
    assert codes.count("TOO_MANY_ATTEMPTS") == PER_ACCOUNT
    right = {**wrong, "password": PASSWORD}
    assert await desks[1].refused(documents.SIGN_IN, **right) == "TOO_MANY_ATTEMPTS"


async def test_a_day_has_each_effect_once(replicas: Replicas, gym: Gym) -> None:
    gym.url = replicas.urls[1]  # the owner stays at the first gateway
    day = Story(replicas.system, gym)
    await day.prepare()

    for step in day.steps:
        await step()

    assert await day.effects() == EFFECTS
    await every_invariant_holds(replicas.system)


@pytest.mark.chaos
async def test_deadlines_are_met_once_though_who_kept_time_dies_or_stands_still(
    replicas: Replicas, gym: Gym
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

    await _offered_a_seat(gym, system)
    elected = await replicas.keeping_time("booking")
    with replicas.standing_still(elected):
        move_clock(clock, AN_OFFER)
        await there_are(offer_expired=1, spot_offered=2)
    assert await replicas.keeping_time("booking") == other(elected)
    await dies_when_it_is(AN_OFFER)
    await there_are(offer_expired=2, spot_offered=3)
    await system.all_ready()
    await _missed_by_five(gym, system)
    await dies_when_it_is(BOOKS_CLOSE)
    await there_are(attendance_finalized=1, fee_assessed=5)
    await dies_when_it_is(timedelta(hours=24))
    await there_are(fee_due=5)
    await system.all_ready()

    await every_invariant_holds(system)
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


@pytest.mark.chaos
async def test_a_leader_that_stood_still_in_a_rush_is_turned_away(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)
    leader = await replicas.relaying("booking")

    async def breaking() -> None:
        await crowd.halfway.wait()
        with replicas.standing_still(leader):
            await replicas.takes_over(other(leader))

    await asyncio.gather(breaking(), crowd.all_book())

    assert await replicas.relaying("booking") == other(leader)
    await must_be_right(replicas.system, crowd)
    await streams_are_stores(replicas.system)


@pytest.mark.chaos
async def test_screens_go_on_while_one_of_the_projectors_stands_still(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)

    async def breaking() -> None:
        await crowd.halfway.wait()
        with replicas.standing_still("projections"):
            await crowd_is_through.wait()
            await must_be_right(replicas.system, crowd)

    crowd_is_through = asyncio.Event()

    async def all_book() -> None:
        await crowd.all_book()
        crowd_is_through.set()

    await asyncio.gather(breaking(), all_book())

    await must_be_right(replicas.system, crowd)


@pytest.mark.chaos
async def test_nobody_is_lost_when_one_of_each_dies_in_a_rush(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person]
) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)

    async def breaking() -> None:
        await crowd.halfway.wait()
        for n, process in enumerate(PROCESSES):
            replicas.system.kill(twins(process)[n % 2])

    await asyncio.gather(breaking(), crowd.all_book())

    refused = set(crowd.told.values()) - {"reserved", "waiting", "cancelled"}
    assert refused <= {"WAITLIST_FULL"}, refused
    await must_be_right(replicas.system, crowd)
    await replicas.system.all_ready()
    await streams_are_stores(replicas.system)
