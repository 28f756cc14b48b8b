"""The way out to one client, who may read slowly or not at all."""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from typing import Any, TypeAlias, TypeVar, cast

from gateway.serve import metrics

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Coroutine[Any, Any, None]]
T = TypeVar("T")

WAITING = 512
"""Messages that may wait for one client before it is given up."""


@types.coroutine
def finished(started: Coroutine[Any, Any, T], waits_for: object) -> Generator[object, Any, T]:
    """Run a coroutine to its end whose first step was driven by hand; what it returns."""
    while True:
        try:
            answer = yield waits_for
        except BaseException as error:
            try:
                waits_for = started.throw(error)
            except StopIteration as end:
                return cast("T", end.value)
        else:
            try:
                waits_for = started.send(answer)
            except StopIteration as end:
                return cast("T", end.value)


class Outlet:
    """Sends in order without blocking the sender; of updates under one key the newest wins.

    A server's ``send`` finishes in one step while the socket takes data, so that step is driven
    right here, with no task. If it parks, a task finishes it, and what comes meanwhile waits.
    """

    def __init__(self, send: Send, overflow: Callable[[], None]) -> None:
        self._send = send
        self._overflow = overflow
        self._waiting: dict[object, Message] = {}
        self._task: asyncio.Task[None] | None = None
        self.broken = False
        """The client is gone: nothing is sent any more."""

    def push(self, message: Message, key: object = None) -> None:
        """Send now or as soon as the client reads. A waiting message of equal key is replaced."""
        if self.broken:
            return
        if self._task is not None:
            if key is not None and key in self._waiting:
                metrics.SUPERSEDED.inc()
            self._waiting[object() if key is None else key] = message
            if len(self._waiting) > WAITING:
                self.broken = True
                self._waiting.clear()
                self._overflow()
            return
        started = self._send(message)
        try:
            waits_for = started.send(None)
        except StopIteration:
            return
        except Exception:  # each server raises its own when the client has gone
            self.broken = True
            return
        self._task = asyncio.create_task(self._drain(started, waits_for))

    def forget(self, key: object) -> None:
        """Drop a message that still waits under ``key``."""
        self._waiting.pop(key, None)

    async def flushed(self) -> None:
        """Return when nothing waits any more."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def close(self) -> None:
        """Send nothing any more."""
        self.broken = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _drain(self, started: Coroutine[Any, Any, None], waits_for: object) -> None:
        try:
            await finished(started, waits_for)
            while self._waiting:
                message = self._waiting.pop(next(iter(self._waiting)))
                await self._send(message)
        except Exception:  # the client has gone
            self.broken = True
            self._waiting.clear()
        finally:
            self._task = None
