"""Every read model, made anew from the streams while the system runs, shows the same."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import MovableClock
from chassis.projection.rebuild import rebuild
from deploy.local.installation import Installation
from services.projections.app import models
from tests.world import documents, doors, fees
from tests.world.gym import Gym

VIEWS = "b2b_views"
LONG = 20.0  # seconds; two services and two deadline workers one after the other


@pytest.fixture
async def client(running: Installation) -> AsyncIterator[Client]:
    """Connected as the projections."""
    connected = await nats.connect(**running.nats_login("projections"))
    yield connected
    await connected.close()


async def test_a_rebuild_shows_the_same_rows(
    gym: Gym, running: Installation, client: Client
) -> None:
    await _a_fee(gym, running)
    await _a_busy_day(gym)
    key = base64.b64decode(running.environment("gateway")["CALLER_KEY"])
    clock = MovableClock(running.clock_file)
    dsn = running.dsn("projections", VIEWS)

    for model in models(Asker(client, key=key, clock=clock), clock):
        before = await _rows(dsn, model.tables)
        await rebuild(model, dsn=dsn, client=client)
        assert await _rows(dsn, model.tables) == before
        assert any(before.values())

    mia, session = await gym.member(), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)
    roster = await gym.owner.ask(documents.ROSTER, id=session, atLeast=booked["position"])
    assert [r["clientId"] for r in roster["reservations"]] == [mia.id]


async def _a_busy_day(gym: Gym) -> None:
    """Something in every table, and shown: the last answers wait for all of it."""
    mia, leo, gone = [await gym.member(name) for name in ("Mia", "Leo", "Gone")]
    session = await gym.session(capacity=1)
    await mia.at.done(documents.BOOK, sessionId=session)
    joined = await leo.at.done(documents.BOOK, sessionId=session, orWaitlist=True)
    for one in (mia, gone):
        await gym.owner.done(documents.ADD_TAG, clientId=one.id, tag="VIP")
        await gym.owner.done(documents.ADD_NOTE, clientId=one.id, text="likes rowing")
        await gym.owner.done(documents.SET_ALERT, clientId=one.id, level="RED", text="asthma")
    await gym.owner.done(
        documents.SET_HOURS, locationId=gym.location,
        hours=[{"weekday": 1, "opens": "06:00", "closes": "22:00"}],
    )  # fmt: skip
    erased = await gym.owner.done(documents.ERASE, clientId=gone.id)
    defined = await gym.owner.done(documents.DEFINE_PROGRAM, name="Cycling")
    assert defined["program"] == {"name": "Cycling"}  # shown
    door = await gym.owner.done(doors.ADD_DOOR, locationId=gym.location, name="Front")
    await doors.known(gym.owner, mia.id)
    await gym.owner.done(doors.GRANT_ENTRY, clientId=mia.id)
    impeded = await gym.owner.done(doors.IMPEDE, clientId=mia.id, impediment="ON_HOLD")
    await gym.owner.ask(doors.ACCESS, clientId=mia.id, atLeast=impeded["position"])
    entered = await mia.at.done(doors.ENTER, doorId=door["door"]["id"])
    await gym.owner.ask(doors.DOORS, atLeast=entered["position"])
    await gym.owner.ask(doors.ENTRIES, first=1, atLeast=entered["position"])
    await gym.owner.ask(documents.ROSTER, id=session, atLeast=joined["position"])
    await gym.owner.ask(documents.SESSION, id=session, atLeast=joined["position"])
    await gym.owner.ask(documents.LEDGER, clientId=leo.id, atLeast=joined["position"])
    await gym.owner.ask(documents.CLIENT, id=gone.id, atLeast=erased["position"])


async def _a_fee(gym: Gym, running: Installation) -> None:
    """A class somebody missed, and a day later what that costs on their account."""
    await fees.with_fees(gym)
    zoe = await fees.unlimited(gym, "Zoe")
    class_ = await fees.missed(gym, running, zoe)
    await gym.owner.ask(fees.OF_SESSION, id=class_.session, atLeast=class_.position)
    async with gym.owner.watching(fees.ACCOUNT_CHANGED, clientId=zoe.id) as account:
        await fees.later(gym, running, timedelta(days=1))
        await account.shows(lambda shown: shown["balances"] != [], within=LONG)


async def _rows(dsn: str, tables: tuple[str, ...]) -> dict[str, list[asyncpg.Record]]:
    """Everything in ``tables``, in one order."""
    db = await asyncpg.connect(dsn)
    try:
        return {
            table: await db.fetch(f"SELECT * FROM views.{table} t ORDER BY t::text")
            for table in tables
        }
    finally:
        await db.close()
