"""A process's pulse: what it says of itself every few seconds, for as long as it lives.

Parts that have something to say are registered by name while the process is wired; the names are
the fields of ``contracts.health.Beat``.
"""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

import anyio
import structlog
from nats.aio.client import Client

from chassis.clock import SystemClock
from chassis.health import Health
from chassis.reader import BUS_ERRORS
from chassis.streams import DEAD_LETTERS
from chassis.version import VERSION
from contracts.health import BEAT_EVERY, Beat, LettersTold
from contracts.ids import new_id

PATIENCE = 1.0  # seconds for who has to ask others

Part = Callable[[], Any | Awaitable[Any]]

log = structlog.get_logger(__name__)


class Pulse:
    """One process's."""

    def __init__(self, process: str, health: Health) -> None:
        self._process, self._health = process, health
        self._instance = new_id().hex[-12:]
        self._started_at = SystemClock().now()
        self._parts: dict[str, Part] = {}
        self._is_over = False

    def tell(self, part: str, told: Part) -> None:
        """Say also what ``told()`` returns; it answers within a second."""
        self._parts[part] = told

    async def beat(self) -> Beat:
        """What there is to say now."""
        standing = await self._health.standing()
        return Beat(
            process=self._process,
            instance=self._instance,
            version=VERSION,
            started_at=self._started_at,
            ready=self._health.ready and all(standing.values()),
            failing=tuple(name for name, holds in standing.items() if not holds),
            **{name: await _answer(told()) for name, told in self._parts.items()},
        )

    def stop(self) -> None:
        """Say no more: what is told of would be gone meanwhile."""
        self._is_over = True

    async def run(self, say: Callable[[Beat], Awaitable[None]]) -> None:
        """Say it, again and again, until ``stop``. The bus may be away."""
        while not self._is_over:
            began = anyio.current_time()
            try:
                await say(await self.beat())
            except BUS_ERRORS as error:
                log.debug("beat not heard", why=type(error).__name__)
            await anyio.sleep(max(0.0, began + BEAT_EVERY - anyio.current_time()))


def on_the_bus(client: Client) -> Callable[[Beat], Awaitable[None]]:
    """Says a beat to whoever listens on ``health.<process>``."""

    async def say(beat: Beat) -> None:
        if client.is_connected:  # else it would be told when nobody asks any more
            await client.publish(f"health.{beat.process}", beat.model_dump_json().encode())

    return say


def dead_letters_of(client: Client, service: str) -> Callable[[], Awaitable[LettersTold]]:
    """Counts what reactions of ``service`` gave up."""

    async def told() -> LettersTold:
        js = client.jetstream(timeout=PATIENCE)
        try:
            info = await js.stream_info(DEAD_LETTERS, subjects_filter=f"dlq.{service}.>")
        except BUS_ERRORS as error:
            log.debug("dead letters unknown", why=type(error).__name__)
            return LettersTold(count=None)
        return LettersTold(count=sum((info.state.subjects or {}).values()))

    return told


async def _answer(told: Any) -> Any:
    return await told if isawaitable(told) else told
