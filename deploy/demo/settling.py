"""Waits until what was done has gone all the way: relayed, reacted to, on every screen."""

import asyncio
import time
from collections.abc import Callable

import asyncpg
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import Clock
from chassis.reader import count_behind
from chassis.relay.tail import Tail
from chassis.streams import CONTEXTS, event_stream
from deploy.local.access import Access
from deploy.trouble import Trouble
from services.projections.app import models

LOOK_EVERY = 0.2  # seconds between looks at everything
PATIENCE = 120.0  # seconds without anything moving
NEWEST = "SELECT coalesce(max(pos), 0) FROM es.events"

Say = Callable[[str], None]


class Settling:
    """How far behind the front everything is."""

    def __init__(self, installation: Access, client: Client, asker: Asker, clock: Clock) -> None:
        self._at, self._client = installation, client
        self._models = models(asker, clock)

    async def everything(self, say: Say) -> None:
        """Until nobody is behind. Raises ``Trouble`` when nothing moves any more."""
        least, until = -1, time.monotonic() + PATIENCE
        while behind := await self._behind():
            if least < 0 or behind < least:
                least, until = behind, time.monotonic() + PATIENCE
                say(f"demo: screens follow, {behind:,} to go")
            if time.monotonic() > until:
                raise Trouble(f"demo: {behind:,} events are not shown yet, and nothing moves")
            await asyncio.sleep(LOOK_EVERY)

    async def _behind(self) -> int:
        """Events to relay, to react to and to show; each counted where it waits."""
        waiting = 0
        for context in CONTEXTS:
            waiting += await self._unsent(context)
            for one in await self._client.jetstream().consumers_info(event_stream(context)):
                if one.config.durable_name:
                    waiting += (one.num_pending or 0) + (one.num_ack_pending or 0)
        return waiting + await self._unseen()

    async def _unsent(self, context: str) -> int:
        db = await asyncpg.connect(self._at.dsn(f"{context}_relay", f"b2b_{context}"), timeout=10)
        try:
            newest: int = await db.fetchval(NEWEST)
        finally:
            await db.close()
        tail = Tail(self._client, event_stream(context))
        await tail.find()
        return max(newest - tail.position, 0)

    async def _unseen(self) -> int:
        db = await asyncpg.connect(self._at.dsn("projections", "b2b_views"), timeout=10)
        try:
            rows = await db.fetch("SELECT name, seq FROM views.checkpoints")
        finally:
            await db.close()
        seen: dict[str, int] = {row["name"]: row["seq"] for row in rows}
        behind = 0
        for one in self._models:
            behind += await count_behind(
                self._client, one.source, one.subjects, seen.get(one.name, 0)
            )
        return behind
