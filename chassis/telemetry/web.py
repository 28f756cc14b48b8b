"""A thin ASGI middleware: one span and one measurement per HTTP request."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from opentelemetry.trace import Span, SpanKind, StatusCode

from chassis.telemetry.metrics import REQUESTS
from chassis.telemetry.traces import span

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OUR_FAULT = 500  # statuses from here on
CONTENT_TYPE, EVENT_STREAM = b"content-type", b"text/event-stream"


class Observed:
    """``app`` with a span and a time per route template.

    Strangers ask here: each request begins a trace, and is sampled as ours are. The ``traceparent``
    they send, which says whether they sample, is only linked to.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # a WebSocket outlives any useful span
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        request = _Request(scope, method)
        try:
            with span(f"HTTP {method}", link=_theirs(scope), kind=SpanKind.SERVER) as current:

                async def noting(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        request.status = message["status"]
                        if current.is_recording():
                            _note(current, scope, message)
                        if _is_stream(message):
                            current.end()
                            request.measure()
                    await send(message)

                await self._app(scope, receive, noting)
        finally:
            request.measure()


class _Request:
    """How long one takes; what goes on as a stream of events is over with its start."""

    def __init__(self, scope: Scope, method: str) -> None:
        self.status = OUR_FAULT
        self._scope, self._method = scope, method
        self._began: float | None = time.perf_counter()

    def measure(self) -> None:
        """Once: it is over."""
        began, self._began = self._began, None
        if began is not None:
            labels = _route(self._scope), self._method, self.status
            REQUESTS.labels(*labels).observe(time.perf_counter() - began)


def _note(current: Span, scope: Scope, started: Message) -> None:
    """What came of the request."""
    current.set_attribute("http.route", _route(scope))
    current.set_attribute("http.response.status_code", started["status"])
    if started["status"] >= OUR_FAULT:
        current.set_status(StatusCode.ERROR)


def _is_stream(started: Message) -> bool:
    return any(
        EVENT_STREAM in value for name, value in started.get("headers", ()) if name == CONTENT_TYPE
    )


def _theirs(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    return None


def _route(scope: Scope) -> str:
    """The template, never the path: paths hold ids and are without number."""
    return str(getattr(scope.get("route"), "path", "other"))
