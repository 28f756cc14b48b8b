"""One operation on a socket: a query, a mutation or a subscription, from start to complete."""

import asyncio
from collections.abc import Callable, Mapping

import orjson
from opentelemetry.trace import SpanKind

from chassis.telemetry import span
from gateway.serve.answers import Json, encoded, refusal
from gateway.serve.engine import Engine
from gateway.serve.group import Frame
from gateway.serve.hub import Leave
from gateway.serve.live import Principal
from gateway.serve.outlet import Outlet
from gateway.serve.requests import Request


class WsOperation:
    """The hub's sink for one operation id."""

    def __init__(self, id_: str, engine: Engine, outlet: Outlet, ended: Callable[[], None]) -> None:
        self._head = '{"id":"' + orjson.dumps(id_)[1:-1].decode()
        self._engine, self._outlet, self._ended = engine, outlet, ended
        self._leave: Leave | None = None
        self._task: asyncio.Task[None] | None = None
        self._principal: Principal | None = None

    def start(self, request: Request, principal: Principal, headers: Mapping[str, str]) -> None:
        """Raises ``TooComplex`` when the principal runs too many already."""
        self._engine.enter(principal)
        self._principal = principal
        self._task = asyncio.create_task(self._run(request, principal, headers))

    async def _run(
        self, request: Request, principal: Principal, headers: Mapping[str, str]
    ) -> None:
        with span("WS subscribe", kind=SpanKind.SERVER):  # the message's name, whatever it asks for
            try:
                body = await self._answer(request, principal, headers)
            except Exception as error:
                self.fail(refusal(error))
                return
        if body is not None:
            self.show(Frame(body))
            self.complete()

    async def _answer(
        self, request: Request, principal: Principal, headers: Mapping[str, str]
    ) -> bytes | None:
        """The answer of a query or mutation; none once a subscription shows by itself."""
        operation = self._engine.operation(request, principal)
        if operation.kind == "subscription":
            self._leave = await self._engine.hub.join(
                operation, request.variables, principal, self, self.complete
            )
            return None
        return await self._engine.run(operation, request, principal, headers, "ws")

    def show(self, frame: Frame) -> None:
        """Send a ``next``; while the client does not read, only the newest is kept."""
        self._outlet.push({"type": "websocket.send", "text": self._head + frame.tail}, self)

    def fail(self, errors: list[Json]) -> None:
        """Send ``error``, which ends the operation."""
        self._say('","type":"error","payload":' + encoded(errors).decode() + "}")
        self._end()

    def complete(self) -> None:
        """Send ``complete``: the operation ended well."""
        self._say('","type":"complete"}')
        self._end()

    def stop(self) -> None:
        """The client wants no more of it, or is gone."""
        if self._task is not None:
            self._task.cancel()
        self._outlet.forget(self)
        self._end()

    def _say(self, tail: str) -> None:
        self._outlet.push({"type": "websocket.send", "text": self._head + tail})

    def _end(self) -> None:
        if self._principal is None:
            return
        self._engine.leave(self._principal)
        self._principal = None
        if self._leave is not None:
            self._leave()
        self._ended()
