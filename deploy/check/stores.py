"""What every store promises, whatever it holds: once, in order, one gym's own (I3, I9, I11)."""

import re
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg

from contracts.ids import PLATFORM
from deploy.check.history import Seen
from deploy.check.verdict import Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

# One transaction writes all of a command, so its events share the id of the transaction.
_TWICE = """
SELECT gym_id, told ->> 'actor' AS actor, told ->> 'command_id' AS command,
       count(DISTINCT tx) AS times, min(pos) AS pos
  FROM (SELECT gym_id, pos, xmin::text AS tx, convert_from(meta, 'UTF8')::jsonb AS told
          FROM es.events) e
 GROUP BY gym_id, actor, command HAVING count(DISTINCT tx) > 1
"""
_EMPTY = """
SELECT a.gym_id, a.command_id, a.pos FROM es.answers a
 WHERE a.pos IS NOT NULL
   AND NOT EXISTS (SELECT FROM es.events e WHERE e.pos = a.pos AND e.gym_id = a.gym_id)
"""
_GAPS = """
SELECT gym_id, category, stream_id, count(*) AS events, max(version) AS last
  FROM es.events GROUP BY gym_id, category, stream_id
HAVING count(*) <> max(version) OR min(version) <> 1
"""
_DOUBLES = """
SELECT 'position ' || pos AS what FROM es.events GROUP BY pos HAVING count(*) > 1
UNION ALL
SELECT 'event ' || event_id FROM es.events GROUP BY event_id HAVING count(*) > 1
"""
_OWNERS = "SELECT DISTINCT stream_id, gym_id FROM es.events WHERE gym_id <> $1"
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Stores:
    """The rules that are asked of each store as a whole."""

    def __init__(self) -> None:
        self._once = Verdict("I3", "a command has its effect once", "answers kept")
        self._gapless = Verdict("I11", "versions have no gap, positions no double", "streams")

    async def look(self, context: str, db: "_Db") -> None:
        self._once.looked_at += await db.fetchval("SELECT count(*) FROM es.answers")
        for row in await db.fetch(_TWICE):
            self._once.accuse(
                f"{context}#{row['pos']}: {row['command']} by {row['actor']} {row['times']} times"
            )
        for row in await db.fetch(_EMPTY):
            self._once.accuse(f"{context}#{row['pos']}: {row['command_id']} has no event")
        self._gapless.looked_at += await db.fetchval(
            "SELECT count(*) FROM (SELECT DISTINCT gym_id, category, stream_id FROM es.events) s"
        )
        for row in await db.fetch(_GAPS):
            self._gapless.accuse(
                f"{context} {row['category']}-{row['stream_id']}:"
                f" {row['events']} events up to version {row['last']}"
            )
        for row in await db.fetch(_DOUBLES):
            self._gapless.accuse(f"{context} {row['what']}")

    def verdicts(self) -> list[Verdict]:
        return [self._once, self._gapless]


class Owners:
    """Whose everything is, and no event that names what is another gym's."""

    def __init__(self) -> None:
        self._owners: dict[bytes, UUID] = {}
        self._verdict = Verdict("I9", "no event names what is another gym's", "events")

    async def learn(self, db: "_Db") -> None:
        """Which gym each stream of the store is of."""
        for row in await db.fetch(_OWNERS, PLATFORM):
            self.belongs(str(row["stream_id"]), row["gym_id"])

    def belongs(self, stream_id: str, gym_id: UUID) -> None:
        """Take note of whose a stream is."""
        known = self._owners.setdefault(stream_id.encode(), gym_id)
        if known != gym_id:
            self._verdict.accuse(f"{stream_id} is of {known} and of {gym_id}")

    def see(self, seen: Seen) -> None:
        if seen.gym_id == PLATFORM:
            return  # the platform's own events are about gyms
        self._verdict.looked_at += 1
        for one in _ID.findall(seen.data):
            if self._owners.get(one, seen.gym_id) != seen.gym_id:
                self._verdict.accuse(f"{seen.where} of gym {seen.gym_id} names {one.decode()}")

    def verdicts(self) -> list[Verdict]:
        return [self._verdict]
