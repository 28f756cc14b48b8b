"""A toy read model with tables of its own in the installation's views."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from chassis.projection import Change, NotYet
from chassis.tenancy import Db
from contracts.envelope import Envelope
from contracts.ids import new_id
from deploy.local.installation import Installation
from deploy.schema import database_url
from tests.component.messaging.probe import STREAM, Counted
from tests.world.waiting import until

TABLES = """
SET ROLE views_owner;
CREATE TABLE views.{name} (
    gym_id uuid PRIMARY KEY, total bigint NOT NULL CHECK (total < 1000000),
    note text DEFAULT 'new');
CREATE INDEX {name}_by_total ON views.{name} (total DESC) WHERE total > 0;
ALTER TABLE views.{name} SET (fillfactor = 80);
ALTER TABLE views.{name} ENABLE ROW LEVEL SECURITY;
ALTER TABLE views.{name} FORCE ROW LEVEL SECURITY;
CREATE POLICY projector ON views.{name} TO views_projector USING (true) WITH CHECK (true);
CREATE POLICY own ON views.{name} FOR SELECT TO views_reader
    USING (gym_id = (SELECT nullif(current_setting('app.gym_id', true), ''))::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON views.{name} TO views_projector;
GRANT SELECT ON views.{name} TO views_reader;
CREATE TABLE views.{name}_seen (
    position bigint PRIMARY KEY, id int GENERATED ALWAYS AS IDENTITY, gym_id uuid NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON views.{name}_seen TO views_projector;
"""
SHAPE = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::text::regclass
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = $1::text::regclass
UNION ALL SELECT concat_ws(' ', relrowsecurity, relforcerowsecurity, reloptions, relacl, relowner)
            FROM pg_class WHERE oid = $1::text::regclass
UNION ALL SELECT concat_ws(' ', attname, attnum, atttypid, attnotnull, attidentity)
            FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0
UNION ALL SELECT concat_ws(' ', policyname, permissive, roles, cmd, qual, with_check)
            FROM pg_policies WHERE schemaname || '.' || tablename = $1::text
ORDER BY 1
"""


@dataclass
class Tally:
    """Sums what was counted per gym; an event applied twice breaks a primary key."""

    name: str = field(default_factory=lambda: f"tally_{new_id().hex}")
    source: str = STREAM
    subjects: tuple[str, ...] = ()
    factor: int = 1
    """What a later version of the code does differently."""
    poison: int | None = None
    """The ``n`` it breaks at."""
    away: int = 0
    """How many times what it needs is still away."""

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.name, f"{self.name}_seen")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        if self.away:
            self.away -= 1
            raise NotYet("members is away")
        counted = [(e, e.event) for e in events if isinstance(e.event, Counted)]
        if any(event.n == self.poison for _, event in counted):
            raise KeyError("secret content")
        gyms = [envelope.gym_id for envelope, _ in counted]
        await db.execute(
            f"INSERT INTO {self.name}_seen (position, gym_id)"
            " SELECT * FROM unnest($1::bigint[], $2::uuid[])",
            [envelope.position for envelope, _ in counted],
            gyms,
        )
        await db.execute(
            f"""INSERT INTO {self.name} AS t (gym_id, total)
                SELECT g, sum(n) FROM unnest($1::uuid[], $2::bigint[]) u (g, n) GROUP BY g
                ON CONFLICT (gym_id) DO UPDATE SET total = t.total + excluded.total""",
            gyms,
            [event.n * self.factor for _, event in counted],
        )
        return [(gym, "all") for gym in gyms]


class Views:
    """What the tests look at and make, as a superuser."""

    def __init__(
        self, db: "asyncpg.Connection[asyncpg.Record]", installation: Installation
    ) -> None:
        self.db, self.dsn = db, installation.dsn("projections", "b2b_views")
        self._made: list[Tally] = []

    async def make(self, **behaviour: int) -> Tally:
        """A read model with its empty tables."""
        tally = Tally(**behaviour)  # type: ignore[arg-type]
        await self.db.execute(TABLES.format(name=tally.name) + "RESET ROLE")
        self._made.append(tally)
        return tally

    async def drop_all(self) -> None:
        """Leave nothing behind: other tests look at every table there is."""
        for tally in self._made:
            for schema in ("views", "views_next"):
                for table in tally.tables:
                    await self.db.execute(f"DROP TABLE IF EXISTS {schema}.{table}")
                await self.db.execute(
                    f"DELETE FROM {schema}.checkpoints WHERE name = $1", tally.name
                )

    async def total(self, tally: Tally) -> int:
        return int(
            await self.db.fetchval(f"SELECT coalesce(sum(total), 0) FROM views.{tally.name}")
        )

    async def seen(self, tally: Tally) -> list[int]:
        """Positions applied, in the order they were."""
        rows = await self.db.fetch(f"SELECT position FROM views.{tally.name}_seen ORDER BY id")
        return [row["position"] for row in rows]

    async def checkpoint(self, tally: Tally) -> tuple[int, int]:
        """(sequence, position)."""
        row = await self.db.fetchrow(
            "SELECT seq, position FROM views.checkpoints WHERE name = $1", tally.name
        )
        return (row["seq"], row["position"]) if row else (0, 0)

    async def move(self, tally: Tally, to: int) -> None:
        """As if its checkpoint were another process's."""
        await self.db.execute(
            "UPDATE views.checkpoints SET seq = $2, position = $2 WHERE name = $1", tally.name, to
        )

    async def shape(self, table: str, schema: str = "views") -> list[str]:
        """Everything that makes a table: columns, keys, indexes, security, grants."""
        return [row[0] for row in await self.db.fetch(SHAPE, f"{schema}.{table}")]


@asynccontextmanager
async def views_of(installation: Installation) -> AsyncIterator[Views]:
    db = await asyncpg.connect(database_url(installation.admin_dsn, "b2b_views"))
    try:
        seen = Views(db, installation)
        yield seen
        await seen.drop_all()
    finally:
        await db.close()


async def level(views: Views, tally: Tally, seq: int) -> None:
    """Return when ``tally`` has applied the event at ``seq``."""

    async def is_level() -> bool:
        return (await views.checkpoint(tally))[0] >= seq

    await until(is_level)
