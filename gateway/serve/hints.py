"""Which views may have changed: topics, who watches them, and where hints come in."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Wake: TypeAlias = Callable[[Sequence[str]], object]
"""Called with the ``traceparent`` of each sampled trace that changed the view; mostly none is."""


class Feed(Protocol):
    """Hears topics from outside. Whoever hears everything anyway needs none."""

    async def listen(self, topic: str) -> None:
        """Returns once hints on ``topic`` are certain to be heard."""
        ...

    async def stop(self, topic: str) -> None: ...


@dataclass(eq=False, slots=True)
class Listening:
    """One watcher's hold on its topics; ``close`` it to let go."""

    topics: tuple[str, ...]
    wake: Wake


class Hints:
    """Hints come in here and wake whoever watches their topic. Best effort: see ``Group``."""

    def __init__(self, feed: Feed | None = None) -> None:
        self._feed = feed
        self._feeding: set[str] = set()
        self._turn = asyncio.Lock()
        self._watchers: dict[str, set[Listening]] = {}
        self._heard: dict[str, int] = {}

    async def watch(self, topics: Iterable[str], wake: Wake) -> Listening:
        """From the return on every hint on ``topics`` calls ``wake``, at once and in this thread.

        Watch first, read second: a change between the two is then still heard.
        """
        listening = Listening(tuple(dict.fromkeys(topics)), wake)
        for topic in listening.topics:
            self._watchers.setdefault(topic, set()).add(listening)
        await self._feed_on(listening.topics)
        return listening

    async def unwatch(self, listening: Listening) -> None:
        """Forget a watcher; the last one of a topic stops the feed for it."""
        for topic in listening.topics:
            watchers = self._watchers.get(topic, set())
            watchers.discard(listening)
            if not watchers:
                self._watchers.pop(topic, None)
                self._heard.pop(topic, None)
        await self._feed_on(listening.topics)

    async def _feed_on(self, topics: Iterable[str]) -> None:
        """Bring the feed in line with who watches now, however watchers came and went."""
        if self._feed is None:
            return
        async with self._turn:
            for topic in topics:
                if topic in self._watchers and topic not in self._feeding:
                    await self._feed.listen(topic)
                    self._feeding.add(topic)
                elif topic not in self._watchers and topic in self._feeding:
                    self._feeding.discard(topic)
                    await self._feed.stop(topic)

    def hint(self, topic: str, position: int | None = None, traces: Sequence[str] = ()) -> None:
        """Something behind ``topic`` changed, up to ``position`` of its source, by ``traces``.

        A position not above the last one heard is a repetition and wakes nobody.
        """
        watchers = self._watchers.get(topic)
        if not watchers:
            return
        if position is not None:
            if position <= self._heard.get(topic, -1):
                return
            self._heard[topic] = position
        for listening in tuple(watchers):
            listening.wake(traces)

    def resync(self) -> None:
        """Hints may have been lost, as over a reconnect: wake everybody."""
        self._heard.clear()
        for listening in {each for watchers in self._watchers.values() for each in watchers}:
            listening.wake(())
