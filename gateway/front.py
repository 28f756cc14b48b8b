"""The doors of the gateway by path: GraphQL, the public keys, health and metrics."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import orjson

from chassis.bus.asker import Unavailable
from chassis.telemetry.web import App, Message, Receive, Scope, Send
from gateway.addresses import Addresses
from gateway.origins import Headers, Origins
from gateway.serve.answers import encoded, refusal
from gateway.serve.faults import RateLimited
from gateway.sign_in import ADDRESS

GRAPHQL = "/graphql"
JWKS = "/.well-known/jwks.json"
POLICY = b"content-security-policy"

CAUTIONS: Headers = (
    (POLICY, b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of every answer: it is data. A page of our own brings a policy of its own."""
ONLY_TLS: Headers = ((b"strict-transport-security", b"max-age=63072000"),)
"""Where browsers reach us by TLS: the proxy in front ends it."""


class Route(NamedTuple):
    """What a request is counted under."""

    path: str


ROUTES = {
    path: Route(path) for path in (GRAPHQL, JWKS, "/health/live", "/health/ready", "/metrics")
}

_ADDRESS = ADDRESS.encode()


class Front:
    """An ASGI app. Tells GraphQL the caller's network address in a header of its own."""

    def __init__(
        self,
        graphql: Callable[..., Awaitable[None]],
        health: App,
        keys: Callable[[], Awaitable[Mapping[str, Any]]],
        addresses: Addresses,
        origins: Origins,
        *,
        only_tls: bool = False,
    ) -> None:
        self._graphql, self._health, self._keys = graphql, health, keys
        self._addresses, self._origins = addresses, origins
        self._cautions = CAUTIONS + ONLY_TLS if only_tls else CAUTIONS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        scope["route"] = ROUTES.get(path)
        is_http = scope["type"] == "http"
        if path not in (GRAPHQL, JWKS):
            if is_http:
                await self._health(scope, receive, _adding(self._cautions, send))
            else:
                await send({"type": "websocket.close", "code": 1000})  # before accepting: HTTP 403
            return
        address = self._addresses.of(scope)
        origin, headers = _read(scope["headers"], address.encode())
        if is_http:
            send = _adding(self._cautions + self._origins.answer(origin), send)
        try:
            self._addresses.enter(address)
        except RateLimited as limited:
            await _turn_away(limited, scope, send)
            return
        try:
            if path == JWKS:
                await self._publish_keys(send)
            elif not (is_http and scope["method"] == "OPTIONS" and await self._allow(origin, send)):
                await self._graphql({**scope, "headers": headers}, receive, send)
        finally:
            self._addresses.leave(address)

    async def _allow(self, origin: bytes | None, send: Send) -> bool:
        """Answer a browser that asks whether it may ask. False: its page is none of ours."""
        told = self._origins.preflight(origin)
        if told is None:
            return False
        await send({"type": "http.response.start", "status": 204, "headers": list(told)})
        await send({"type": "http.response.body", "body": b""})
        return True

    async def _publish_keys(self, send: Send) -> None:
        try:
            status, body = 200, orjson.dumps(await self._keys())
        except Unavailable:
            status, body = 503, b'{"error":"try again"}'
        kept = b"public, max-age=300" if status == 200 else b"no-store"  # noqa: PLR2004
        headers = [(b"content-type", b"application/json"), (b"cache-control", kept)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _read(
    given: list[tuple[bytes, bytes]], address: bytes
) -> tuple[bytes | None, list[tuple[bytes, bytes]]]:
    """The origin among the headers, and the headers with ``address`` as ours alone."""
    origin, kept = None, []
    for header in given:
        if header[0] == b"origin":
            origin = header[1]
        if header[0] != _ADDRESS:
            kept.append(header)
    kept.append((_ADDRESS, address))
    return origin, kept


def _adding(headers: Headers, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            told = message["headers"]
            own = {name for name, _ in told}
            added = [header for header in headers if header[0] not in own]
            message = {**message, "headers": [*told, *added]}
        await send(message)

    return sending


async def _turn_away(limited: RateLimited, scope: Scope, send: Send) -> None:
    """429, to a handshake too."""
    kind = "http" if scope["type"] == "http" else "websocket.http"
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(limited.retry_after).encode()),
    ]
    await send({"type": f"{kind}.response.start", "status": limited.status, "headers": headers})
    body = encoded({"errors": refusal(limited)})
    await send({"type": f"{kind}.response.body", "body": body})
