"""What read models show, row by row: nothing of another gym's (I9b), no card number (I13).

That a row is the fold of its events (I10) does not say this: the model that folds may be what is
wrong. From zero all rows are looked at; later some pages of each table, in turn.
What is put into SQL here are names of tables, constants of ours.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from contracts.ids import PLATFORM
from deploy.check.cards import DIGITS, is_card
from deploy.check.owners import Owners
from deploy.check.verdict import Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

PAGES = 100  # of 8 kB; what is looked at in one go, and of each table in a later look
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SIZE = "SELECT pg_relation_size(('views.' || $1)::regclass) / current_setting('block_size')::int"


def _named(table: str) -> str:
    """What rows name. A range of pages is read by itself, whatever the table's key is."""
    return f"""
SELECT gym_id, count(DISTINCT t.ctid) AS rows, array_agg(DISTINCT m[1]) AS ids
  FROM views.{table} t LEFT JOIN LATERAL regexp_matches(t::text, '({_ID})', 'g') m ON true
 WHERE t.ctid >= $1::text::tid AND t.ctid < $2::text::tid GROUP BY gym_id
"""


def _numbers(table: str) -> str:
    """What may be a card's."""
    return f"""
SELECT gym_id, m[1] AS number
  FROM views.{table} t, regexp_matches(t::text, '({DIGITS})', 'g') m
 WHERE t.ctid >= $1::text::tid AND t.ctid < $2::text::tid
"""


class Rows:
    """The tables of all read models; ``views`` is a session of the auditor's."""

    def __init__(self, views: "_Db", owners: Owners) -> None:
        self._views, self._owners = views, owners
        self._next: Counter[str] = Counter()
        """Table -> the page whose turn it is."""
        self._wrong: dict[str, set[int]] = {}
        """Table looked at as a whole before -> where something is wrong, looked at every time."""
        self.begin()

    def begin(self) -> None:
        """Another look. What was found is said for as long as it is there."""
        self._names = Verdict("I9b", "no row names what is another gym's", "rows")
        self._cards = Verdict("I13", "no card number is kept", "texts")

    async def look(self, tables: Iterable[str]) -> None:
        """Look at all rows of new tables, at some of those known."""
        for table in tables:
            pages = range(0, await self._size(table), PAGES)
            is_new = table not in self._wrong
            chosen = pages if is_new else self._wrong[table] | self._turn(table, pages)
            self._wrong[table] = {page for page in chosen if await self._is_wrong(table, page)}

    async def _size(self, table: str) -> int:
        """Of the table that has the name by now: a rebuild may swap it while it is asked for."""
        size: int | None = None
        while size is None:
            size = await self._views.fetchval(_SIZE, table)
        return size

    def _turn(self, table: str, pages: range) -> set[int]:
        page = self._next[table] if self._next[table] in pages else 0
        self._next[table] = page + PAGES
        return {page}

    async def _is_wrong(self, table: str, page: int) -> bool:
        before = self._names.offences + self._cards.offences
        await self._look_at(table, page)
        return self._names.offences + self._cards.offences > before

    async def _look_at(self, table: str, page: int) -> None:
        span = f"({page},0)", f"({page + PAGES},0)"
        # nosemgrep: sql-from-strings
        named = await self._views.fetch(_named(table), *span)
        owners = await self._owners.of({one for row in named for one in row["ids"] if one})
        for gym, rows, ids in named:
            self._names.looked_at += rows
            self._cards.looked_at += rows
            for one in filter(None, ids):
                if gym != PLATFORM and owners[one] - {gym}:
                    self._names.accuse(f"{table}: gym {gym} is shown {one}")
        # nosemgrep: sql-from-strings
        for gym, number in await self._views.fetch(_numbers(table), *span):
            if is_card(number):
                self._cards.accuse(f"{table}: gym {gym} keeps one")

    def verdicts(self) -> list[Verdict]:
        return [self._names, self._cards]
