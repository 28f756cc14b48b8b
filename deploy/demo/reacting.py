"""Waits until services know of each other what is decided by, before the clock goes on.

Doors check people in, and fees that are due become lines. Were a fee heard of only after its
reversal, which is days later, its invoice would tell another life.
"""

import asyncio
import time
from types import TracebackType
from typing import Self

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

ASK_EVERY = 0.01  # seconds
PATIENCE = 120.0  # seconds
HEARD: dict[type[Event], Hears] = {
    AccessGranted: BOOKING_HEARS[AccessGranted],
    FeeDue: BILLING_HEARS[FeeDue],
    FeeReversed: BILLING_HEARS[FeeReversed],
}
"""Of the rest nothing hangs on which came first."""
NEWEST = "SELECT max(pos) FROM es.events WHERE pos > $1 AND type = ANY ($2)"


class Reacting:
    """Those who hear of others, while this is entered."""

    def __init__(self, installation: Access, client: Client) -> None:
        self._installation = installation
        self._heard = [
            _Heard(client, context) for context in sorted({each.context for each in HEARD.values()})
        ]

    async def __aenter__(self) -> Self:
        for each in self._heard:
            await each.open(self._installation)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._heard:
            each.close()

    async def are_done(self) -> None:
        """Return when all have reacted to what was recorded so far. Raises ``Trouble``."""
        for each in self._heard:
            await each.is_reacted_to()


class _Heard:
    """One context, as far as others decide by it."""

    def __init__(self, client: Client, context: str) -> None:
        self.context = context
        self._stream = event_stream(context)
        self._jetstream, self._tail = client.jetstream(), Tail(client, self._stream)
        mine = {kind: each for kind, each in HEARD.items() if each.context == context}
        self._types = [kind.event_type for kind in mine]
        self._consumers = [each.name for each in mine.values()]
        self._seen = 0
        self._store: asyncpg.Connection[asyncpg.Record] | None = None

    async def open(self, installation: Access) -> None:
        dsn = installation.dsn(f"{self.context}_relay", f"b2b_{self.context}")
        self._store = await asyncpg.connect(dsn, timeout=10)

    def close(self) -> None:
        if self._store is not None:
            self._store.terminate()

    async def is_reacted_to(self) -> None:
        assert self._store is not None
        newest: int | None = await self._store.fetchval(NEWEST, self._seen, self._types)
        if newest is None:
            return
        until = time.monotonic() + PATIENCE
        while not await self._is_past(newest):
            if time.monotonic() > until:
                raise Trouble(f"demo: nobody hears what {self.context} has recorded")
            await asyncio.sleep(ASK_EVERY)
        self._seen = newest

    async def _is_past(self, position: int) -> bool:
        await self._tail.find()
        if self._tail.position < position:
            return False
        infos = [await self._jetstream.consumer_info(self._stream, one) for one in self._consumers]
        return not any(info.num_pending or info.num_ack_pending for info in infos)
