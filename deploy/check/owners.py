"""Whose everything is (I9): no event names what is another gym's."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg

from contracts.ids import PLATFORM

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

KEPT = 100_000  # ids remembered, some 20 MB; most events name what others before them named
# The first and the last gym of a stream's id, each one step in the index; usually the same one.
_OF = """
SELECT u.id, f.gym_id, l.gym_id FROM unnest($1::uuid[]) u (id)
 CROSS JOIN LATERAL (SELECT e.gym_id FROM es.events e
     WHERE e.stream_id = u.id AND e.gym_id <> $2 ORDER BY e.gym_id LIMIT 1) f
 CROSS JOIN LATERAL (SELECT e.gym_id FROM es.events e
     WHERE e.stream_id = u.id AND e.gym_id <> $2 ORDER BY e.gym_id DESC LIMIT 1) l
"""
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Owners:
    """Which gyms' stream an id is, in any store; asked of the stores, and remembered for a while.

    The platform's own streams are about gyms and nobody's.
    """

    def __init__(self, stores: Iterable["_Db"]) -> None:
        self._stores = list(stores)
        self._known: dict[str, frozenset[UUID]] = {}
        self._same: dict[frozenset[UUID], frozenset[UUID]] = {}
        """So that the ids of one gym share one set."""

    async def named_in(self, rows: Sequence[asyncpg.Record]) -> list[Mapping[str, frozenset[UUID]]]:
        """For each row: the ids it names, its stream's own among them, and whose they are."""
        named = [_named(row) for row in rows]
        for row in rows:
            if row["version"] == 1:  # only now it is somebody's
                self._known.pop(str(row["stream_id"]), None)
        owners = await self.of(set().union(*named))
        return [{one: owners[one] for one in ids} for ids in named]

    async def of(self, ids: set[str]) -> dict[str, frozenset[UUID]]:
        """Each id, and which gyms' stream it is."""
        unknown = ids - self._known.keys()
        found = await self._ask(unknown) if unknown else {}
        owners = {one: self._known[one] for one in ids - unknown} | found
        if len(self._known) + len(found) > KEPT:
            self._known.clear()
            self._same.clear()
        self._known |= found
        return owners

    async def _ask(self, ids: set[str]) -> dict[str, frozenset[UUID]]:
        found: dict[str, set[UUID]] = {one: set() for one in ids}
        for db in self._stores:
            for one, *gyms in await db.fetch(_OF, list(ids), PLATFORM):
                found[str(one)].update(gyms)
        return {one: self._shared(frozenset(gyms)) for one, gyms in found.items()}

    def _shared(self, gyms: frozenset[UUID]) -> frozenset[UUID]:
        return self._same.setdefault(gyms, gyms)


def _named(row: asyncpg.Record) -> set[str]:
    if row["gym_id"] == PLATFORM:
        return set()
    return {str(row["stream_id"]), *(one.decode() for one in _ID.findall(row["data"]))}
