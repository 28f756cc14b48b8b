"""Read models in a real database: one pool that folds into them, one that reads as the gateway."""

from collections.abc import AsyncIterator

import pytest

from chassis.projection import open_views
from chassis.tenancy import Pool, open_pool
from contracts.ids import GymId
from deploy.local.installation import Installation
from tests.component.read_models.clients import Finder
from tests.component.read_models.folding import People
from tests.envelopes import Recording

READ_MODELS = (
    "calendar", "roster", "ledgers", "people", "organisation", "kpis", "doors", "entries",
    "holders", "receipts", "timetable", "penalties", "invoices",
)  # fmt: skip


@pytest.fixture(scope="session")
async def writer(installation: Installation) -> AsyncIterator[Pool]:
    pool = await open_views(installation.dsn("projections", "b2b_views"))
    for name in READ_MODELS:
        await pool.execute(
            "INSERT INTO checkpoints (name, source, seq, position) VALUES ($1, 'EVT', 0, 0) "
            "ON CONFLICT DO NOTHING", name,
        )  # fmt: skip
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def reader(installation: Installation) -> AsyncIterator[Pool]:
    pool = await open_pool(installation.dsn("gateway", "b2b_views"), name="tests reader")
    yield pool
    await pool.close()


@pytest.fixture
def recording(gym_id: GymId) -> Recording:
    return Recording(gym_id)


@pytest.fixture
def people(recording: Recording, writer: Pool) -> People:
    return People(recording, writer)


@pytest.fixture
def find(reader: Pool, gym_id: GymId) -> Finder:
    return Finder(reader, gym_id)
