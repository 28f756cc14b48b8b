"""A toy aggregate with a limit, and the two recorders every promise is checked on."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from chassis.decider import Aggregate, Refused
from chassis.eventstore.memory import MemoryRecorder
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.recorder import Recorder
from chassis.eventstore.store import EventStore, Unit
from chassis.tenancy import Pool, open_store_pool
from contracts.booking import CapacityChanged
from contracts.ids import SessionId
from deploy.local.installation import Installation

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was counted."""

    count: int = 0


def _evolve(state: Tally, event: CapacityChanged) -> Tally:
    return replace(state, count=event.capacity)


tally: Aggregate[Tally, CapacityChanged] = Aggregate("tally", Tally(), _evolve)


def counted(stream: UUID, to: int) -> CapacityChanged:
    return CapacityChanged(session_id=SessionId(stream), capacity=to, previous=to - 1)


def count(*streams: UUID, limit: int = LIMIT, by: int = 1) -> Callable[[Unit], dict[str, int]]:
    """Count on every stream, or refuse when one of them is at the limit."""

    def rule(unit: Unit) -> dict[str, int]:
        for stream in streams:
            now = unit.state(tally, stream).count
            if now + by > limit:
                raise Refused("FULL", "No more.", at=now)
            unit.record(tally, stream, [counted(stream, now + by)])
        return {"count": unit.state(tally, streams[0]).count}

    return rule


@pytest.fixture(scope="session")
async def app_pool(installation: Installation) -> AsyncIterator[Pool]:
    """The booking service's own role."""
    dsn = installation.environment("booking")["DATABASE_URL"]
    pool = await open_store_pool(dsn, name="tests")
    yield pool
    await pool.close()


@pytest.fixture(params=["memory", "postgres"])
def recorder(request: pytest.FixtureRequest) -> Recorder:
    """Twins that keep the same promises."""
    if request.param == "memory":
        return MemoryRecorder()
    return PostgresRecorder(request.getfixturevalue("app_pool"))


@pytest.fixture
async def store(recorder: Recorder) -> AsyncIterator[EventStore]:
    async with EventStore(recorder) as started:
        yield started


@pytest.fixture
async def other(recorder: Recorder) -> AsyncIterator[EventStore]:
    """A second replica of the same service."""
    async with EventStore(recorder) as started:
        yield started


@pytest.fixture
def relay_dsn(installation: Installation) -> str:
    return installation.environment("booking")["RELAY_DATABASE_URL"]
