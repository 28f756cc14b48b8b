"""A house of members per test, on databases of its own: its clock stands elsewhere."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import asyncpg
import pytest

from chassis.clock import FixedClock
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.migrate import migrate
from chassis.tenancy import open_pool
from contracts.ids import new_id
from deploy.local.installation import Installation
from deploy.schema import ROOT, database_url
from services.members.app import gathered, sign_in_desk
from services.members.attempts import Attempts
from services.members.housekeeping import Housekeeping
from services.members.master_keys import MasterKeys
from services.members.signing_keys import SigningKeys
from services.members.tokens import Issuer, TokenMint
from services.members.vault import Vault
from tests.component.members.house import AUDIENCE, ISSUER, House

MASTER = MasterKeys({1: bytes(range(32))})


class Databases(NamedTuple):
    """Names of a members and a vault database, with their schema."""

    members: str
    vault: str


@asynccontextmanager
async def _databases(installation: Installation) -> AsyncIterator[Databases]:
    made = Databases(f"members_{new_id().hex}", f"vault_{new_id().hex}")
    admin = await asyncpg.connect(installation.admin_dsn)
    for name in made:
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.execute(f"GRANT CREATE ON DATABASE {name} TO es_owner, members_owner")
    for name, owner, folder in (
        (made.members, "es_owner", "chassis/eventstore/migrations"),
        (made.members, "members_owner", "services/members/migrations"),
        (made.vault, "members_owner", "services/members/vault_migrations"),
    ):
        dsn = database_url(installation.admin_dsn, name)
        await migrate(dsn, [ROOT / folder], "pre", owner)
    yield made
    for name in made:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture(scope="session")
async def databases(installation: Installation) -> AsyncIterator[Databases]:
    """Shared by the tests of this folder; every test has gyms of its own."""
    async with _databases(installation) as made:
        yield made


@asynccontextmanager
async def house_on(
    installation: Installation, databases: Databases, clock: FixedClock
) -> AsyncIterator[House]:
    """As ``services.members.app`` wires it."""
    pool = await open_pool(installation.dsn("members_app", databases.members), name="tests")
    vault_pool = await open_pool(installation.dsn("members_vault", databases.vault), name="tests")
    async with EventStore(PostgresRecorder(pool)) as store:
        parts = await gathered(store, pool, Vault(vault_pool, MASTER))
        keys, attempts = SigningKeys(pool, MASTER, clock), Attempts(pool)
        mint = TokenMint(keys, Issuer(ISSUER, AUDIENCE), clock)
        desk = sign_in_desk(parts, attempts, mint, clock)
        housekeeping = Housekeeping(parts, keys, attempts, clock)
        admin_dsn = database_url(installation.admin_dsn, databases.members)
        yield House(
            parts, desk, keys, attempts, housekeeping, clock, pool, vault_pool, MASTER, admin_dsn
        )
    await pool.close()
    await vault_pool.close()


@pytest.fixture
async def house(
    installation: Installation, databases: Databases, clock: FixedClock
) -> AsyncIterator[House]:
    async with house_on(installation, databases, clock) as wired:
        yield wired


@pytest.fixture
async def lone_house(installation: Installation, clock: FixedClock) -> AsyncIterator[House]:
    """On databases nobody else uses, for what changes all of them at once."""
    async with AsyncExitStack() as stack:
        fresh = await stack.enter_async_context(_databases(installation))
        yield await stack.enter_async_context(house_on(installation, fresh, clock))
