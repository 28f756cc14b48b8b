"""How screens read: one function of the database per question, its gym set inside, one round trip.

A reading function's rows carry the position the view reflects in column 0. There is at least one
row once the read model has begun.
"""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from chassis.tenancy import AWAY, Pool
from contracts.ids import GymId

FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)
"""Behind it begins the first page of what is shown newest first."""


class ViewsAway(Exception):
    """The read models' database does not answer. It will again; nothing is lost."""


async def position_of(pool: Pool, view: str) -> int:
    """The store position ``view`` reflects; 0 while it has not begun. Raises ``ViewsAway``."""
    query = "SELECT position FROM views.checkpoints WHERE name = $1"
    try:
        return int(await pool.fetchval(query, view) or 0)
    except AWAY as error:
        raise ViewsAway(view) from error


async def ask(
    pool: Pool, function: str, gym_id: GymId, *arguments: Any
) -> tuple[int, list[asyncpg.Record]]:
    """``SELECT * FROM function(gym_id, ...)``; the store position it reflects and its rows.

    Position 0 and no rows while the read model has not begun. Raises ``ViewsAway``.
    """
    holes = ", ".join(f"${n}" for n in range(1, len(arguments) + 2))
    query = f"SELECT * FROM views.{function}({holes})"  # noqa: S608 - our own constants  # nosemgrep: sql-from-strings-kept
    try:
        rows = await pool.fetch(query, gym_id, *arguments)
    except AWAY as error:
        raise ViewsAway(function) from error
    return (int(rows[0][0]) if rows else 0), rows
