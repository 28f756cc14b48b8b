"""One look at a whole installation."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import Clock
from chassis.streams import event_stream
from deploy.check import history
from deploy.check.money import Credits, Fees, Invoices
from deploy.check.seats import IdleSeats, Seats, Times
from deploy.check.stores import Owners, Stores
from deploy.check.streams import Streams
from deploy.check.verdict import Verdict
from deploy.check.views import Views
from services.projections.app import models

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

STORES = ("billing", "booking", "members", "access")
"""In this order: what billing heard of, booking's store, read later, holds for certain."""
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


async def check(grounds: Grounds, on_its_way: timedelta = ON_ITS_WAY) -> list[Verdict]:
    """Every invariant, in the order of their codes.

    What was recorded less than ``on_its_way`` ago need not have been heard of yet. Raises
    ``asyncpg.PostgresError``, ``nats.errors.Error`` or ``NotYet`` when it cannot look.
    """
    settled_before = datetime.now(UTC) - on_its_way  # recorded_at is the database's time
    stores, owners = Stores(), Owners()
    streams, views = Streams(grounds.client, settled_before), Views()
    rules = (
        Seats(), IdleSeats(grounds.clock.now()), Times(), Credits(), Invoices(),
        Fees(settled_before), owners,
    )  # fmt: skip
    async with _opened(grounds) as (kept, shown):
        for db in kept.values():
            await owners.learn(db)
        for context, db in kept.items():
            await stores.look(context, db)
            async for rows in history.rows(db):
                for row in rows:
                    seen = history.seen(context, row)
                    for rule in rules:
                        rule.see(seen)
            await streams.look(context, db)
        await streams.look_at_places(shown)
        sources = {event_stream(context): db for context, db in kept.items()}
        for model in models(grounds.asker, grounds.clock):
            await views.look(model, shown, sources[model.source])
    found = [verdict for rule in (*rules, stores, streams, views) for verdict in rule.verdicts()]
    return sorted(found, key=lambda one: (len(one.code.rstrip("b")), one.code))


@asynccontextmanager
async def _opened(grounds: Grounds) -> AsyncIterator[tuple[dict[str, "_Db"], "_Db"]]:
    """Connections to the stores and to the read models."""
    async with AsyncExitStack() as stack:

        async def connect(database: str, **settings: str) -> "_Db":
            told = {"application_name": "check", **settings}
            db = await asyncpg.connect(grounds.dsn(database), timeout=10, server_settings=told)
            stack.push_async_callback(db.close)
            return db

        kept = {context: await connect(f"b2b_{context}") for context in STORES}
        # Names without a schema are the temporary tables a read model is folded into.
        settings = {"search_path": "pg_temp", "default_transaction_read_only": "off"}
        yield kept, await connect("b2b_views", **settings)
