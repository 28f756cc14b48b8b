"""A thin ASGI middleware: one span and one measurement per HTTP request."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from opentelemetry.trace import SpanKind

from chassis.telemetry.metrics import REQUESTS
from chassis.telemetry.traces import span

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observed:
    """``app`` with a span below the request's ``traceparent`` and a time per route template."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # a WebSocket outlives any useful span
            return
        began, status = time.perf_counter(), [500]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else "other"
        try:
            with span(f"HTTP {method}", parent=_parent(scope), kind=SpanKind.SERVER):
                await self._app(scope, receive, noting)
        finally:
            REQUESTS.labels(_route(scope), method, status[0]).observe(time.perf_counter() - began)


def _parent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    return None


def _route(scope: Scope) -> str:
    """The template, never the path: paths hold ids and are without number."""
    return str(getattr(scope.get("route"), "path", "other"))
