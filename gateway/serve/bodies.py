"""Bodies of requests on their way in: how long one may take, and how much they hold together."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, cast

from gateway.serve.faults import BadRequest, Fault, Unavailable
from gateway.serve.negotiation import TooLarge
from gateway.serve.outlet import Receive, finished
from gateway.serve.settings import ServeSettings

FREE = 16 * 1024
"""Bytes of each that are not counted: who sends much must not keep out who asks something."""


class TooSlow(Fault):
    """The body did not come in time; the connection is closed."""

    code = "REQUEST_TIMEOUT"
    status = 408


class Bodies:
    """One per process: whoever begins bodies and never ends them must not fill its memory."""

    def __init__(self, settings: ServeSettings) -> None:
        self._allowed, self._together = settings.body_bytes, settings.bodies_bytes
        self._within = settings.body_within
        self.held = 0
        """Bytes that wait for the rest of their body, each body's first ``FREE`` aside."""

    async def read(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        """A whole body. Raises ``TooLarge``, ``TooSlow``, ``BadRequest`` or ``Unavailable``."""
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._allowed:
            raise self._too_large
        try:
            return await self._in_time(self._read(receive))
        except TimeoutError:
            raise TooSlow(f"The body did not come within {self._within:.0f} s.") from None

    async def _in_time(self, reading: Coroutine[Any, Any, bytes]) -> bytes:
        """Most bodies came with their head: the first step has them, and needs no clock."""
        try:
            waits_for = reading.send(None)
        except StopIteration as end:
            return cast("bytes", end.value)
        async with asyncio.timeout(self._within):
            return await finished(reading, waits_for)

    async def _read(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = held = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BadRequest("The client left.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > self._allowed:
                    raise self._too_large
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
                more = max(0, size - FREE) - held
                if more and self.held + more > self._together:
                    raise Unavailable("Too many large requests at once, try again.")
                held += more
                self.held += more
        finally:
            self.held -= held

    @property
    def _too_large(self) -> TooLarge:
        return TooLarge(f"At most {self._allowed} bytes.")
