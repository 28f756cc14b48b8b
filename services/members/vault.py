"""The vault: one key per person, wrapped by the master key, in a database of its own.

Destroying the key erases the person from every event, stream, message and backup at once. The
vault's own backups must therefore be kept for days, not years.
"""

import hmac
from collections.abc import Iterable
from uuid import UUID

from chassis.sealing import new_key, seal, unseal
from chassis.tenancy import Db, Pool, tenant
from contracts.ids import GymId
from services.members.master_keys import MasterKeys, Wrapped

PERSON = "person key"
NAMED_KEY = "named key"

PUT = """
INSERT INTO vault.person_keys (gym_id, person_id, master_version, wrapped) VALUES ($1, $2, $3, $4)
ON CONFLICT (gym_id, person_id) DO NOTHING
"""
ONE = "SELECT master_version, wrapped FROM vault.person_keys WHERE gym_id = $1 AND person_id = $2"
MANY = """
SELECT person_id, master_version, wrapped FROM vault.person_keys
 WHERE gym_id = $1 AND person_id = ANY ($2)
"""
DESTROY = """
INSERT INTO vault.person_keys (gym_id, person_id, master_version, wrapped, erased_at)
VALUES ($1, $2, $3, NULL, clock_timestamp())
ON CONFLICT (gym_id, person_id) DO UPDATE
   SET wrapped = NULL, erased_at = clock_timestamp() WHERE person_keys.wrapped IS NOT NULL
"""
OUTDATED = """
SELECT person_id, master_version, wrapped FROM vault.person_keys
 WHERE gym_id = $1 AND master_version < $2 AND wrapped IS NOT NULL LIMIT $3 FOR UPDATE
"""
REWRAP = """
UPDATE vault.person_keys SET master_version = $3, wrapped = $4
 WHERE gym_id = $1 AND person_id = $2
"""
KEEP_NAMED = """
INSERT INTO vault.secrets (name, master_version, wrapped) VALUES ($1, $2, $3)
ON CONFLICT (name) DO NOTHING
"""
NAMED = "SELECT master_version, wrapped FROM vault.secrets WHERE name = $1"
OUTDATED_NAMED = """
SELECT name, master_version, wrapped FROM vault.secrets WHERE master_version < $1 FOR UPDATE
"""
REWRAP_NAMED = "UPDATE vault.secrets SET master_version = $2, wrapped = $3 WHERE name = $1"


class PersonErased(Exception):
    """The person's key is destroyed: nothing about them opens, nothing more is sealed."""


class Sealer:
    """One person's key in hand, for the length of one command."""

    def __init__(self, key: bytes, gym_id: GymId, person_id: UUID) -> None:
        self._key, self._gym_id, self._person_id = key, gym_id, person_id

    def seal(self, field: str, text: str) -> str:
        """``text`` sealed as ``field`` of this person."""
        return seal(self._key, self._gym_id, self._person_id, field, text)

    def seal_if(self, field: str, text: str | None) -> str | None:
        """As ``seal``; nothing stays nothing."""
        return None if text is None else self.seal(field, text)

    def mark(self, field: str, text: str) -> UUID:
        """Tells two texts of this ``field`` of this person apart; says nothing without the key."""
        place = f"mark {self._gym_id.hex} {self._person_id.hex} {field}\n{text}"
        return UUID(bytes=hmac.digest(self._key, place.encode(), "sha256")[:16])

    def open(self, field: str, sealed: str) -> str:
        """What was sealed as ``field`` of this person. Raises ``Unopenable``."""
        return unseal(self._key, self._gym_id, self._person_id, field, sealed)


class Vault:
    """Person keys of every gym. Needs ``vault_migrations`` and the role ``members_vault``."""

    def __init__(self, pool: Pool, master: MasterKeys) -> None:
        self._pool, self._master = pool, master

    async def sealer(self, gym_id: GymId, person_id: UUID) -> Sealer:
        """The person's key, made when they have none yet. Raises ``PersonErased``."""
        async with tenant(self._pool, gym_id) as db:
            row = await db.fetchrow(ONE, gym_id, person_id)
            if row is None:
                fresh = self._master.wrap(PERSON, _place(gym_id, person_id), new_key())
                await db.execute(PUT, gym_id, person_id, *fresh)
                row = await db.fetchrow(ONE, gym_id, person_id)  # another may have been quicker
        key = row and self._unwrapped(gym_id, person_id, row["master_version"], row["wrapped"])
        if not key:
            raise PersonErased(f"person {person_id} was erased")
        return Sealer(key, gym_id, person_id)

    async def keys(self, gym_id: GymId, person_ids: Iterable[UUID]) -> dict[UUID, bytes | None]:
        """Person -> key, ``None`` when erased. Persons the vault never heard of are left out."""
        async with tenant(self._pool, gym_id) as db:
            rows = await db.fetch(MANY, gym_id, list(person_ids))
        return {
            person: self._unwrapped(gym_id, person, version, wrapped)
            for person, version, wrapped in rows
        }

    async def destroy(self, gym_id: GymId, person_id: UUID) -> None:
        """Erase the person. For good, also when they had no key yet; twice is once."""
        async with tenant(self._pool, gym_id) as db:
            await db.execute(DESTROY, gym_id, person_id, self._master.current)

    async def rewrap(self, gym_id: GymId, at_most: int = 500) -> int:
        """Wrap keys of older master versions with the current one; how many it did."""
        async with tenant(self._pool, gym_id) as db:
            rows = await db.fetch(OUTDATED, gym_id, self._master.current, at_most)
            for person, version, wrapped in rows:
                place = _place(gym_id, person)
                key = self._master.unwrap(PERSON, place, Wrapped(version, wrapped))
                await db.execute(REWRAP, gym_id, person, *self._master.wrap(PERSON, place, key))
        return len(rows)

    async def secret(self, name: str) -> bytes:
        """A random 32-byte secret of this installation, made when first asked for."""
        async with self._pool.acquire() as db:
            wrapped = await _secret(db, name)
            if wrapped is None:
                fresh = self._master.wrap(NAMED_KEY, name.encode(), new_key())
                await db.execute(KEEP_NAMED, name, *fresh)
                wrapped = await _secret(db, name) or fresh
        return self._master.unwrap(NAMED_KEY, name.encode(), wrapped)

    async def rewrap_secrets(self) -> None:
        """As ``rewrap``, for the secrets of the installation."""
        async with self._pool.acquire() as db, db.transaction():
            for name, *old in await db.fetch(OUTDATED_NAMED, self._master.current):
                secret = self._master.unwrap(NAMED_KEY, name.encode(), Wrapped(*old))
                fresh = self._master.wrap(NAMED_KEY, name.encode(), secret)
                await db.execute(REWRAP_NAMED, name, *fresh)

    def _unwrapped(
        self, gym_id: GymId, person_id: UUID, version: int, wrapped: bytes | None
    ) -> bytes | None:
        if wrapped is None:
            return None
        return self._master.unwrap(PERSON, _place(gym_id, person_id), Wrapped(version, wrapped))


async def _secret(db: Db, name: str) -> Wrapped | None:
    row = await db.fetchrow(NAMED, name)
    return Wrapped(row["master_version"], row["wrapped"]) if row else None


def _place(gym_id: GymId, person_id: UUID) -> bytes:
    return gym_id.bytes + person_id.bytes
