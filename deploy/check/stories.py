"""Streams as stories: what each rule makes of one, and the streams of a store all together.

From zero every stream is read once, one after the other, and forgotten: memory does not grow with
history. Later only what is new is read. A stream's story goes on from memory when it is still
there, else it is read from its beginning; so is every stream that offends, until it is mended.
"""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeAlias
from uuid import UUID

import asyncpg

from contracts.envelope import UnknownEvent
from deploy.check import history
from deploy.check.cards import cards_in
from deploy.check.history import Seen, StreamKey
from deploy.check.money import Credits, Invoices
from deploy.check.owners import Owners
from deploy.check.seats import IdleSeats, Seats, Times
from deploy.check.verdict import Moment, Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]


class Rule(Protocol):
    """What must hold of one stream."""

    def see(self, seen: Seen) -> None: ...

    def verdicts(self, moment: Moment) -> list[Verdict]: ...


RULES: Mapping[tuple[str, str], tuple[type[Rule], ...]] = {
    ("booking", "session"): (Seats, IdleSeats),
    ("booking", "ledger"): (Times, Credits),
    ("billing", "account"): (Invoices,),
}
"""Context and category -> the rules its streams are held to, beside those of all streams."""
KEPT = 5_000  # stories a store has in memory, 5 to 10 kB each
AGAIN = 500  # stories that offend, read anew in one look; others in the next
BROKEN = (ValueError, LookupError, AttributeError, TypeError)
"""How Python says that an event does not fit those before it."""


class Across(Protocol):
    """What must hold of several streams, of several stores."""

    def hear(self, context: str, row: asyncpg.Record) -> None:
        """Take note of a row."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether what was noted must be looked at now, for the memory it takes."""
        ...

    async def look(self, moment: Moment) -> None:
        """Look at what was noted."""
        ...


class Story:
    """One stream, as far as it has been read."""

    __slots__ = ("_cards", "_context", "_is_sound", "_names", "_order", "_rules", "version")

    def __init__(self, context: str, category: str) -> None:
        self.version = 0
        self._context, self._is_sound = context, True
        self._rules = [kind() for kind in RULES.get((context, category), ())]
        self._order = Verdict(
            "I11", "versions have no gap, events and positions no double", "streams", 1
        )
        self._names = Verdict("I9", "no event names what is another gym's", "events")
        self._cards = Verdict("I13", "no card number is kept", "texts")

    def see(self, row: asyncpg.Record, named: Mapping[str, frozenset[UUID]]) -> None:
        """The next event, and whose the ids are that it names."""
        self._names.looked_at += bool(named)
        for one, gyms in named.items():
            if gyms - {row["gym_id"]}:
                self._names.accuse(f"{self._where(row)} of gym {row['gym_id']} names {one}")
        self._cards.looked_at += 1
        if cards_in(row["data"]):
            self._cards.accuse(f"{self._where(row)} keeps one")
        if row["version"] != self.version + 1:
            self._fails(row, f"after version {self.version}")
        self.version = row["version"]
        if self._rules and self._is_sound:
            try:
                self._obey(history.seen(self._context, row))
            except BROKEN as error:
                self._fails(row, f"{type(error).__name__} while folding")

    def _obey(self, seen: Seen) -> None:
        if not isinstance(seen.event, UnknownEvent):
            for rule in self._rules:
                rule.see(seen)

    def _fails(self, row: asyncpg.Record, why: str) -> None:
        """What follows says nothing any more."""
        self._is_sound = False
        self._order.accuse(f"{self._where(row)} {why}")

    def _where(self, row: asyncpg.Record) -> str:
        return history.place(
            self._context, row["pos"], row["category"], row["stream_id"], row["version"]
        )

    def may_change(self, moment: Moment) -> bool:
        """Whether time alone may make it another verdict."""
        return any(isinstance(one, IdleSeats) and one.may_change(moment) for one in self._rules)

    def verdicts(self, moment: Moment) -> list[Verdict]:
        ruled = [verdict for rule in self._rules for verdict in rule.verdicts(moment)]
        return [self._order, self._names, self._cards, *ruled]


class Stories:
    """All streams of one store."""

    def __init__(self, context: str, db: "_Db", owners: Owners, across: Sequence[Across]) -> None:
        self._context, self._db, self._owners, self._across = context, db, owners, across
        self._kept: OrderedDict[StreamKey, Story] = OrderedDict()
        self._held: dict[StreamKey, Story] = {}
        """Those that offend, or may by time alone."""
        self._looked_at: Counter[str] = Counter()

    async def look_from_zero(self, until: int, moment: Moment) -> None:
        """Read all streams up to the position ``until``."""
        current: tuple[StreamKey, Story] | None = None
        async for key, row, named in self._each(history.by_stream(self._db, until)):
            if current is None or current[0] != key:
                if current is not None:
                    self._weigh(*current, moment)
                current = key, Story(self._context, key.category)
            current[1].see(row, named)
            await self._note([row], moment)
        if current is not None:
            self._weigh(*current, moment)

    async def look_on(self, after: int, until: int, moment: Moment) -> None:
        """Read what lies between two positions, and again what offends."""
        wrong = (key for key, one in self._held.items() if _offends(one, moment))
        await self._begin_anew(list(islice(wrong, AGAIN)), until, moment)
        async for rows in history.behind(self._db, after, until):
            await self._go_on(rows, until, moment)
            await self._note(rows, moment)

    async def _go_on(self, rows: list[asyncpg.Record], until: int, moment: Moment) -> None:
        touched: dict[StreamKey, Story] = {}
        absent: set[StreamKey] = set()
        for row, named in zip(rows, await self._owners.named_in(rows), strict=True):
            key = history.key_of(row)
            story = touched.get(key) or self._known(key, row["version"])
            if story is None or row["version"] > story.version + 1:
                absent.add(key)
            elif row["version"] == story.version + 1:  # else it was read when it began anew
                story.see(row, named)
                touched[key] = story
        for key in touched.keys() - absent:
            self._keep(key, touched[key], moment)
        await self._begin_anew(absent, until, moment)

    async def _note(self, rows: Iterable[asyncpg.Record], moment: Moment) -> None:
        """Have those look who look across streams."""
        for rule in self._across:
            for row in rows:
                rule.hear(self._context, row)
            if rule.is_full:
                await rule.look(moment)

    def _known(self, key: StreamKey, version: int) -> Story | None:
        """The story so far, if it is remembered or begins with ``version``."""
        story = self._kept.get(key) or self._held.get(key)
        return story or (Story(self._context, key.category) if version == 1 else None)

    async def _begin_anew(self, keys: Collection[StreamKey], until: int, moment: Moment) -> None:
        """Read these streams from their beginnings."""
        stories = {key: Story(self._context, key.category) for key in keys}
        async for key, row, named in self._each(history.of(self._db, keys, until)):
            stories[key].see(row, named)
        for key, story in stories.items():
            self._keep(key, story, moment)

    async def _each(
        self, batches: AsyncIterator[list[asyncpg.Record]]
    ) -> AsyncIterator[tuple[StreamKey, asyncpg.Record, Mapping[str, frozenset[UUID]]]]:
        async for rows in batches:
            for row, named in zip(rows, await self._owners.named_in(rows), strict=True):
                yield history.key_of(row), row, named

    def _keep(self, key: StreamKey, story: Story, moment: Moment) -> None:
        """Have it at hand, the least recently told one less."""
        self._kept.pop(key, None)
        self._kept[key] = story
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self._weigh(key, story, moment)

    def _weigh(self, key: StreamKey, story: Story, moment: Moment) -> None:
        """Hold on to it if it offends or may."""
        self._held.pop(key, None)
        for one in story.verdicts(moment):
            self._looked_at[one.code] += one.looked_at
        if _offends(story, moment) or story.may_change(moment):
            self._held[key] = story

    def verdicts(self, moment: Moment) -> list[Verdict]:
        """What is known now; what was looked at is counted anew."""
        told = [
            replace(one, looked_at=self._looked_at[one.code])
            for one in _blank(self._context, moment)
        ]
        self._looked_at = Counter()
        for key, story in list(self._held.items()):
            if _offends(story, moment):
                told += (replace(one, looked_at=0) for one in story.verdicts(moment))
            elif not story.may_change(moment):
                del self._held[key]
        return told


def _offends(story: Story, moment: Moment) -> bool:
    return not all(one.holds for one in story.verdicts(moment))


def _blank(context: str, moment: Moment) -> Iterator[Verdict]:
    """Every verdict a story of this store may come to, with nothing wrong."""
    found: dict[str, Verdict] = {}
    for store, category in RULES:
        if store == context:
            found |= {one.code: one for one in Story(store, category).verdicts(moment)}
    yield from (found or {one.code: one for one in Story(context, "").verdicts(moment)}).values()
