"""What a run stands on: one installation in a temporary folder, and databases beside it."""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bench.sizes import Sizes
from chassis.migrate import migrate
from deploy.local.installation import Installation
from deploy.schema import ROOT, database_url

EVENT_STORE = ROOT / "chassis/eventstore/migrations"
BASELINE_ROLE = "bench"


@dataclass
class Ground:
    """Servers, sizes, and where to tell what is going on."""

    installation: Installation
    sizes: Sizes
    tell: Callable[[str], None]
    _password: str = field(default_factory=lambda: secrets.token_hex(16))

    async def run_sql(self, database: str, *statements: str) -> None:
        """As the superuser, outside of a transaction."""
        db = await asyncpg.connect(database_url(self.installation.admin_dsn, database))
        try:
            for statement in statements:
                await db.execute(statement)
        finally:
            await db.close()

    async def baseline_database(self, name: str) -> str:
        """Make a database the baselines own; their DSN. Same server, same settings as ours."""
        role = BASELINE_ROLE
        await self.run_sql(
            "postgres",
            f"DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD '{self._password}'; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            f"ALTER ROLE {role} SET plan_cache_mode = 'force_generic_plan'",
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} OWNER {role}",
        )
        return self.baseline_dsn(name)

    def baseline_dsn(self, name: str) -> str:
        """How the baselines reach their database ``name``."""
        return database_url(self.installation.admin_dsn, name, (BASELINE_ROLE, self._password))

    async def event_store_database(self, name: str) -> str:
        """Make a database with an empty event store; the booking service's DSN."""
        await self.run_sql(
            "postgres",
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name}",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CREATE, TEMPORARY ON DATABASE {name} TO es_owner, migrator",
            f"GRANT CONNECT ON DATABASE {name} TO migrator, booking_app",
        )
        owner = self.installation.dsn("migrator", name)
        await migrate(owner, [EVENT_STORE], "pre", "es_owner")
        await migrate(owner, [EVENT_STORE], "post", "es_owner")
        return self.installation.dsn("booking_app", name)


@asynccontextmanager
async def stand(sizes: Sizes, tell: Callable[[str], None]) -> AsyncIterator[Ground]:
    """Start the servers; everything is gone afterwards."""
    with TemporaryDirectory(prefix="back2back-bench-") as folder:
        os.chmod(folder, 0o755)  # Postgres may run as somebody else
        async with Installation(Path(folder)) as installation:
            yield Ground(installation, sizes, tell)
