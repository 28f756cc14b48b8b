"""Read models show what their events make, row by row (I10).

Each is folded once more, from the store and by the model itself, into temporary tables. What it
shows is compared at exactly the position it has reached; only for that moment are its tables held.
"""

import re
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from chassis.projection import ReadModel
from chassis.projection.ledger import POISON
from chassis.wire import pack, unpack
from contracts.envelope import UnknownEvent
from deploy.check import history
from deploy.check.verdict import Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

_POSITION = "SELECT position FROM views.checkpoints WHERE name = $1"
_ASIDE = "CREATE TEMPORARY TABLE {0} (LIKE views.{0} INCLUDING ALL)"
_DIFFERENCE = """
SELECT gym_id, count(*) AS rows FROM (
    SELECT gym_id, t::text FROM {0} t EXCEPT ALL SELECT gym_id, t::text FROM {1} t
) d GROUP BY gym_id
"""


class Views:
    """Every read model against its fold."""

    def __init__(self) -> None:
        self._verdict = Verdict("I10", "read models are the fold of their events", "rows")

    async def look(self, model: ReadModel, views: "_Db", store: "_Db") -> None:
        for table in model.tables:
            await views.execute(_ASIDE.format(table))
        try:
            done = await self._fold(model, views, store, 0)
            async with views.transaction(isolation="repeatable_read"):
                await self._fold(model, views, store, done)
                for table in model.tables:
                    await self._compare(table, views)
        except POISON as error:
            self._verdict.accuse(f"{model.name}: {type(error).__name__} while folding")
        finally:
            for table in model.tables:
                await views.execute(f"DROP TABLE pg_temp.{table}")

    async def _fold(self, model: ReadModel, views: "_Db", store: "_Db", after: int) -> int:
        """Apply what lies between ``after`` and where the live one is; returns where that is."""
        until = int(await views.fetchval(_POSITION, model.name) or 0)
        heard = _matching(model.subjects)
        async for rows in history.rows(store, after, until):
            messages = (pack(row) for row in rows)
            wanted = [unpack(one.body) for one in messages if heard.fullmatch(one.subject)]
            known = [one for one in wanted if not isinstance(one.event, UnknownEvent)]
            if known:
                async with views.transaction():
                    await model.apply(views, known)  # type: ignore[arg-type]
        return until

    async def _compare(self, table: str, views: "_Db") -> None:
        live, folded = f"views.{table}", f"pg_temp.{table}"
        self._verdict.looked_at += await views.fetchval(f"SELECT count(*) FROM {live}")
        for row in await views.fetch(_DIFFERENCE.format(live, folded)):
            self._verdict.accuse(f"{table}: {row['rows']} of gym {row['gym_id']} nobody made")
        for row in await views.fetch(_DIFFERENCE.format(folded, live)):
            self._verdict.accuse(f"{table}: {row['rows']} of gym {row['gym_id']} are not shown")

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
