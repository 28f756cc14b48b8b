"""A broker that tests may kill, and an event store and a stream of the test's own."""

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from chassis.migrate import migrate
from chassis.projection import open_views
from chassis.tenancy import Pool
from contracts.ids import new_id
from deploy.local import nats_conf
from deploy.local.installation import Installation
from deploy.local.servers import Nats
from deploy.schema import ROOT, database_url
from tests.component.messaging.probe import Journal, fresh_stream
from tests.component.messaging.tallies import Views, views_of

MakeJournal: TypeAlias = Callable[[], Coroutine[Any, Any, Journal]]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Nats:
    """A nats-server of our own; the test that stops it starts it again."""
    return Nats(
        tmp_path_factory.mktemp("broker"),
        lambda port, monitor, store: nats_conf.configuration(
            port, monitor, store, {"developer": "secret"}
        ),
    )


async def _connect(broker: Nats) -> Client:
    async def quiet(_: Exception) -> None:
        """Outages are part of these tests."""

    return await nats.connect(
        broker.url, user="developer", password="secret", error_cb=quiet,
        max_reconnect_attempts=-1, reconnect_time_wait=0.05,
    )  # fmt: skip


@pytest.fixture(scope="session")
async def _started(broker: Nats) -> AsyncIterator[Nats]:
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
async def client(_started: Nats) -> AsyncIterator[Client]:
    """Connected, with an empty ``EVT_PROBE``."""
    connected = await _connect(_started)
    await fresh_stream(connected)
    yield connected
    await connected.close()


@pytest.fixture
async def other_client(_started: Nats) -> AsyncIterator[Client]:
    """A second process's connection."""
    connected = await _connect(_started)
    yield connected
    await connected.close()


@pytest.fixture
async def make_journal(installation: Installation) -> AsyncIterator[MakeJournal]:
    """Makes event stores in databases of their own; dropped after the test."""
    admin = await asyncpg.connect(installation.admin_dsn)
    made: list[tuple[str, Journal]] = []

    async def make() -> Journal:
        name = f"journal_{new_id().hex}"
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.execute(f"GRANT CREATE ON DATABASE {name} TO es_owner")
        dsn = database_url(installation.admin_dsn, name)
        await migrate(dsn, [Path(ROOT) / "chassis/eventstore/migrations"], "pre", "es_owner")
        app = await asyncpg.create_pool(
            installation.dsn("booking_app", name), min_size=1, max_size=8
        )
        made.append((name, Journal(installation.dsn("booking_relay", name), app)))
        return made[-1][1]

    yield make
    for name, journal in made:
        await journal.app.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def journal(make_journal: MakeJournal) -> Journal:
    """One event store of its own."""
    return await make_journal()


@pytest.fixture
async def views(installation: Installation) -> AsyncIterator[Views]:
    """The installation's read models, as a superuser sees them."""
    async with views_of(installation) as seen:
        yield seen


@pytest.fixture
async def pool(views: Views) -> AsyncIterator[Pool]:
    """The projector's own connections to the live copies."""
    opened = await open_views(views.dsn)
    yield opened
    await opened.close()
