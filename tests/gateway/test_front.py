"""The front door tells who calls from where, and believes nobody about it but a proxy."""

from typing import Any

import pytest

from chassis.bus import Unavailable
from gateway.front import Front
from gateway.sign_in import ADDRESS


class Doors:
    """What is behind the front door; remembers the header it was told."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.keys_are_away = False
        self.front = Front(self.graphql, self.health, self.keys)

    async def graphql(self, scope: Any, _receive: Any, _send: Any) -> None:
        self.addresses = [v.decode() for name, v in scope["headers"] if name == ADDRESS.encode()]

    async def health(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404})

    async def keys(self) -> dict[str, Any]:
        if self.keys_are_away:
            raise Unavailable("members.signing_keys", outcome_unknown=False)
        return {"keys": []}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def call(self, path: str, peer: str = "8.8.4.4", **headers: str) -> None:
        told = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        scope = {"type": "http", "path": path, "client": (peer, 1), "headers": told}
        await self.front(scope, self._nothing, self.send)

    async def _nothing(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("8.8.4.4", "198.51.100.7", "8.8.4.4"),
        ("10.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "", "10.0.0.2"),
    ],
)
async def test_only_a_proxy_nearby_may_say_who_called_it(
    peer: str, forwarded: str, address: str
) -> None:
    doors = Doors()

    await doors.call("/graphql", peer, x_forwarded_for=forwarded, back2back_address="6.6.6.6")

    assert doors.addresses == [address]


async def test_keys_are_public_or_back_soon() -> None:
    doors = Doors()
    await doors.call("/.well-known/jwks.json")
    doors.keys_are_away = True
    await doors.call("/.well-known/jwks.json")

    starts = [message for message in doors.sent if message["type"] == "http.response.start"]
    assert [start["status"] for start in starts] == [200, 503]


async def test_other_paths_are_not_graphql() -> None:
    doors = Doors()
    await doors.call("/graphql/")

    assert (doors.addresses, doors.sent[0]["status"]) == ([], 404)
