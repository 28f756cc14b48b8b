"""Two of every process on one machine: one order, one leader, fair shares, and each effect once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chassis.streams import CONTEXTS
from contracts.ids import new_id
from services.members.attempts import PER_ACCOUNT
from tests.faults.books import every_invariant_holds, everything_is_heard, must_be_right
from tests.faults.conftest import PATIENCE
from tests.faults.replicas import Replicas, at, other, twins
from tests.faults.rush import rush
from tests.faults.story import EFFECTS, WITHIN, Story
from tests.faults.streams import streams_are_stores
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, opened
from tests.world.people import PASSWORD, Person

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SEATS, PEOPLE = 12, 40
CLASSES = 6
BOOKINGS = CLASSES * (PEOPLE // 2)  # of one gym's busy day
BOOKED = {"command": "booking.book_class", "outcome": "done"}
TURNS = 30  # so that two who are asked by chance are both asked
LEDGER_OPENED = {"consumer": "booking_open_ledger", "outcome": "done"}


async def test_each_service_has_one_relay_and_one_who_keeps_time(
    replicas: Replicas, tell: Chronicle
) -> None:
    for service in CONTEXTS:
        await replicas.stands_by(other(await replicas.relaying(service)))
        assert await replicas.keeping_time(service) in twins(service)
    tell("of two of each service one relays and one keeps time")
    tell.hold((await every_invariant_holds(replicas.system)).values())


async def test_a_rush_at_both_gateways_is_one_rush(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
) -> None:
    before = await replicas.each("booking", "b2b_commands_total", **BOOKED)
    said = len(replicas.system.said)
    crowd = await rush(gym, seats=SEATS, people=PEOPLE, desks=desks)

    await crowd.all_book()

    await must_be_right(replicas.system, crowd, tell)
    await streams_are_stores(replicas.system)
    booked = (await replicas.each("booking", "b2b_commands_total", **BOOKED)).since(before)
    tell(f"the bookings decided {booked.first:.0f} and {booked.second:.0f} of {PEOPLE} wishes")
    assert booked.both >= SEATS
    in_doubt = any("replica fell silent" in line for line in replicas.system.said[said:])
    assert in_doubt or max(booked) > 3 * min(booked), "the gym is at home at one of both"


@pytest.mark.chaos
async def test_gyms_are_shared_and_each_event_heard_and_shown_once(
    replicas: Replicas, gym: Gym, tell: Chronicle
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

    tell.hold((await every_invariant_holds(system)).values())
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
    tell(f"two gyms were busy: {BOOKINGS} bookings by each booking, each event shown once")


@asynccontextmanager
async def _two_homes(replicas: Replicas, gym: Gym) -> AsyncIterator[tuple[Gym, Gym]]:
    """``gym``, and another that is at home at the other booking."""
    home = await replicas.home_of(gym)
    while True:
        another = await opened(replicas.system.installation, gym.url, patience=PATIENCE)
        try:
            if await replicas.home_of(another) != home:
                yield gym, another
                return
        finally:
            await another.aclose()


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
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
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
    tell("eight bookings, each shown by the gateway that was not asked to book it")
    tell.hold((await every_invariant_holds(replicas.system)).values())


async def test_one_key_at_both_gateways_books_once(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
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
    tell(f"{len(answers)} requests with one key at two gateways had one answer")
    tell.hold((await every_invariant_holds(replicas.system)).values())


async def test_a_refresh_token_works_once_whoever_is_asked(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
) -> None:
    mia, key = await gym.member(), str(new_id())
    signed_in = {"gym": gym.slug, "email": mia.email, "password": PASSWORD}
    first = (await desks[0].done(documents.SIGN_IN, **signed_in))["tokens"]["refreshToken"]

    repeated = await asyncio.gather(
        *(desks[n % 2].done(documents.REFRESH, key=key, refreshToken=first) for n in range(TURNS))
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
    tell("both members were asked; the token worked once, and its thief ended the session")
    tell.hold((await every_invariant_holds(replicas.system)).values())


async def test_wrong_passwords_count_together_whoever_is_asked(
    replicas: Replicas, gym: Gym, desks: tuple[Person, Person], tell: Chronicle
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
    tell(f"both members together let {PER_ACCOUNT} wrong passwords be tried")
    tell.hold((await every_invariant_holds(replicas.system)).values())


@pytest.mark.chaos
async def test_a_day_has_each_effect_once(replicas: Replicas, gym: Gym, tell: Chronicle) -> None:
    gym.url = replicas.urls[1]  # the owner stays at the first gateway
    day = Story(replicas.system, gym)
    await day.prepare()

    for step in day.steps:
        await step()

    assert await day.effects() == EFFECTS
    tell("a day through two of each had each of its effects once")
    tell.hold((await every_invariant_holds(replicas.system)).values())
