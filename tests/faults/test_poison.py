"""Messages nobody can read: refused where they arrive, standing still where they were recorded."""

import asyncio
import random
import re

import asyncpg
import httpx
import nats.errors
import orjson
import pytest

from chassis.streams import event_stream
from contracts.envelope import COMMANDS, promised, subject_of
from contracts.ids import new_id
from services.projections.app import models
from tests.faults.books import (
    every_invariant_holds,
    everything_is_heard,
    must_be_right,
)
from tests.faults.conftest import PATIENCE
from tests.faults.rush import rush
from tests.world import documents
from tests.world.bus import Bus
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym, opened
from tests.world.hearing import reactions
from tests.world.system import System, data_folder
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

NONSENSE = (b"", b"{", b"null", b"[]", b'{"client_id": 7}', b"\xff\xfe\x00", b'"' + b"x" * 9_000)
NOTICED_WITHIN = 60.0  # seconds
UNREADABLE = "booking.spot_changed.v1"
PLANT = """
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
SELECT gym_id, $2, 1, $3, 'session', $4, '{"spot": {"is": ["not", "one"]}}', meta
  FROM es.events WHERE gym_id = $1 ORDER BY pos DESC LIMIT 1
"""
TAKE_OUT = "DELETE FROM es.events WHERE stream_id = $1"


async def test_nonsense_on_every_subject_is_refused_and_changes_nothing(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    await everything_is_heard(system)
    before, dice = await _count(system), random.Random(11)
    subjects = [subject_of(kind) for _, kind in sorted(promised(COMMANDS).items())]
    subjects += [f"retry.{name.partition('_')[0]}.{name}" for name in await reactions(
        system.installation
    )]  # fmt: skip
    told: dict[str, int] = {}

    async with Bus(system.installation) as bus:
        for subject in subjects:
            body = dice.choice(NONSENSE)
            try:
                answer = await bus.client.request(subject, body, timeout=30)
            except nats.errors.NoRespondersError:
                said = "nobody there"
            else:
                said = str(orjson.loads(answer.data).get("code") or "an error")
            told[said] = told.get(said, 0) + 1

    tell(f"{len(subjects)} subjects of the bus were told nonsense and said {told}")
    assert set(told) <= {"UNVERIFIED_CALLER", "an error", "nobody there"}
    assert await _count(system) == before
    session = await gym.session()
    client = await gym.client()
    await gym.owner.done(documents.BOOK, sessionId=session, clientId=client)
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.chaos
async def test_an_event_nobody_can_read_stops_its_read_models_alone_until_it_is_taken_out(
    tell: Chronicle,
) -> None:
    with data_folder("poison") as data:
        async with System(data) as system:
            gym = await opened(system.installation, system.url, patience=PATIENCE)
            crowd = await rush(gym, seats=12, people=20)
            await asyncio.gather(*map(crowd.book, crowd.clients[:10]))
            poison = new_id()

            await _admin(system, PLANT, gym.id, poison, new_id(), UNREADABLE)
            stopped = await until(lambda: _stopped(system), NOTICED_WITHIN)
            tell(f"an event of type {UNREADABLE} that cannot be read: {', '.join(stopped)} stop")
            await asyncio.gather(*map(crowd.book, crowd.clients[10:]))
            await gym.owner.done(documents.REGISTER, name="Nora Newcomer")
            await until(lambda: _found(gym, "Nora Newcomer"), NOTICED_WITHIN)
            tell("people book all the same, and what does not hear of it goes on: clients")

            await _admin(system, TAKE_OUT, poison)
            await _begin_streams_anew(system)
            booking = [name for name, source in _sources() if source == event_stream("booking")]
            for name in booking:
                await system.b2b("projections", "rebuild", name)
            system.kill("projections")  # a stopped read model looks again when it is started
            await system.all_ready()
            tell(f"taken out, stream refilled, {len(booking)} read models rebuilt")

            await must_be_right(system, crowd, tell)
            await gym.aclose()


async def _found(gym: Gym, name: str) -> bool:
    seen = await gym.owner.ask(documents.CLIENTS, search=name)
    return [one["name"] for one in seen["nodes"]] == [name]


async def _begin_streams_anew(system: System) -> None:
    nats = system.installation.nats
    assert nats is not None
    nats.kill()
    nats.wipe()
    nats.start()
    await system.b2b("streams")


async def _stopped(system: System) -> list[str] | None:
    """Read models that stand still, once the roster does."""
    async with httpx.AsyncClient(timeout=30) as http:
        port = system.installation.ports["projections"]
        page = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    found = re.findall(r'^b2b_projection_stopped\{projection="(\w+)"\} 1\.0$', page, re.MULTILINE)
    return found if "roster" in found else None


def _sources() -> list[tuple[str, str]]:
    """Read models and the streams they hear."""
    return [(model.name, model.source) for model in models(None, None)]  # type: ignore[arg-type]


async def _count(system: System) -> int:
    """Events of all stores."""
    total = 0
    for service in ("members", "booking", "billing", "access"):
        db = await asyncpg.connect(system.installation.dsn("auditor", f"b2b_{service}"))
        try:
            total += await db.fetchval("SELECT count(*) FROM es.events")
        finally:
            await db.close()
    return total


async def _admin(system: System, statement: str, *given: object) -> None:
    dsn = system.installation.admin_dsn.rpartition("/")[0] + "/b2b_booking"
    db = await asyncpg.connect(dsn)
    try:
        await db.execute(statement, *given)
    finally:
        await db.close()
