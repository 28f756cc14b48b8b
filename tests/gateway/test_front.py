"""The front door tells who calls from where, and believes nobody about it but a proxy."""

from ipaddress import ip_network
from typing import Any

import pytest

from chassis.bus.asker import Unavailable
from gateway.front import Front
from gateway.sign_in import ADDRESS


class Doors:
    """What is behind the front door; remembers the header it was told."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.keys_are_away = False
        proxies = (ip_network("10.0.0.0/8"),)
        self.front = Front(self.graphql, self.health, self.keys, proxies)

    async def graphql(self, scope: Any, _receive: Any, _send: Any) -> None:
        self.addresses = [v.decode() for name, v in scope["headers"] if name == ADDRESS.encode()]

    async def health(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})

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
        ("10.0.0.2", "nobody in particular", "10.0.0.2"),
        ("127.0.0.1", "198.51.100.7", "127.0.0.1"),
        ("192.168.0.2", "198.51.100.7", "192.168.0.2"),
        ("10.0.0.2", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2::"),
        ("2001:db8:1:2::7", "198.51.100.7", "2001:db8:1:2::"),
    ],
)
async def test_only_a_proxy_of_the_settings_may_say_who_called_it(
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


async def test_no_answer_may_be_taken_for_a_page_or_shown_in_one() -> None:
    doors = Doors()

    for path in ("/.well-known/jwks.json", "/nowhere"):
        await doors.call(path)

    for start in (message for message in doors.sent if "status" in message):
        told = dict(start["headers"])
        assert told[b"x-content-type-options"] == b"nosniff"
        assert told[b"x-frame-options"] == b"DENY"
        assert told[b"referrer-policy"] == b"no-referrer"


async def test_other_paths_are_not_graphql() -> None:
    doors = Doors()
    await doors.call("/graphql/")

    assert (doors.addresses, doors.sent[0]["status"]) == ([], 404)
