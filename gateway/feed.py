"""Live hints and progress from NATS: one subscription per gym somebody watches."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error

from chassis.nats_client import settled
from gateway.progress import Progress

log = structlog.get_logger(__name__)

Hint = Callable[[str, int, Sequence[str]], None]
"""``Hints.hint``: a topic, the position it changed at, and the sampled traces that changed it."""


class GymFeed:
    """Listens to ``live.<gym>.>`` while any topic of the gym is watched.

    A hint on ``live.<gym>.<view>.<key>`` is also one on ``live.<gym>.<view>``. When NATS is away
    nothing is heard, and everybody looks again once it is back.
    """

    def __init__(self) -> None:
        self._client: Client | None = None
        self._hint: Hint | None = None
        self._watched: Counter[str] = Counter()
        self._subscriptions: dict[str, Subscription] = {}
        self._turn = asyncio.Lock()

    def start(self, client: Client, hint: Hint) -> None:
        """From now on listen with ``client`` and tell ``hint``."""
        self._client, self._hint = client, hint

    async def listen(self, topic: str) -> None:
        """Returns once hints on ``topic`` are certain to be heard."""
        gym, client = _gym(topic), self._client
        if client is None:
            raise RuntimeError("the feed is not started")
        async with self._turn:
            self._watched[gym] += 1
            if gym in self._subscriptions:
                return
            self._subscriptions[gym] = await client.subscribe(f"live.{gym}.>", cb=self._heard)
            try:
                await settled(client)
            except (Error, TimeoutError, OSError) as error:
                # Subscribed as soon as NATS is back, when everybody looks again anyway.
                log.warning("hints_late", reason=type(error).__name__)

    async def stop(self, topic: str) -> None:
        """Nobody watches ``topic`` any more."""
        gym = _gym(topic)
        async with self._turn:
            self._watched[gym] -= 1
            if self._watched[gym] > 0:
                return
            del self._watched[gym]
            subscription = self._subscriptions.pop(gym)
            try:
                await subscription.unsubscribe()
            except (Error, OSError) as error:
                log.warning("hints_not_stopped", reason=type(error).__name__)

    async def _heard(self, message: Msg) -> None:
        told = _told(message)
        if told is not None and self._hint is not None:
            view = message.subject.rpartition(".")[0]
            position, traces = told["position"], told.get("traces", ())
            self._hint(message.subject, position, traces)
            self._hint(view, position, traces)


async def follow_progress(client: Client, progress: Progress) -> None:
    """Tell ``progress`` what projectors say, as long as ``client`` lives."""

    async def heard(message: Msg) -> None:
        if (told := _told(message)) is not None:
            progress.heard(message.subject.removeprefix("progress."), told["position"])

    await client.subscribe("progress.*", cb=heard)
    await settled(client)


def _told(message: Msg) -> Mapping[str, Any] | None:
    """A message's JSON; ``None``, and a line in the log, when there is no position in it."""
    try:
        told = orjson.loads(message.data)
        if isinstance(told["position"], int):
            return dict(told)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    log.warning("hint_not_understood", subject=message.subject)
    return None


def _gym(topic: str) -> str:
    return topic.split(".")[1]
