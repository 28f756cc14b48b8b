"""A house of members per test, on the run's databases."""

from collections.abc import AsyncIterator

import pytest

from chassis.clock import FixedClock
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.tenancy import open_pool
from deploy.local.installation import Installation
from services.members.app import gathered, sign_in_desk
from services.members.attempts import Attempts
from services.members.housekeeping import Housekeeping
from services.members.master_keys import MasterKeys
from services.members.signing_keys import SigningKeys
from services.members.tokens import Issuer, TokenMint
from services.members.vault import Vault
from tests.component.members.house import AUDIENCE, ISSUER, House

MASTER = MasterKeys({1: bytes(range(32))})


@pytest.fixture
async def house(installation: Installation, clock: FixedClock) -> AsyncIterator[House]:
    """As ``services.members.app`` wires it."""
    pool = await open_pool(installation.dsn("members_app", "b2b_members"), name="tests")
    vault_pool = await open_pool(installation.dsn("members_vault", "b2b_vault"), name="tests")
    async with EventStore(PostgresRecorder(pool)) as store:
        parts = await gathered(store, pool, Vault(vault_pool, MASTER))
        keys, attempts = SigningKeys(pool, MASTER, clock), Attempts(pool)
        mint = TokenMint(keys, Issuer(ISSUER, AUDIENCE), clock)
        door = sign_in_desk(parts, attempts, mint, clock)
        housekeeping = Housekeeping(parts, keys, attempts, clock)
        yield House(parts, door, keys, attempts, housekeeping, clock, pool, vault_pool, MASTER)
    await pool.close()
    await vault_pool.close()
