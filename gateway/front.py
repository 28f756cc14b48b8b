"""The doors of the gateway by path: GraphQL, the public keys, health and metrics."""

from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple

import orjson

from chassis.bus import Unavailable
from chassis.telemetry.web import App, Receive, Scope, Send
from gateway.sign_in import ADDRESS

GRAPHQL = "/graphql"
JWKS = "/.well-known/jwks.json"
FORWARDED = b"x-forwarded-for"


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
    ) -> None:
        self._graphql, self._health, self._keys = graphql, health, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        scope["route"] = ROUTES.get(path)
        if path == GRAPHQL:
            await self._graphql(_addressed(scope), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})  # before accepting: HTTP 403
        elif path == JWKS:
            await self._publish_keys(send)
        else:
            await self._health(scope, receive, send)

    async def _publish_keys(self, send: Send) -> None:
        try:
            status, body = 200, orjson.dumps(await self._keys())
        except Unavailable:
            status, body = 503, b'{"error":"try again"}'
        kept = b"public, max-age=300" if status == 200 else b"no-store"  # noqa: PLR2004
        headers = [(b"content-type", b"application/json"), (b"cache-control", kept)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _addressed(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != _ADDRESS]
    return {**scope, "headers": [*headers, (_ADDRESS, _address(scope).encode())]}


def _address(scope: Scope) -> str:
    """The caller's address. A proxy in a private network is believed about its own caller only."""
    client = scope.get("client")
    peer = str(client[0]) if client else "unknown"
    told = [value for name, value in scope["headers"] if name == FORWARDED]
    if told and _is_private(peer):
        last = told[-1].decode("latin-1").rpartition(",")[2].strip()
        return last[:64] or peer
    return peer


def _is_private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
