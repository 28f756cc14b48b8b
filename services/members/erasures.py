"""Erasures under way: written down before they begin, so that a crash leaves none half done."""

from datetime import datetime
from typing import NamedTuple

from chassis.tenancy import Pool
from contracts.ids import ClientId, GymId

BEGIN = """
INSERT INTO auth.erasures (gym_id, client_id, begun_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
END = "DELETE FROM auth.erasures WHERE gym_id = $1 AND client_id = $2"
OPEN = "SELECT gym_id, client_id FROM auth.erasures WHERE begun_at <= $1 ORDER BY begun_at"


class Erasure(NamedTuple):
    """Whose."""

    gym_id: GymId
    client_id: ClientId


class Erasures:
    """Needs ``migrations`` and a login in ``members_auth``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, one: Erasure, now: datetime) -> None:
        """It is about to begin."""
        await self._pool.execute(BEGIN, *one, now)

    async def end(self, one: Erasure) -> None:
        """Nothing of it remains to be done."""
        await self._pool.execute(END, *one)

    async def begun_before(self, then: datetime) -> list[Erasure]:
        """Those that should have ended by now, oldest first."""
        return [Erasure(*row) for row in await self._pool.fetch(OPEN, then)]
