"""The auditor tells what is broken behind everybody's back, and when it is mended."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import httpx
import orjson
import pytest

from contracts.ids import new_id
from deploy.local.health import is_ready
from deploy.schema import database_url
from tests.faults.books import every_invariant_holds, uuid_of
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.system import System, data_folder
from tests.world.waiting import until

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

SEEN_WITHIN = 60.0  # seconds; looks are half a second apart
NAME = "auditor"
OFFENCES = re.compile(r'^b2b_invariant_offences\{code="(\w+)"\} (\S+)$', re.M)
NUMBER = re.compile(r"^(b2b_invariant_\w+) (\S+)$", re.M)
RESERVATION = (
    "SELECT * FROM es.events WHERE type = 'booking.reservation_made.v1' AND stream_id = $1"
)
EVENT = """
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
VALUES ($1, $2, $3, $4, 'session', 'booking.reservation_made.v1', $5, $6)
"""


@pytest.fixture(scope="module")
async def system() -> AsyncIterator[System]:
    """A system of its own, what is done to it nobody else need bear; and its auditor."""
    with data_folder("auditor") as folder:
        async with System(folder) as started:
            await started.start(
                NAME, name=NAME, CHECK_EVERY="0.5", CHECK_AGAIN="1", CHECK_ON_ITS_WAY="600"
            )
            yield started


class Auditor:
    """What the auditor's metrics say."""

    def __init__(self, system: System) -> None:
        self._port = system.supervisor.children[NAME].program.health_port

    async def page(self) -> str:
        async with httpx.AsyncClient(timeout=30) as http:
            return (await http.get(f"http://127.0.0.1:{self._port}/metrics")).text

    async def number(self, name: str) -> float:
        return {name: float(value) for name, value in NUMBER.findall(await self.page())}[name]

    async def says(self, **offences: int) -> None:
        """Return once a look has found these offences and no other."""

        async def so() -> bool:
            found = OFFENCES.findall(await self.page())
            wrong = {code: int(float(value)) for code, value in found if float(value)}
            return bool(found) and wrong == offences

        await until(so, SEEN_WITHIN)

    async def is_ready(self) -> bool:
        return await is_ready(self._port)


@asynccontextmanager
async def superuser(system: System, database: str) -> AsyncIterator["_Db"]:
    """May do what no service may."""
    db = await asyncpg.connect(database_url(system.installation.admin_dsn, database))
    try:
        yield db
    finally:
        await db.close()


async def test_a_seat_that_is_not_there_is_told_until_it_is_gone(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    auditor, mia, session = Auditor(system), await gym.member(), await gym.session(capacity=1)
    await mia.at.done(documents.BOOK, sessionId=session)
    await auditor.says()

    await system.stop("booking")  # nobody carries off what must be taken back
    async with superuser(system, "b2b_booking") as db:
        row = await db.fetchrow(RESERVATION, uuid_of(session))
        assert row is not None
        somebody = orjson.loads(row["data"]) | {"client_id": str(new_id())}
        meta = orjson.loads(row["meta"]) | {"command_id": str(new_id())}
        again = row["gym_id"], row["stream_id"], row["version"] + 1, new_id()
        await db.execute(EVENT, *again, orjson.dumps(somebody), orjson.dumps(meta))
        await auditor.says(I1=1)
        assert any(f"session-{row['stream_id']}@{row['version'] + 1}" in one for one in system.said)

        await db.execute("DELETE FROM es.events WHERE event_id = $1", again[3])
    await auditor.says()
    await system.start("booking", name="booking")
    tell("a seat too many was put into the store and told as I1, and no more when it was gone")
    tell.hold((await every_invariant_holds(system)).values())


async def test_what_only_a_look_from_zero_takes_back(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    auditor, one = Auditor(system), new_id()
    async with superuser(system, "b2b_booking") as db:
        await db.execute(
            "INSERT INTO es.answers (gym_id, actor, command_id, request_hash, answer, pos)"
            " VALUES ($1, 'staff:x', $1, '', '', 1000000)", one,
        )  # fmt: skip
        await auditor.says(I3=1)

        await db.execute("DELETE FROM es.answers WHERE gym_id = $1", one)
    await auditor.says()
    tell("an answer without an event was told as I3, and no more when it was gone")
    tell.hold((await every_invariant_holds(system)).values())


async def test_a_row_that_is_missing_until_the_read_model_is_rebuilt(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    auditor, mia, session = Auditor(system), await gym.member(), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)
    await gym.owner.ask(documents.ROSTER, id=session, atLeast=booked["position"])
    await auditor.says()

    async with superuser(system, "b2b_views") as db:
        gone = await db.execute("DELETE FROM views.reservations WHERE gym_id = $1", gym.id)
        assert gone == "DELETE 1"
    await auditor.says(I10=1)

    await system.b2b("projections", "rebuild", "roster")
    await auditor.says()
    tell("a row was taken out of the roster and told as I10, until the roster was rebuilt")
    tell.hold((await every_invariant_holds(system)).values())


async def test_looks_that_cannot_be_taken_are_counted_and_go_on_afterwards(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    auditor, postgres = Auditor(system), system.installation.postgres
    assert postgres is not None
    await auditor.says()
    before = await auditor.number("b2b_invariant_looks_failed_total")

    await asyncio.to_thread(postgres.stop)

    async def counts_and_is_not_ready() -> bool:
        failed = await auditor.number("b2b_invariant_looks_failed_total")
        return failed > before and not await auditor.is_ready()

    await until(counts_and_is_not_ready, SEEN_WITHIN)
    tell("Postgres was stopped: the auditor is not ready and counts the looks it could not take")
    looked = await auditor.number("b2b_invariant_checked_at_seconds")
    postgres.start()

    async def looks_again() -> bool:
        at = await auditor.number("b2b_invariant_checked_at_seconds")
        return at > looked and await auditor.is_ready()

    await until(looks_again, SEEN_WITHIN)
    await auditor.says()
    tell("it was started, and the auditor looks again")
    tell.hold((await every_invariant_holds(system)).values())


async def test_it_drains_when_asked_to_in_the_middle_of_a_look(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    child = system.supervisor.children[NAME]
    await child.stop(within=10.0)

    assert not any("did not end" in line or "process died" in line for line in system.said)
    assert any('"stopped"' in line and f'"{NAME}"' in line for line in system.said)
    tell("the auditor was stopped and ended by itself")
    tell.hold((await every_invariant_holds(system)).values())
