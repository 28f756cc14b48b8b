"""Waits until services know of each other what is decided by, before the clock goes on.

Doors check people in, and fees that are due become lines. Were a fee heard of only after its
reversal, which is days later, its invoice would tell another life.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
from nats.aio.client import Client

from chassis.hears import Hears
from chassis.relay.tail import Tail
from chassis.streams import event_stream
from contracts.access import AccessGranted
from contracts.booking import FeeDue, FeeReversed
from contracts.envelope import Event
from deploy.local.access import Access
from deploy.trouble import Trouble
from services.billing.reactions import HEARS as BILLING_HEARS
from services.booking.reactions import HEARS as BOOKING_HEARS

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

ASK_EVERY = 0.01  # seconds
PATIENCE = 120.0  # seconds
HEARD: dict[type[Event], Hears] = {
    AccessGranted: BOOKING_HEARS[AccessGranted],
    FeeDue: BILLING_HEARS[FeeDue],
    FeeReversed: BILLING_HEARS[FeeReversed],
}
"""Of the rest nothing hangs on which came first."""
NEWEST = "SELECT max(pos) FROM es.events WHERE pos > $1 AND type = ANY ($2)"


@asynccontextmanager
async def reacting(
    installation: Access, client: Client
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """What returns when all have reacted to what was recorded so far. It raises ``Trouble``."""
    async with AsyncExitStack() as stores:
        heard: list[_Heard] = []
        for context in sorted({each.context for each in HEARD.values()}):
            dsn = installation.dsn(f"{context}_relay", f"b2b_{context}")
            store = await asyncpg.connect(dsn, timeout=10)
            stores.callback(store.terminate)
            heard.append(_Heard(client, context, store))

        async def are_done() -> None:
            for each in heard:
                await each.is_reacted_to()

        yield are_done


class _Heard:
    """One context, as far as others decide by it."""

    def __init__(self, client: Client, context: str, store: "_Db") -> None:
        self._context, self._store, self._stream = context, store, event_stream(context)
        self._jetstream, self._tail = client.jetstream(), Tail(client, self._stream)
        mine = {kind: each for kind, each in HEARD.items() if each.context == context}
        self._types = [kind.event_type for kind in mine]
        self._consumers = [each.name for each in mine.values()]
        self._seen = 0

    async def is_reacted_to(self) -> None:
        newest: int | None = await self._store.fetchval(NEWEST, self._seen, self._types)
        if newest is None:
            return
        until = time.monotonic() + PATIENCE
        while not await self._is_past(newest):
            if time.monotonic() > until:
                raise Trouble(f"demo: nobody hears what {self._context} has recorded")
            await asyncio.sleep(ASK_EVERY)
        self._seen = newest

    async def _is_past(self, position: int) -> bool:
        await self._tail.find()
        if self._tail.position < position:
            return False
        infos = [await self._jetstream.consumer_info(self._stream, one) for one in self._consumers]
        return not any(info.num_pending or info.num_ack_pending for info in infos)
