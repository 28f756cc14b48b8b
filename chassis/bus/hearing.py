"""What a reaction hears by, looked after: its durable consumer, who pulls, how far behind it is."""

import time
from dataclasses import dataclass
from typing import Any

import anyio
import structlog
from faststream._internal.endpoint.subscriber.usecase import SubscriberUsecase
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError
from prometheus_client import Gauge

from chassis.nats_client import JETSTREAM_SECONDS

AT_MOST_AWAY = 4096
"""Events of one consumer given out and not settled. One that failed counts until its last try: few
would let the failing events of one gym keep those of all others waiting."""

PENDING = Gauge("b2b_reaction_pending", "Events nobody has been given yet", ["consumer"])
BEHIND = Gauge("b2b_reaction_behind_seconds", "At most how long events have waited", ["consumer"])

log = structlog.get_logger(__name__)


class Behind:
    """How far one consumer is behind, as far as this process can see."""

    def __init__(self, consumer: str) -> None:
        self._pending, self._behind = PENDING.labels(consumer), BEHIND.labels(consumer)
        self._waited = 0.0
        self._given, self._given_at = -1, 0.0
        """Sequence of the last event anybody was given, and when we first saw that."""
        self._told = 0.0
        self._looked_at: float | None = None
        """When the last look succeeded; before any has, when the first one failed."""

    def heard(self, message: Msg) -> None:
        """``message`` has come; how long it had waited tells about those behind it."""
        meta = message.metadata
        if meta.num_delivered == 1:
            self._waited = max(0.0, time.time() - meta.timestamp.timestamp())

    def look(self, found: ConsumerInfo, now: float) -> None:
        """Tell what the server knows of the consumer at ``now``, by the event loop's clock."""
        pending = found.num_pending or 0
        given = found.delivered.stream_seq if found.delivered else 0
        if not pending:
            self._waited = 0.0
        if not pending or given != self._given:
            self._given, self._given_at = given, now
        self._pending.set(pending)
        self._told, self._looked_at = max(self._waited, now - self._given_at), now
        self._behind.set(self._told)

    def missed(self, now: float) -> None:
        """A look at ``now`` failed: what waited at the last one, and all since, may wait still."""
        if self._looked_at is None:
            self._looked_at = now
        self._behind.set(self._told + now - self._looked_at)


@dataclass(frozen=True, slots=True)
class Hearing:
    """A reactor at work."""

    broker: NatsBroker
    stream: str
    name: str
    subscriber: SubscriberUsecase[Any]
    behind: Behind

    async def mend(self) -> None:
        """Have a consumer, as it should be, and somebody who pulls from it.

        It goes with a stream that is lost: pulling from one that is gone spins and hears nothing
        for ever. Others make it again too, so that it is there does not say that we hear.
        """
        jetstream = self.broker.connection.jetstream(timeout=JETSTREAM_SECONDS)
        try:
            found = await jetstream.consumer_info(self.stream, self.name)
        except NotFoundError:
            log.warning("consumer is gone, making it again", consumer=self.name, stream=self.stream)
            self.behind.missed(anyio.current_time())
            await self._begin_again()
            return
        if not self._is_pulling:
            log.warning("nobody pulls, beginning again", consumer=self.name, stream=self.stream)
            await self._begin_again()
        if found.config.max_ack_pending != AT_MOST_AWAY:  # made by an older version
            wanted = found.config.evolve(max_ack_pending=AT_MOST_AWAY)
            await jetstream.add_consumer(self.stream, wanted)
        self.behind.look(found, anyio.current_time())

    @property
    def _is_pulling(self) -> bool:
        subscriber: Any = self.subscriber
        return subscriber.subscription is not None and any(
            not task.done() for task in subscriber.tasks
        )

    async def _begin_again(self) -> None:
        subscriber: Any = self.subscriber
        try:
            await subscriber.stop()
        except Error as trouble:  # what is half closed can be neither closed nor used
            log.warning("pulled no more, but not in order", reason=type(trouble).__name__)
            for task in subscriber.tasks:
                task.cancel()
            subscriber.tasks.clear()
            subscriber.subscription = None
        await subscriber.start()
