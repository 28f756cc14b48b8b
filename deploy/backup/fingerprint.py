"""Whether two databases hold the same: how many rows each table has, and a sum over all of them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import asyncpg

from deploy.local.databases import DATABASES
from deploy.schema import database_url

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

_TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
# Two sums of 64-bit hashes: the same whatever the order, another when any row is another.
_SUM = """
SELECT count(*), coalesce(sum(hashtextextended({0}::text, 0)), 0)::text
    || '/' || coalesce(sum(hashtextextended({0}::text, 1)), 0)::text FROM {1} t
"""
_TOLD = {"views.checkpoints": "(name, source, seq, position)"}
"""Table -> what of a row counts: a rebuild enters anew when it was made."""


class Sum(NamedTuple):
    """What a table holds."""

    rows: int
    hashes: str


Fingerprint: TypeAlias = dict[str, Sum]
"""``b2b_booking es.events`` -> what it holds."""


async def fingerprint(admin_dsn: str, databases: Iterable[str] = DATABASES) -> Fingerprint:
    """Every table of ``databases``; ``admin_dsn`` must see all rows. Nobody may write meanwhile."""
    found: Fingerprint = {}
    for database in databases:
        db = await asyncpg.connect(database_url(admin_dsn, database), timeout=10)
        try:
            for record in await db.fetch(_TABLES):
                table: str = record[0]
                told = _TOLD.get(table, "(t.*)")
                row = await db.fetchrow(_SUM.format(told, table))  # nosemgrep: sql-from-strings
                found[f"{database} {table}"] = Sum(*row) if row else Sum(0, "")
        finally:
            await db.close()
    return found


def differing(one: Fingerprint, other: Fingerprint) -> list[str]:
    """The tables that differ, each with both counts of rows; none when all are the same."""
    nothing = Sum(0, "")
    return [
        f"{table}: {one.get(table, nothing).rows} rows, {other.get(table, nothing).rows} rows"
        for table in sorted(one.keys() | other.keys())
        if one.get(table, nothing) != other.get(table, nothing)
    ]
