"""The doors of the gateway by path: GraphQL, the public keys, health and metrics."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

import orjson

from chassis.bus.asker import Unavailable
from chassis.telemetry.web import App, Message, Receive, Scope, Send
from gateway.sign_in import ADDRESS

GRAPHQL = "/graphql"
JWKS = "/.well-known/jwks.json"
FORWARDED = b"x-forwarded-for"
HOUSEHOLD = 64  # bits of an IPv6 address that stay; the rest is one customer's to choose

CAUTIONS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
"""Headers of every answer: it is data, or a page of its own."""


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
        proxies: Sequence[IPv4Network | IPv6Network] = (),
    ) -> None:
        """``proxies`` are believed about who called them; nobody else is."""
        self._graphql, self._health, self._keys = graphql, health, keys
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        scope["route"] = ROUTES.get(path)
        if scope["type"] == "http":
            send = _cautious(send)
        if path == GRAPHQL:
            await self._graphql(self._addressed(scope), receive, send)
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

    def _addressed(self, scope: Scope) -> Scope:
        headers = [(name, value) for name, value in scope["headers"] if name != _ADDRESS]
        return {**scope, "headers": [*headers, (_ADDRESS, self._address(scope).encode())]}

    def _address(self, scope: Scope) -> str:
        """Whom attempts are counted by: a proxy is believed about its own caller only."""
        client = scope.get("client")
        peer = _parsed(str(client[0])) if client else None
        if peer is not None and any(peer in network for network in self._proxies):
            told = [value for name, value in scope["headers"] if name == FORWARDED]
            last = told[-1].decode("latin-1").rpartition(",")[2] if told else ""
            peer = _parsed(last.strip()) or peer
        return "unknown" if peer is None else _household(peer)


def _cautious(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *CAUTIONS]}
        await send(message)

    return sending


def _household(address: IPv4Address | IPv6Address) -> str:
    """One text per caller who cannot cheaply be somebody else."""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, HOUSEHOLD), strict=False).network_address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
