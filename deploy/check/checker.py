"""Looks at a whole installation: the first from zero, every further one at what is new since."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self, TypeAlias

import asyncpg
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import Clock
from chassis.streams import event_stream
from deploy.check import history
from deploy.check.entries import Entries
from deploy.check.erased import Erased
from deploy.check.fees import Charges
from deploy.check.owners import Owners
from deploy.check.rows import Rows
from deploy.check.stores import Stores
from deploy.check.stories import Stories
from deploy.check.streams import Streams
from deploy.check.verdict import Moment, Verdict, summed
from deploy.check.views import Views
from services.projections.app import models
from services.projections.keys import MembersKeys

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

STORES = ("billing", "booking", "members", "access")
ON_ITS_WAY = timedelta(seconds=30)
"""How long an event may be between a store and who hears of it."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a look needs."""

    dsn: Callable[[str], str]
    """Database -> how the auditor reaches it."""
    client: Client
    asker: Asker
    """Asks members for the keys of what is shown of persons."""
    clock: Clock


class Watch:
    """Looks that remember how far they have come. ``begun``, and ``close``d after the last."""

    def __init__(
        self, grounds: Grounds, on_its_way: timedelta, kept: dict[str, "_Db"], shown: "_Db"
    ) -> None:
        self._grounds, self._on_its_way = grounds, on_its_way
        self._kept, self._shown = kept, shown
        owners, keys = Owners(kept.values()), MembersKeys(grounds.asker, grounds.clock)
        self._charges, self._entries = Charges(kept), Entries(kept)
        self._erased, self._rows = Erased(shown, keys), Rows(shown, owners)
        across = (self._charges, self._entries, self._erased)
        self._stories = {
            context: Stories(context, db, owners, across) for context, db in kept.items()
        }
        self._stores, self._streams, self._views = Stores(), Streams(grounds.client), Views(shown)
        self._read: dict[str, int] = {}
        """Store -> the position up to which it was read."""

    @classmethod
    async def begun(cls, grounds: Grounds, on_its_way: timedelta = ON_ITS_WAY) -> Self:
        """With connections to the stores and to the read models. Raises as asyncpg does."""
        opened: list[_Db] = []

        async def connect(database: str, **settings: str) -> "_Db":
            told = {"application_name": "check", **settings}
            db = await asyncpg.connect(grounds.dsn(database), timeout=10, server_settings=told)
            opened.append(db)
            return db

        # Names without a schema are the temporary tables a read model is folded into.
        settings = {"search_path": "pg_temp", "default_transaction_read_only": "off"}
        try:
            kept = {context: await connect(f"b2b_{context}") for context in STORES}
            return cls(grounds, on_its_way, kept, await connect("b2b_views", **settings))
        except BaseException:
            for db in opened:
                db.terminate()
            raise

    def close(self) -> None:
        """At once; nobody needs a goodbye."""
        for db in (*self._kept.values(), self._shown):
            db.terminate()

    async def look(self) -> list[Verdict]:
        """Every invariant, in the order of their codes.

        What was recorded less than ``on_its_way`` ago need not have been heard of yet. Raises
        ``asyncpg.PostgresError``, ``nats.errors.Error`` or ``NotYet`` when it cannot look; what
        it has seen until then is not looked at again.
        """
        # Not by our clock: what was recorded just now would be settled long since if it is ahead.
        now = min([await history.its_time(db) for db in self._kept.values()])
        moment = Moment(self._grounds.clock.now(), now - self._on_its_way)
        self._streams.begin()
        for rule in (self._views, self._erased, self._rows):
            rule.begin()
        for context, db in self._kept.items():
            await self._look_at(context, db, moment)
        for across in (self._charges, self._entries):
            await across.look(moment)
            await across.look_again(moment)
        await self._streams.look_at_places(self._shown, moment)
        sources = {event_stream(context): db for context, db in self._kept.items()}
        for model in models(self._grounds.asker, self._grounds.clock):
            await self._views.look(model, sources[model.source])
            await self._rows.look(model.tables)
        await self._erased.look(moment)
        told = [one for stories in self._stories.values() for one in stories.verdicts(moment)]
        for held in (self._charges, self._entries, self._stores, self._streams, self._views,
                     self._rows, self._erased):  # fmt: skip
            told += held.verdicts()
        return summed(told)

    async def _look_at(self, context: str, db: "_Db", moment: Moment) -> None:
        stories, until = self._stories[context], await history.horizon(db)
        if (after := self._read.get(context)) is None:
            await stories.look_from_zero(until, moment)
        else:
            await stories.look_on(after, until, moment)
        await self._stores.look(context, db, after or 0, until)
        self._read[context] = until
        await self._streams.look(context, db, moment)

    @property
    def must_begin_anew(self) -> bool:
        """Whether something was found that only a look from zero can take back."""
        return not (self._stores.holds and self._views.holds) or self._streams.differ


async def check(grounds: Grounds, on_its_way: timedelta = ON_ITS_WAY) -> list[Verdict]:
    """One look from zero. Raises as ``Watch.look``."""
    watch = await Watch.begun(grounds, on_its_way)
    try:
        return await watch.look()
    finally:
        watch.close()
