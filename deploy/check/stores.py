"""What every store promises, whatever it holds: a command once, nothing twice (I3, I11)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from deploy.check.verdict import Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

LONGEST_WRITE = timedelta(minutes=1)
"""Between an answer's time and its being there: no transaction of a service lasts that long."""
# One transaction writes all of a command, so its events share the id of the transaction; and the
# answer that is kept names the last of them, which may lie behind what is looked at.
_TWICE = """
SELECT e.gym_id, e.actor, e.command, e.times + (a.pos < e.first)::int AS times, e.first AS pos
  FROM (SELECT gym_id, told ->> 'actor' AS actor, (told ->> 'command_id')::uuid AS command,
               count(DISTINCT tx) AS times, min(pos) AS first
          FROM (SELECT gym_id, pos, xmin::text AS tx, convert_from(meta, 'UTF8')::jsonb AS told
                  FROM es.events WHERE pos > $1 AND pos <= $2) n
         GROUP BY gym_id, actor, command) e
  LEFT JOIN es.answers a
    ON a.gym_id = e.gym_id AND a.command_id = e.command AND a.actor = e.actor
 WHERE e.times > 1 OR a.pos < e.first
"""
_EMPTY = """
SELECT a.gym_id, a.command_id, a.pos FROM es.answers a
 WHERE a.at >= $1 AND a.pos IS NOT NULL
   AND NOT EXISTS (SELECT FROM es.events e WHERE e.pos = a.pos AND e.gym_id = a.gym_id)
"""
_ANSWERS = "SELECT count(*) FROM es.answers WHERE at >= $1"
_DOUBLES = """
SELECT 'position ' || pos AS what FROM es.events WHERE pos > $1 AND pos <= $2
 GROUP BY pos HAVING count(*) > 1
UNION ALL
SELECT 'event ' || event_id FROM es.events WHERE pos > $1 AND pos <= $2
 GROUP BY event_id HAVING count(*) > 1
"""


class Stores:
    """The rules that are asked of a store as a whole, of what is new in it.

    What they find stands until everything is looked at from zero again.
    """

    def __init__(self) -> None:
        self._once = Verdict("I3", "a command has its effect once", "answers kept")
        self._single = Verdict("I11", "versions have no gap, events and positions no double", "")
        self._answered: dict[str, datetime] = {}
        """Store -> answers kept before were looked at."""
        self._empty: set[str] = set()
        """What answers were said, so that an overlap says none of it twice."""

    async def look(self, context: str, db: "_Db", after: int, until: int) -> None:
        """Look at the events between two positions, and at the answers kept with them."""
        before: datetime = await db.fetchval("SELECT clock_timestamp()")
        since = self._answered.get(context, before - timedelta(days=3650))
        self._once.looked_at += await db.fetchval(_ANSWERS, since)
        for row in await db.fetch(_TWICE, after, until):
            self._once.accuse(
                f"{context}#{row['pos']}: {row['command']} by {row['actor']} {row['times']} times"
            )
        for row in await db.fetch(_EMPTY, since):
            self._answers_nothing(f"{context}#{row['pos']}: {row['command_id']} has no event")
        for row in await db.fetch(_DOUBLES, after, until):
            self._single.accuse(f"{context} {row['what']}")
        self._answered[context] = before - LONGEST_WRITE

    def _answers_nothing(self, offender: str) -> None:
        if offender not in self._empty:
            self._empty.add(offender)
            self._once.accuse(offender)

    @property
    def holds(self) -> bool:
        return self._once.holds and self._single.holds

    def verdicts(self) -> list[Verdict]:
        return [self._once, self._single]
