"""Every read model, made anew from the streams while the system runs, shows the same."""

import base64
from collections.abc import AsyncIterator

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import MovableClock
from chassis.projection.rebuild import rebuild
from deploy.local.installation import Installation
from services.projections.app import models
from tests.world import documents, doors
from tests.world.furnished import at_rest, furnish
from tests.world.gym import Gym

VIEWS = "b2b_views"


@pytest.fixture
async def client(running: Installation) -> AsyncIterator[Client]:
    """Connected as the projections."""
    connected = await nats.connect(**running.nats_login("projections"))
    yield connected
    await connected.close()


async def test_a_rebuild_shows_the_same_rows(
    gym: Gym, running: Installation, client: Client
) -> None:
    await furnish(gym, running)
    await _what_is_seldom(gym)
    await at_rest(gym, running)
    key = base64.b64decode(running.environment("gateway")["CALLER_KEY"])
    clock = MovableClock(running.clock_file)
    dsn = running.dsn("projections", VIEWS)

    for model in models(Asker(client, key=key, clock=clock), clock):
        before = await _rows(dsn, model.tables)
        await rebuild(model, dsn=dsn, client=client)
        assert await _rows(dsn, model.tables) == before
        assert [table for table, rows in before.items() if not rows] == []

    mia, session = await gym.member(), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)
    roster = await gym.owner.ask(documents.ROSTER, id=session, atLeast=booked["position"])
    assert [r["clientId"] for r in roster["reservations"]] == [mia.id]


async def _what_is_seldom(gym: Gym) -> None:
    """Something in the tables that are empty when a gym is furnished."""
    owner, place = gym.owner, gym.location
    mia, gone = await gym.member(), await gym.member("Gone")
    for one in (mia, gone):
        await owner.done(documents.ADD_TAG, clientId=one.id, tag="VIP")
        await owner.done(documents.ADD_NOTE, clientId=one.id, text="likes rowing")
        await owner.done(documents.SET_ALERT, clientId=one.id, level="RED", text="asthma")
    await owner.done(documents.ERASE, clientId=gone.id)
    hours = [{"weekday": 1, "opens": "06:00", "closes": "22:00"}]
    await owner.done(documents.SET_HOURS, locationId=place, hours=hours)
    email = f"kim-{gym.slug}@x.test"
    hired = await owner.done(documents.HIRE, name="Kim", email=email, roles=["TRAINER"])
    await owner.done(
        documents.QUALIFY, staffId=hired["staffMember"]["id"],
        qualifications=[{"label": "First aid"}],
    )  # fmt: skip
    rowing = await owner.done(documents.DEFINE_PROGRAM, name="Rowing")
    await owner.done(
        documents.DEFINE_CLASS_TYPE, programId=rowing["programId"], name="Open boats", capacity=9,
        kind="OPEN_GYM",
    )  # fmt: skip
    await owner.done(documents.GRANT, clientId=mia.id, credits=1, counts=False)
    door = await owner.done(doors.ADD_DOOR, locationId=place, name="Back")
    await mia.at.done(doors.ENTER, doorId=door["door"]["id"])
    await owner.done(doors.LOCK, locationId=place, reason="gas")
    await owner.done(documents.BAN, clientId=mia.id, reason="threats")


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
