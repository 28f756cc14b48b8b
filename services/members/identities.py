"""External identities: who a subject of another issuer is at a gym."""

from chassis.tenancy import Pool, tenant
from contracts.ids import GymId
from services.members.blind_index import BlindIndex

LINK = """
INSERT INTO auth.identities (gym_id, issuer, subject_index, actor) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
ACTOR = """
SELECT actor FROM auth.identities WHERE gym_id = $1 AND issuer = $2 AND subject_index = $3
"""
FORGET = "DELETE FROM auth.identities WHERE gym_id = $1 AND actor = $2"


class Identities:
    """Needs ``migrations`` and a login in ``members_auth``. Keeps no subject, only its index."""

    def __init__(self, pool: Pool, index: BlindIndex) -> None:
        self._pool, self._index = pool, index

    async def link(self, gym_id: GymId, issuer: str, subject: str, actor: str) -> None:
        """The subject is ``actor``; the gym's ``identity`` claim says that they are nobody else."""
        index = self._index.identity(gym_id, issuer, subject)
        async with tenant(self._pool, gym_id) as db:
            await db.execute(LINK, gym_id, issuer, index, actor)

    async def actor(self, gym_id: GymId, issuer: str, subject: str) -> str | None:
        """Who the subject is at the gym."""
        index = self._index.identity(gym_id, issuer, subject)
        async with tenant(self._pool, gym_id) as db:
            found: str | None = await db.fetchval(ACTOR, gym_id, issuer, index)
        return found

    async def forget(self, gym_id: GymId, actor: str) -> None:
        """Nobody comes in as ``actor`` from outside any more."""
        async with tenant(self._pool, gym_id) as db:
            await db.execute(FORGET, gym_id, actor)
