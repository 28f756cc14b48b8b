"""GraphQL over HTTP: one request, one answer; subscriptions go on as server-sent events.

The transport follows the operation, not the ``Accept`` header alone: clients that list every
media type they know still get JSON for a query.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from gateway.serve import metrics
from gateway.serve.answers import encoded, outcome_of, refusal, status_of
from gateway.serve.bodies import TooSlow
from gateway.serve.calls import Credentials
from gateway.serve.documents import Rejected
from gateway.serve.engine import Engine
from gateway.serve.faults import (
    RateLimited,
    TooComplex,
    Unauthenticated,
    Unavailable,
    UnknownDocument,
)
from gateway.serve.graphiql import page, policy
from gateway.serve.live import Principal
from gateway.serve.negotiation import (
    EVENT_STREAM,
    RESPONSE_JSON,
    Accepts,
    NotAcceptable,
    NotAllowed,
    must_be_json,
    must_not_be_cross_site,
)
from gateway.serve.operation import InvalidVariables, Operation
from gateway.serve.outlet import Receive, Send
from gateway.serve.requests import Request, json_from
from gateway.serve.sse import Stream

LEGACY_200 = (Rejected, InvalidVariables, TooComplex, UnknownDocument)
"""Well-formed requests that are not executed: 200 for who accepts plain JSON only."""


class Exchange:
    """One HTTP request and its response."""

    def __init__(
        self, engine: Engine, scope: Mapping[str, Any], receive: Receive, send: Send
    ) -> None:
        self._engine, self._scope, self._receive, self._send = engine, scope, receive, send
        self._headers = headers_of(scope)
        self._accepts = Accepts.of(self._headers)

    async def serve(self, streams: set[Stream]) -> None:
        """Answer; a stream that stays open is in ``streams`` meanwhile."""
        try:
            if self._wants_graphiql():
                cautious = [(b"content-security-policy", policy())]
                await self._respond(200, page(), "text/html; charset=utf-8", cautious)
                return
            await self._answer(streams)
        except Exception as error:
            metrics.OPERATIONS.labels("unknown", "http", outcome_of(error)).inc()
            await self._refuse(error)

    async def _answer(self, streams: set[Stream]) -> None:
        request = await self._request()
        if self._accepts.json is None and not self._accepts.events:
            raise NotAcceptable(f"We answer {RESPONSE_JSON} and application/json.")
        shown = Credentials(self._headers)
        principal = await self._engine.authenticate(shown)
        operation = self._engine.operation(request, principal)
        if operation.kind == "subscription":
            await self._subscribe(operation, request, principal, shown, streams)
            return
        if self._scope["method"] == "GET" and operation.kind == "mutation":
            raise NotAllowed("Mutations are sent by POST.", allow="POST")
        if self._scope["method"] == "GET" and not self._engine.settings.development:
            raise NotAllowed("Queries are sent by POST.", allow="POST")
        run = self._engine.run
        body = await run(operation, request, principal, self._headers, "http")
        if self._accepts.json is None:
            await Stream(self._engine, self._receive, self._send).answer(body)
        else:
            await self._respond(200, body, f"{self._accepts.json}; charset=utf-8")

    async def _subscribe(
        self, operation: Operation, request: Request, principal: Principal, shown: Credentials,
        streams: set[Stream],
    ) -> None:  # fmt: skip
        if not self._accepts.events:
            raise NotAcceptable("Subscriptions are answered as text/event-stream or by WebSocket.")
        stream = Stream(self._engine, self._receive, self._send)
        streams.add(stream)
        try:
            await stream.subscribe(operation, request, principal, shown)
        finally:
            streams.discard(stream)

    async def _request(self) -> Request:
        if self._scope["method"] == "POST":
            must_be_json(self._headers)
            body = await self._engine.bodies.read(self._headers, self._receive)
            return Request.of(json_from(body, "The body is not JSON."))
        if self._scope["method"] == "GET":
            streams = EVENT_STREAM in self._headers.get("accept", "")
            if not (self._engine.settings.development or streams):
                raise NotAllowed("GraphQL is served by POST.", allow="POST")
            must_not_be_cross_site(self._headers)
            given = parse_qsl(self._scope["query_string"].decode("latin-1"), keep_blank_values=True)
            return Request.of_url(dict(given))
        raise NotAllowed("GraphQL is served by POST.", allow="POST")

    def _wants_graphiql(self) -> bool:
        asked = self._scope["method"] == "GET" and self._accepts.html
        return asked and self._engine.settings.development

    async def _refuse(self, error: Exception) -> None:
        media = self._accepts.json
        if media is None and self._accepts.events and isinstance(error, LEGACY_200):
            await Stream(self._engine, self._receive, self._send).refuse(refusal(error))
            return
        status = status_of(error)
        if media != RESPONSE_JSON and isinstance(error, LEGACY_200):
            status = 200
        extra: list[tuple[bytes, bytes]] = []
        if isinstance(error, NotAllowed):
            extra.append((b"allow", error.allow.encode()))
        if isinstance(error, Unauthenticated):
            extra.append((b"www-authenticate", b"Bearer"))
        if isinstance(error, RateLimited):
            extra.append((b"retry-after", str(error.retry_after).encode()))
        if isinstance(error, Unavailable):
            extra.append((b"retry-after", b"1"))
        if isinstance(error, TooSlow):
            extra.append((b"connection", b"close"))
        body = encoded({"errors": refusal(error)})
        await self._respond(status, body, f"{media or RESPONSE_JSON}; charset=utf-8", extra)

    async def _respond(
        self, status: int, body: bytes, media: str, extra: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        headers = [
            (b"content-type", media.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *(extra or ()),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Header names (already in lower case) and values of an ASGI scope."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
