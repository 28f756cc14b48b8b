"""Who can sign in with a password: e-mail index and password hash per person, and slug -> gym.

Rows, not events, written after the person's events. They follow the person's stream: a row says
which version its address is from and never goes back to an older one, so writing them again, late
or in another order changes nothing.
"""

from typing import NamedTuple
from uuid import UUID

from chassis.tenancy import Pool, tenant
from contracts.ids import GymId

PUT_GYM = "INSERT INTO auth.gyms (gym_id, slug) VALUES ($1, $2) ON CONFLICT DO NOTHING"
GYM = "SELECT gym_id FROM auth.gyms WHERE slug = $1"
GYMS = "SELECT gym_id FROM auth.gyms"

# The event store gave the address to this person: whoever's row still shows it is behind. Unless
# this is late, and the person has given it up since.
YIELD = """
UPDATE auth.credentials SET email_index = NULL
 WHERE gym_id = $1 AND email_index = $2 AND person_id <> $3
   AND NOT EXISTS (SELECT FROM auth.credentials o
                    WHERE o.gym_id = $1 AND o.person_id = $3 AND o.as_of > $4)
"""
# The first password stays: a repeat of the command that set it must not undo a later change.
FOLLOW = """
INSERT INTO auth.credentials AS c (gym_id, person_id, actor, email_index, as_of, password_hash)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (gym_id, person_id) DO UPDATE
   SET email_index = excluded.email_index, as_of = excluded.as_of
 WHERE c.as_of < excluded.as_of AND c.password_hash IS NOT NULL
"""
MOVE = """
UPDATE auth.credentials SET email_index = $3, as_of = $4
 WHERE gym_id = $1 AND person_id = $2 AND as_of < $4 AND password_hash IS NOT NULL
"""
FORGET = """
INSERT INTO auth.credentials (gym_id, person_id, actor, email_index, as_of, password_hash)
VALUES ($1, $2, $3, NULL, 0, NULL)
ON CONFLICT (gym_id, person_id) DO UPDATE SET email_index = NULL, password_hash = NULL
"""
FIND = """
SELECT person_id, actor, password_hash FROM auth.credentials
 WHERE gym_id = $1 AND email_index = $2 AND password_hash IS NOT NULL
"""
REHASH = """
UPDATE auth.credentials SET password_hash = $4
 WHERE gym_id = $1 AND person_id = $2 AND password_hash = $3
"""


class Credential(NamedTuple):
    """What a sign-in is checked against."""

    person_id: UUID
    actor: str
    password_hash: str


class Credentials:
    """Needs ``migrations`` and a login in ``members_auth``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put_gym(self, gym_id: GymId, slug: str) -> None:
        """Let people of the gym sign in under its slug."""
        await self._pool.execute(PUT_GYM, gym_id, slug)

    async def gym_of(self, slug: str) -> GymId | None:
        """The gym with this slug."""
        found = await self._pool.fetchval(GYM, slug)
        return GymId(found) if found else None

    async def gyms(self) -> list[GymId]:
        """Every gym of the platform."""
        return [GymId(row["gym_id"]) for row in await self._pool.fetch(GYMS)]

    async def follow(
        self, gym_id: GymId, actor: str, email_index: UUID | None, as_of: int, password_hash: str
    ) -> None:
        """The person may sign in: with this address as of this version, and their first password.

        Does nothing for an erased person.
        """
        person_id = person_of(actor)
        async with tenant(self._pool, gym_id) as db:
            await db.execute(YIELD, gym_id, email_index, person_id, as_of)
            await db.execute(FOLLOW, gym_id, person_id, actor, email_index, as_of, password_hash)

    async def move(
        self, gym_id: GymId, person_id: UUID, email_index: UUID | None, as_of: int
    ) -> None:
        """The person's address is another as of this version. Nothing if they have no password."""
        async with tenant(self._pool, gym_id) as db:
            await db.execute(YIELD, gym_id, email_index, person_id, as_of)
            await db.execute(MOVE, gym_id, person_id, email_index, as_of)

    async def forget(self, gym_id: GymId, actor: str) -> None:
        """The person never signs in again with a password."""
        async with tenant(self._pool, gym_id) as db:
            await db.execute(FORGET, gym_id, person_of(actor), actor)

    async def find(self, gym_id: GymId, email_index: UUID) -> Credential | None:
        """Whose address this is, if they have a password."""
        async with tenant(self._pool, gym_id) as db:
            row = await db.fetchrow(FIND, gym_id, email_index)
        return Credential(*row) if row else None

    async def rehash(self, gym_id: GymId, credential: Credential, password_hash: str) -> None:
        """The same password, hashed anew; nothing if it was changed meanwhile."""
        person, old = credential.person_id, credential.password_hash
        async with tenant(self._pool, gym_id) as db:
            await db.execute(REHASH, gym_id, person, old, password_hash)


def person_of(actor: str) -> UUID:
    """The id in ``client:<uuid>`` or ``staff:<uuid>``."""
    return UUID(actor.partition(":")[2])
