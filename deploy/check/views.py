"""Read models show what their events make, row by row (I10).

Each is folded once more, from the store and by the model itself, into temporary tables, which stay
as long as the session and take what is new at every look. What the live one shows is compared at
exactly the position it has reached; only for that moment are its tables held. A large table is
compared some gyms at a time, in turn; gyms with whom something is wrong every time.
What is put into SQL here are names of tables and conditions, constants of ours.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg

from chassis.projection import ReadModel
from chassis.projection.ledger import POISON
from chassis.wire import pack, unpack
from contracts.envelope import UnknownEvent
from deploy.check import history
from deploy.check.verdict import Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

ROWS = 50_000  # of a table, compared in one look; and the rest of the last of their gyms
_POSITION = "SELECT position FROM views.checkpoints WHERE name = $1"
_ASIDE = "CREATE TEMPORARY TABLE {0} (LIKE views.{0} INCLUDING ALL)"
_EMPTIED = "TRUNCATE pg_temp.{0}"
_HELD = "LOCK TABLE views.{0} IN ACCESS SHARE MODE"
_LAST = """
SELECT gym_id FROM views.{0} WHERE $1::uuid IS NULL OR gym_id > $1
 ORDER BY gym_id LIMIT 1 OFFSET $2
"""
_CHOSEN = """
WHERE (($1::uuid IS NULL OR gym_id > $1) AND ($2::uuid IS NULL OR gym_id <= $2)) OR gym_id = ANY($3)
"""
_SUMS = """
SELECT gym_id, count(*) AS n, sum(hashtextextended(t::text, 0)) AS h FROM {0} t {1} GROUP BY gym_id
"""
_DIFFERING = """
SELECT gym_id FROM ({0}) a FULL JOIN ({1}) b USING (gym_id)
 WHERE (a.n, a.h) IS DISTINCT FROM (b.n, b.h)
"""
_COUNT = "SELECT count(*) FROM views.{0} {1}"
_DIFFERENCE = """
SELECT gym_id, count(*) AS rows FROM (
    SELECT gym_id, t::text FROM {0} t WHERE gym_id = ANY($1)
    EXCEPT ALL SELECT gym_id, t::text FROM {1} t WHERE gym_id = ANY($1)
) d GROUP BY gym_id
"""


@dataclass(slots=True)
class _Turn:
    """Which gyms of a table are compared next."""

    after: UUID | None = None
    wrong: list[UUID] = field(default_factory=list)


class Views:
    """Every read model against its fold; ``views`` is one session, with ``pg_temp`` as its path."""

    def __init__(self, views: "_Db") -> None:
        self._views = views
        self._folded: dict[str, int] = {}
        """Read model -> position up to which it is folded."""
        self._poisoned: dict[str, str] = {}
        self._turns: dict[str, _Turn] = {}
        self.begin()

    def begin(self) -> None:
        """Another look: what was found before is found again, if it is still so."""
        self._verdict = Verdict("I10", "read models are the fold of their events", "rows")

    async def look(self, model: ReadModel, store: "_Db") -> None:
        """Fold what is new to ``model``, and compare."""
        is_new = model.name not in self._folded
        if is_new:
            await self._set_aside(model)
        if model.name not in self._poisoned:
            try:
                await self._catch_up(model, store, is_new)
            except POISON as error:
                self._poisoned[model.name] = f"{model.name}: {type(error).__name__} while folding"
        if model.name in self._poisoned:
            self._verdict.accuse(self._poisoned[model.name])

    async def _set_aside(self, model: ReadModel) -> None:
        for table in model.tables:
            await self._views.execute(_ASIDE.format(table))  # nosemgrep: sql-from-strings
            self._turns[table] = _Turn()
        self._folded[model.name] = 0

    async def _catch_up(self, model: ReadModel, store: "_Db", is_new: bool) -> None:
        await self._fold(model, store)
        if is_new:
            for table in model.tables:
                await self._views.execute(f"ANALYZE pg_temp.{table}")  # nosemgrep: sql-from-strings
        done = self._folded[model.name]
        try:
            async with self._views.transaction(isolation="repeatable_read"):
                # First of all: the moment that is seen begins when no rebuild can swap any more.
                # nosemgrep: sql-from-strings
                await self._views.execute(_HELD.format(", views.".join(model.tables)))
                await self._fold(model, store)
                for table in model.tables:
                    await self._compare(table)
        except BaseException:
            self._folded[model.name] = done
            raise

    async def _fold(self, model: ReadModel, store: "_Db") -> None:
        """Apply what lies between where the fold is and where the live one is."""
        until = int(await self._views.fetchval(_POSITION, model.name) or 0)
        if until < self._folded[model.name]:  # it was put back: so are we
            # nosemgrep: sql-from-strings
            await self._views.execute(_EMPTIED.format(", pg_temp.".join(model.tables)))
            self._folded[model.name] = 0
        heard = _matching(model.subjects)
        async for rows in history.behind(store, self._folded[model.name], until):
            messages = (pack(row) for row in rows)
            wanted = [unpack(one.body) for one in messages if heard.fullmatch(one.subject)]
            known = [one for one in wanted if not isinstance(one.event, UnknownEvent)]
            if known:
                async with self._views.transaction():
                    await model.apply(self._views, known)  # type: ignore[arg-type]
            self._folded[model.name] = rows[-1]["pos"]

    async def _compare(self, table: str) -> None:
        live, folded, turn = f"views.{table}", f"pg_temp.{table}", self._turns[table]
        # nosemgrep: sql-from-strings
        upto = await self._views.fetchval(_LAST.format(table), turn.after, ROWS - 1)
        chosen = turn.after, upto, turn.wrong
        # nosemgrep: sql-from-strings
        self._verdict.looked_at += await self._views.fetchval(
            _COUNT.format(table, _CHOSEN), *chosen
        )
        sums = _SUMS.format(live, _CHOSEN), _SUMS.format(folded, _CHOSEN)
        # nosemgrep: sql-from-strings
        rows = await self._views.fetch(_DIFFERING.format(*sums), *chosen)
        turn.after, turn.wrong = upto, [row["gym_id"] for row in rows]
        if not turn.wrong:
            return
        # nosemgrep: sql-from-strings
        for row in await self._views.fetch(_DIFFERENCE.format(live, folded), turn.wrong):
            self._verdict.accuse(f"{table}: {row['rows']} of gym {row['gym_id']} nobody made")
        # nosemgrep: sql-from-strings
        for row in await self._views.fetch(_DIFFERENCE.format(folded, live), turn.wrong):
            self._verdict.accuse(f"{table}: {row['rows']} of gym {row['gym_id']} are not shown")

    @property
    def holds(self) -> bool:
        """Whether what was folded can still be trusted."""
        return not self._poisoned

    def verdicts(self) -> list[Verdict]:
        return [self._verdict]


def _matching(subjects: tuple[str, ...]) -> re.Pattern[str]:
    """What a subscription to these subjects hears; to none: everything."""
    return re.compile(
        "|".join(
            re.escape(one).replace(r"\*", "[^.]+").replace(r"\.>", r"\..+").replace(">", ".+")
            for one in subjects
        )
        or ".*"
    )
