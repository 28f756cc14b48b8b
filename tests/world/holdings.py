"""All that a gym has, in every database and table: to see whether anything of it changed."""

from uuid import UUID

import asyncpg

from chassis.streams import CONTEXTS
from contracts.ids import GymId
from deploy.local.access import Access
from deploy.schema import database_url

DATABASES = (*CONTEXTS, "views")

TABLES = """
SELECT c.oid::regclass::text FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'gym_id' AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
 ORDER BY 1
"""
ROWS = """
SELECT count(*) AS rows, coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') AS hash
  FROM {table} t WHERE t.gym_id = $1
"""
NAMED = """
SELECT EXISTS (SELECT FROM es.events WHERE gym_id = $1
               AND (stream_id = $2 OR position(convert_to($2::text, 'UTF8') IN data) > 0))
"""

Holdings = dict[str, tuple[int, str]]
"""Database and table -> how many rows, and a hash of them."""


async def holdings(installation: Access, gym_id: GymId) -> Holdings:
    """Events, answers, deadlines, credentials, read models: every row that is of the gym."""
    held: Holdings = {}
    for database in DATABASES:
        db = await _connected(installation, database)
        try:
            for table in [row[0] for row in await db.fetch(TABLES)]:
                (row,) = await db.fetch(ROWS.format(table=table), gym_id)
                held[f"{database}: {table}"] = row["rows"], row["hash"]
        finally:
            await db.close()
    return held


async def names(installation: Access, gym_id: GymId, one: UUID) -> bool:
    """Whether any event of the gym speaks of ``one``."""
    for context in CONTEXTS:
        db = await _connected(installation, context)
        try:
            if await db.fetchval(NAMED, gym_id, one):
                return True
        finally:
            await db.close()
    return False


async def _connected(installation: Access, database: str) -> asyncpg.Connection:
    """As the superuser, whom no row is hidden from."""
    return await asyncpg.connect(database_url(installation.admin_dsn, f"b2b_{database}"))
