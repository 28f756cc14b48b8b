"""An installation of the checker's own, and ways to do wrong in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import pytest

from deploy.local.installation import Installation
from deploy.schema import database_url
from tests.world.system import data_folder

if TYPE_CHECKING:
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]


@pytest.fixture(scope="package")
async def apart() -> AsyncIterator[Installation]:
    """An installation nobody else writes to: what is wrong with it is told of everybody."""
    with data_folder("check") as folder:
        async with Installation(folder) as started:
            yield started


@pytest.fixture
async def access(apart: Installation) -> AsyncIterator["_Db"]:
    """May write anything into access' store, until the test is over."""
    async with _emptied(apart, "access") as db:
        yield db


@pytest.fixture
async def booking(apart: Installation) -> AsyncIterator["_Db"]:
    """The same, of booking."""
    async with _emptied(apart, "booking") as db:
        yield db


@pytest.fixture
async def members(apart: Installation) -> AsyncIterator["_Db"]:
    """The same, of members."""
    async with _emptied(apart, "members") as db:
        yield db


@pytest.fixture
async def views(apart: Installation) -> AsyncIterator["_Db"]:
    """Looks at the read models, with tables of its own."""
    settings = {"search_path": "pg_temp", "default_transaction_read_only": "off"}
    db = await asyncpg.connect(apart.dsn("auditor", "b2b_views"), server_settings=settings)
    yield db
    await db.close()


@pytest.fixture
async def auditor(apart: Installation) -> AsyncIterator["_Db"]:
    """Looks at access' store."""
    db = await asyncpg.connect(apart.dsn("auditor", "b2b_access"))
    yield db
    await db.close()


@asynccontextmanager
async def _emptied(apart: Installation, context: str) -> AsyncIterator["_Db"]:
    db = await asyncpg.connect(database_url(apart.admin_dsn, f"b2b_{context}"))
    yield db
    await db.execute("TRUNCATE es.events, es.answers")
    await db.close()
