"""The demo gyms look lived in, and the same seed lives the same life."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import MovableClock
from deploy.demo.guide import ASKS, samples
from deploy.demo.gyms import GYMS, HARBOR, PASSWORD, VELO, DemoGym
from deploy.demo.seeding import Size, live, moments, shown
from deploy.demo.traffic import Traffic
from deploy.schema import ROOT
from deploy.trouble import Trouble
from tests.world.gym import Gym
from tests.world.people import Person
from tests.world.system import System, data_folder
from tests.world.waiting import until

pytestmark = pytest.mark.timeout(600)  # a demo's days come one after the other
PRESENT = datetime(2027, 3, 3, 15, 5, tzinfo=UTC)
"""A Wednesday, morning in New York and afternoon in Berlin."""
SMALL = Size(days=21, clients=160, seed="f")
"""Long enough for a fee to fall due, be invoiced and be reversed; some of that seed miss twice."""

CALENDAR = """query ($from: DateTime!, $to: DateTime!, $after: String) {
  calendar(from: $from, to: $to, first: 100, after: $after) {
    nodes { id title startsAt instructorName roomName status capacity reserved waiting checkedIn }
    pageInfo { endCursor hasNextPage } } }"""
ROSTER = """query ($id: ID!) { roster(sessionId: $id) {
  reservations { clientId clientName status source spot checkInSource }
  waitlist { clientId place } } }"""
CLIENTS = """query ($after: String) { clients(first: 100, after: $after) {
  nodes { id name email tags } pageInfo { endCursor hasNextPage } } }"""
LEDGER = """query ($id: ID!) { ledger(clientId: $id) { available unlimited } }"""
ENTRIES = """query ($after: String) { entries(first: 100, after: $after) {
  nodes { clientId result } pageInfo { endCursor hasNextPage } } }"""
PENALTIES = """query ($after: String) { penalties(first: 100, after: $after) {
  nodes { clientName sessionTitle kind status forgiven paidWith amount { minor currency } }
  pageInfo { endCursor hasNextPage } } }"""
INVOICES = """query ($after: String) { invoices(first: 100, after: $after) {
  nodes { clientName status total { minor currency } lines { kind amount { minor } reason } }
  pageInfo { endCursor hasNextPage } } }"""
RECEIPTS = """query ($session: ID, $client: ID) {
  receipts(sessionId: $session, clientId: $client) {
    receipts { decision decidedBy policyVersion } } }"""
KPIS = """{ kpis { classesToday { total done { count } booked { count } capacity { people } }
  attendanceRate { rate attended { count } noShows { count } recorded { count } } } }"""

BUSY = 120.0  # seconds, on a busy machine
STANDS_STILL = 0.2  # seconds

Json = dict[str, Any]


@asynccontextmanager
async def lived(
    data: Path, meanwhile: Callable[[System], AbstractAsyncContextManager[None]] | None = None
) -> AsyncIterator[System]:
    """A system at ``PRESENT`` with small demo gyms."""
    system = System(data)
    ahead = (PRESENT - datetime.now(UTC)).total_seconds()
    system.installation.clock_file.write_text(str(ahead))
    async with system:
        async with meanwhile(system) if meanwhile else nullcontext():
            await live(system.installation, print, SMALL, present=PRESENT)
        await shown(system.installation, print)
        yield system


@asynccontextmanager
async def stumbling(system: System) -> AsyncIterator[None]:
    """Services stand still again and again, as on a busy machine."""

    async def stumble() -> None:
        for one in cycle(("billing", "access", "members", "booking")):
            pid = system.pid(one)
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(STANDS_STILL)
            finally:
                os.kill(pid, signal.SIGCONT)

    task = asyncio.create_task(stumble())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.fixture(scope="module")
async def demo() -> AsyncIterator[System]:
    with data_folder("demo") as folder:
        async with lived(folder) as system:
            yield system


@asynccontextmanager
async def signed_in(system: System, gym: DemoGym, email: str) -> AsyncIterator[Person]:
    person = Person(system.url)
    try:
        await person.sign_in(gym.slug, email, PASSWORD)
        yield person
    finally:
        await person.aclose()


async def everything(person: Person, document: str, **variables: Any) -> list[Json]:
    """All pages."""
    found: list[Json] = []
    after: str | None = None
    while True:
        page = await person.ask(document, after=after, **variables)
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def sessions(person: Person) -> list[Json]:
    span = {"from": PRESENT - timedelta(days=10), "to": PRESENT + timedelta(days=30)}
    return await everything(person, CALENDAR, **{k: at.isoformat() for k, at in span.items()})


async def screens(system: System) -> Json:
    """All that the desks of both gyms see, without the ids that services give."""
    seen: Json = {}
    for gym in GYMS:
        async with signed_in(system, gym, gym.email("desk")) as desk:
            calendar = await sessions(desk)
            clients = await everything(desk, CLIENTS)
            seen[gym.slug] = {
                "calendar": calendar,
                "rosters": [await desk.ask(ROSTER, id=one["id"]) for one in calendar],
                "clients": clients,
                "ledgers": [await desk.ask(LEDGER, id=one["id"]) for one in clients],
                "entries": Counter(
                    (one["clientId"], one["result"]) for one in await everything(desk, ENTRIES)
                ),
                "kpis": await desk.ask(KPIS),
                "penalties": _in_any_order(await everything(desk, PENALTIES)),
                "invoices": _in_any_order(await everything(desk, INVOICES)),
            }
            seen[gym.slug]["receipts"] = await receipts(desk, seen[gym.slug]["rosters"], calendar)
    return seen


def _in_any_order(several: list[Json]) -> list[str]:
    """Those judged in one moment are listed by ids that services give."""
    return sorted(json.dumps(one, sort_keys=True) for one in several)


async def receipts(desk: Person, rosters: list[Json], calendar: list[Json]) -> list[Json]:
    """What was decided about whoever heads each roster, there and beyond classes."""
    heads = [
        (one["id"], roster["reservations"][0]["clientId"])
        for one, roster in zip(calendar, rosters, strict=True) if roster["reservations"]
    ]  # fmt: skip
    asked = [*heads, *((None, client) for client in sorted({client for _, client in heads}))]
    return [await desk.ask(RECEIPTS, session=session, client=client) for session, client in asked]


@pytest.mark.parametrize("gym", GYMS, ids=lambda gym: gym.slug)
async def test_everybody_on_the_list_signs_in(demo: System, gym: DemoGym) -> None:
    for email in [one.email for one in gym.staff] + [gym.email(name) for name in gym.members]:
        async with signed_in(demo, gym, email) as person:
            viewer = await person.ask("{ viewer { roles } }")
            assert viewer["roles"], email


@pytest.mark.parametrize("sample", samples(PRESENT.date()))
async def test_what_newcomers_are_told_to_paste_is_answered(demo: System, sample: str) -> None:
    async with signed_in(demo, HARBOR, ASKS) as desk:
        if sample.startswith("subscription"):
            async with desk.watching(sample) as screen:
                assert await screen.shows(bool)
        else:
            assert await desk.ask(sample)


async def test_the_past_is_attended_and_its_books_are_closed(demo: System) -> None:
    async with signed_in(demo, HARBOR, "desk@harbor.example") as desk:
        calendar = await sessions(desk)
        kpis = await desk.ask(KPIS)
        long_over = [
            one for one in calendar
            if datetime.fromisoformat(one["startsAt"]) < PRESENT - timedelta(hours=4)
        ]  # fmt: skip
        told = Counter(one["status"] for one in long_over if one["checkedIn"])

    assert set(told) == {"FINALIZED"}, "whoever was checked in is in closed books"
    assert kpis["attendanceRate"]["attended"]["count"] > 25
    assert 0.75 < kpis["attendanceRate"]["rate"] < 1
    today = kpis["classesToday"]
    assert today["done"]["count"] == 1, "the morning's class is over"
    assert 0 < today["booked"]["count"] < today["capacity"]["people"]


async def test_early_birds_come_in_by_the_door_and_are_checked_in_by_it(demo: System) -> None:
    async with signed_in(demo, HARBOR, "desk@harbor.example") as desk:
        calendar = await sessions(desk)
        early = [one for one in calendar if "T11:00" in one["startsAt"] and one["checkedIn"]]
        roster = await desk.ask(ROSTER, id=early[0]["id"])
        entries = await everything(desk, ENTRIES)

    came = [one for one in roster["reservations"] if one["status"] == "ATTENDED"]
    assert came
    assert {one["checkInSource"] for one in came} == {"DOOR"}
    assert any(one["result"] == "GRANTED" for one in entries)


async def test_the_weeks_to_come_are_booked_in_part_with_bikes_chosen(demo: System) -> None:
    async with signed_in(demo, VELO, "desk@velo.example") as desk:
        calendar = await sessions(desk)
        to_come = [one for one in calendar if datetime.fromisoformat(one["startsAt"]) > PRESENT]
        rides = [one for one in to_come if one["title"] == "Ride" and one["reserved"]]
        roster = await desk.ask(ROSTER, id=rides[0]["id"])

    last = max(datetime.fromisoformat(one["startsAt"]) for one in to_come)
    assert last > PRESENT + timedelta(days=26)
    booked = [datetime.fromisoformat(one["startsAt"]) for one in to_come if one["reserved"]]
    assert max(booked) > PRESENT + timedelta(days=14)
    assert len(booked) < len(to_come)
    assert all(one["spot"].startswith("Bike ") for one in roster["reservations"])


async def test_the_clock_is_given_back(demo: System) -> None:
    now = MovableClock(demo.installation.clock_file).now()

    assert timedelta(0) <= now - PRESENT < timedelta(hours=1)


async def test_making_them_again_changes_nothing(demo: System) -> None:
    """As after a fall: what was done is answered, not done again."""
    before = await screens(demo)

    await live(demo.installation, print, SMALL, present=PRESENT)
    await shown(demo.installation, print)

    assert await screens(demo) == before


async def test_the_same_seed_lives_the_same_life(demo: System) -> None:
    """However late services hear of each other."""
    with data_folder("demo-again") as folder:
        async with lived(folder, stumbling) as again:
            lives = await screens(demo)
            assert await screens(again) == lives
    for kind in ("penalties", "invoices", "receipts"):
        assert any(gym[kind] for gym in lives.values()), f"no {kind} were compared"


def test_another_seed_lives_another_life() -> None:
    other = Size(SMALL.days, SMALL.clients, "another")
    again, lives, others = (
        [[(act.at, act.about) for act in acts] for _, acts in moments(size, PRESENT)]
        for size in (SMALL, SMALL, other)
    )
    assert lives == again
    assert lives != others


async def test_traffic_moves_screens_through_a_restart_of_the_gateway(demo: System) -> None:
    traffic = Traffic(demo.url, MovableClock(demo.installation.clock_file), 20, seed="traffic")
    stop, said = asyncio.Event(), list[str]()
    running = asyncio.create_task(traffic.run(stop, said.append))

    async def both_were_done() -> bool:
        by_staff = min(traffic.done[one] for one in ("bookClass", "checkIn")) > 0
        themselves = {"bookClass", "cancelReservation", "requestEntry"}
        return by_staff and themselves <= {one for one, n in traffic.by_members.items() if n}

    async def it_was_noticed() -> bool:
        return traffic.troubles["gateway away"] > 0

    async def it_goes_on() -> bool:
        return traffic.done.total() > so_far + 10

    await until(both_were_done, BUSY)
    demo.kill("gateway")
    await until(it_was_noticed, BUSY)
    so_far = traffic.done.total()
    await until(it_goes_on, BUSY)
    stop.set()
    await running

    assert said[0].startswith("traffic: 20 a second")
    assert f"bookClass {traffic.done['bookClass']}" in said[-1]
    assert "gateway away" in said[-1]


async def test_the_traffic_command_stops_cleanly_when_asked(demo: System) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "demo-traffic", "--rate", "10", cwd=ROOT,
        env={**os.environ, "B2B_DATA": str(demo.installation.data)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    first = await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest = await process.stdout.read()

    assert b"10 a second" in first, first
    assert await process.wait() == 0
    assert rest.decode().splitlines()[-1].startswith("traffic: ")
    assert "Traceback" not in rest.decode()


async def test_traffic_without_a_demo_says_so(gym: Gym, url: str) -> None:
    traffic = Traffic(url, gym.clock, 1)

    with pytest.raises(Trouble, match="Is the demo there"):
        await traffic.run(asyncio.Event(), print)
