"""The ASGI application: HTTP and WebSocket on one address."""

from collections.abc import Mapping
from typing import Any

import strawberry

from chassis.clock import Clock
from gateway.serve import inputs
from gateway.serve.calls import Authenticate, MakeContext
from gateway.serve.documents import Documents
from gateway.serve.engine import Engine
from gateway.serve.http import Exchange, headers_of
from gateway.serve.negotiation import is_known_origin
from gateway.serve.outlet import Receive, Send
from gateway.serve.settings import ServeSettings
from gateway.serve.sse import Stream
from gateway.serve.ws import PROTOCOL, Close, Socket


class Door:
    """Serves one schema.

    ``drain`` it before the server is told to stop, not in its lifespan: a server waits for open
    responses first, and event streams never end by themselves.

    Run the server with ``ws="websockets-sansio"``, ``ws_per_message_deflate=False`` and
    ``ws_ping_interval=None``: liveness is kept here, with close codes clients come back from.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        settings: ServeSettings,
        *,
        authenticate: Authenticate,
        make_context: MakeContext,
        clock: Clock,
    ) -> None:
        """``clock`` is the one by which ``authenticate`` judges."""
        inputs.prepare(schema)
        documents = Documents(
            schema._schema,  # noqa: SLF001 - the graphql-core schema has no public name
            limits=settings.limits,
            introspection=settings.development,
            suggestions=settings.development,
            trusted=settings.trusted,
            only_trusted=settings.only_trusted,
        )
        self._engine = Engine(documents, settings, authenticate, make_context, clock)
        self._sockets: set[Socket] = set()
        self._streams: set[Stream] = set()
        self._draining = False

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await Exchange(self._engine, scope, receive, send).serve(self._streams)

    async def drain(self) -> None:
        """Close every live connection so that its client comes back, to another process."""
        self._draining = True
        for socket in list(self._sockets):
            socket.close(Close.RESTART, "Service restart")
        for stream in list(self._streams):
            stream.stop()

    async def _socket(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        headers = headers_of(scope)
        if not is_known_origin(headers, self._engine.settings.origins):
            await send({"type": "websocket.close", "code": int(Close.FORBIDDEN)})
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            reason = "Subprotocol not acceptable"
            await send(
                {"type": "websocket.close", "code": int(Close.NO_SUBPROTOCOL), "reason": reason}
            )
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        if self._draining:
            await send({"type": "websocket.close", "code": int(Close.RESTART)})
            return
        socket = Socket(self._engine, receive, send, headers)
        self._sockets.add(socket)
        try:
            await socket.serve()
        finally:
            self._sockets.discard(socket)
