"""How screens read: one function of the database per question, its gym set inside, one round trip.

A reading function's rows carry the position the view reflects in column 0. There is at least one
row once the read model has begun.
"""

from typing import Any

import asyncpg

from chassis.tenancy import Pool
from contracts.ids import GymId


async def ask(
    pool: Pool, function: str, gym_id: GymId, *arguments: Any
) -> tuple[int, list[asyncpg.Record]]:
    """``SELECT * FROM function(gym_id, ...)``; the store position it reflects and its rows.

    Position 0 and no rows while the read model has not begun.
    """
    holes = ", ".join(f"${n}" for n in range(1, len(arguments) + 2))
    rows = await pool.fetch(f"SELECT * FROM views.{function}({holes})", gym_id, *arguments)  # noqa: S608 - our own constants
    return (int(rows[0][0]) if rows else 0), rows
