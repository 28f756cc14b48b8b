"""Server-sent events, one operation a stream (graphql-sse's distinct connections mode)."""

import asyncio
import time
from collections.abc import Callable

from chassis.telemetry import span
from gateway.serve import metrics
from gateway.serve.answers import Json, encoded, refusal
from gateway.serve.calls import Credentials
from gateway.serve.engine import Engine
from gateway.serve.faults import Fault, Unauthenticated
from gateway.serve.group import Frame
from gateway.serve.hub import Leave
from gateway.serve.live import Principal
from gateway.serve.operation import InvalidVariables, Operation
from gateway.serve.outlet import Outlet, Receive, Send
from gateway.serve.requests import Request
from gateway.serve.vigil import Vigil

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
COMPLETE = b"event: complete\ndata: \n\n"
COMMENT = b":\n\n"
LAST_WORDS = 5.0  # seconds a client has to take the end of its stream


class Stream:
    """The hub's sink for one response; LF framing, since some clients split on two LFs."""

    def __init__(self, engine: Engine, receive: Receive, send: Send) -> None:
        self._engine, self._receive = engine, receive
        self._ended = asyncio.Event()
        self._outlet = Outlet(send, overflow=self._ended.set)
        self._sent_at = time.monotonic()
        self._timers: list[asyncio.TimerHandle] = []

    async def answer(self, body: bytes) -> None:
        """A query or mutation by somebody who takes nothing but events."""
        self._open()
        self.show(Frame(body))
        self.complete()
        await self._last_words()

    async def refuse(self, errors: list[Json]) -> None:
        """An operation that cannot start: its errors, then the end."""
        self._open()
        self.fail(errors)
        await self._last_words()

    async def subscribe(
        self, operation: Operation, request: Request, principal: Principal, shown: Credentials
    ) -> None:
        """Until the client goes away, the subscription ends or the credentials do.

        Raises ``TooComplex`` before anything is sent when the principal watches too much.
        """
        self._engine.enter(principal)
        metrics.CONNECTIONS.labels("sse").inc()
        leave: Leave | None = None
        vigil = Vigil(self._engine, shown, principal, self._disown)
        try:
            self._open()
            try:
                with span("SSE subscribe"):
                    leave = await self._engine.hub.join(
                        operation, request.variables, principal, self, self.complete
                    )
            except (Fault, InvalidVariables) as refused:
                self.fail(refusal(refused))
            except Exception as error:
                self.fail(refusal(error))
            self._start_timers(principal)
            await self._until_ended()
            await self._last_words()
        finally:
            metrics.CONNECTIONS.labels("sse").dec()
            self._engine.leave(principal)
            vigil.end()
            if leave is not None:
                leave()
            for timer in self._timers:
                timer.cancel()
            self._outlet.close()

    def show(self, frame: Frame) -> None:
        """Send a ``next`` event; while the client does not read, only the newest is kept."""
        self._send(frame.event, key=self)

    def fail(self, errors: list[Json]) -> None:
        """Send the errors as a last ``next``: events have no other place for them."""
        self._send(Frame(encoded({"errors": errors})).event)
        self.complete()

    def complete(self) -> None:
        self._send(COMPLETE)
        self.stop()

    def stop(self) -> None:
        """End the response; without ``complete`` before, clients come back."""
        self._ended.set()

    def _open(self) -> None:
        self._outlet.push({"type": "http.response.start", "status": 200, "headers": HEADERS})

    def _send(self, body: bytes, key: object = None) -> None:
        self._sent_at = time.monotonic()
        message = {"type": "http.response.body", "body": body, "more_body": True}
        self._outlet.push(message, key)

    def _start_timers(self, principal: Principal) -> None:
        if principal.expires_at is not None:
            self._after(self._engine.seconds_until(principal.expires_at), self._expire)
        self._after(self._engine.settings.heartbeat_every, self._beat)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if timer.when() > loop.time()]
        self._timers.append(loop.call_later(max(0.0, seconds), act))

    def _beat(self) -> None:
        every = self._engine.settings.heartbeat_every
        if time.monotonic() - self._sent_at >= every:
            self._send(COMMENT, key=COMMENT)
        self._after(every, self._beat)

    def _disown(self) -> None:
        self.fail(refusal(Unauthenticated("Sign in again.")))

    def _expire(self) -> None:
        self.fail(refusal(Unauthenticated("The token expired.")))

    async def _until_ended(self) -> None:
        gone = asyncio.create_task(self._until_gone())
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({gone, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            ended.cancel()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._outlet.broken = True

    async def _last_words(self) -> None:
        self._outlet.push({"type": "http.response.body", "body": b"", "more_body": False})
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._outlet.flushed()
        except TimeoutError:
            self._outlet.close()  # a client that does not read is not owed an end
