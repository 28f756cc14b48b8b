"""The front door tells who calls from where, and believes nobody about it but a proxy."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from chassis.bus.asker import Unavailable
from gateway.addresses import Addresses
from gateway.front import Front
from gateway.origins import Origins
from gateway.serve.rates import Allowance
from gateway.sign_in import ADDRESS

APP = "https://app.example"


class Doors:
    """What is behind the front door; remembers the header it was told."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.keys_are_away = False
        self.open = asyncio.Event()
        self.open.set()
        addresses = Addresses((ip_network("10.0.0.0/8"),), Allowance(1, 5), connections=2)
        origins = Origins(frozenset({APP}))
        self.front = Front(self.graphql, self.health, self.keys, addresses, origins)

    async def graphql(self, scope: Any, _receive: Any, send: Any) -> None:
        self.addresses = [v.decode() for name, v in scope["headers"] if name == ADDRESS.encode()]
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def health(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def keys(self) -> dict[str, Any]:
        if self.keys_are_away:
            raise Unavailable("members.signing_keys", outcome_unknown=False)
        return {"keys": []}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def call(
        self, path: str, peer: str = "8.8.4.4", *, method: str = "POST", **headers: str
    ) -> dict[str, Any]:
        """The start of the answer, with headers by name."""
        before = len(self.sent)
        told = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        scope = {
            "type": "http", "path": path, "method": method, "client": (peer, 1), "headers": told,
        }  # fmt: skip
        await self.front(scope, self._nothing, self.send)
        start: dict[str, Any] = self.sent[before]
        return {"status": start["status"], **{n.decode(): v.decode() for n, v in start["headers"]}}

    async def _nothing(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def doors() -> Doors:
    return Doors()


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
    doors: Doors, peer: str, forwarded: str, address: str
) -> None:
    await doors.call("/graphql", peer, x_forwarded_for=forwarded, back2back_address="6.6.6.6")

    assert doors.addresses == [address]


async def test_keys_are_public_or_back_soon(doors: Doors) -> None:
    await doors.call("/.well-known/jwks.json")
    doors.keys_are_away = True
    await doors.call("/.well-known/jwks.json")

    starts = [message for message in doors.sent if message["type"] == "http.response.start"]
    assert [start["status"] for start in starts] == [200, 503]


async def test_no_answer_may_be_taken_for_a_page_or_shown_in_one(doors: Doors) -> None:
    for path in ("/.well-known/jwks.json", "/nowhere"):
        await doors.call(path)

    for start in (message for message in doors.sent if "status" in message):
        told = dict(start["headers"])
        assert told[b"x-content-type-options"] == b"nosniff"
        assert told[b"x-frame-options"] == b"DENY"
        assert told[b"referrer-policy"] == b"no-referrer"


async def test_other_paths_are_not_graphql(doors: Doors) -> None:
    await doors.call("/graphql/")

    assert (doors.addresses, doors.sent[0]["status"]) == ([], 404)


async def test_a_page_of_a_known_origin_may_ask_and_read(doors: Doors) -> None:
    asked = await doors.call(
        "/graphql", method="OPTIONS", origin=APP, access_control_request_method="POST"
    )
    answer = await doors.call("/graphql", origin=APP)

    assert asked["status"] == 204
    assert asked["access-control-allow-origin"] == APP
    assert {"authorization", "content-type"} <= set(
        asked["access-control-allow-headers"].split(", ")
    )
    assert answer["access-control-allow-origin"] == APP
    assert answer["access-control-expose-headers"] == "retry-after"


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil", "null"])
async def test_a_page_of_another_origin_hears_nothing(doors: Doors, origin: str) -> None:
    for method in ("OPTIONS", "POST"):
        answer = await doors.call("/graphql", method=method, origin=origin)

        assert not [name for name in answer if name.startswith("access-control")]
        assert answer["vary"] == "origin", "a cache must not give it an answer for others"


async def test_nobody_is_allowed_to_bring_cookies(doors: Doors) -> None:
    answer = await doors.call("/graphql", method="OPTIONS", origin=APP)

    assert "access-control-allow-credentials" not in answer


async def test_an_address_that_asks_too_much_is_told_when_to_come_back(doors: Doors) -> None:
    answers = [await doors.call("/graphql", origin=APP) for _ in range(6)]
    elsewhere = await doors.call("/graphql", "8.8.8.8")

    assert [answer["status"] for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["retry-after"] == "1"
    assert answers[-1]["access-control-allow-origin"] == APP, "so that the page can read it"
    assert b"RATE_LIMITED" in doors.sent[-2]["body"]
    assert elsewhere["status"] == 200


async def test_an_address_keeps_so_many_connections_open_and_no_more(doors: Doors) -> None:
    doors.open.clear()
    waiting = [asyncio.create_task(doors.call("/graphql")) for _ in range(2)]
    await asyncio.sleep(0)

    assert (await doors.call("/graphql"))["status"] == 429

    doors.open.set()
    await asyncio.wait(waiting)
    assert (await doors.call("/graphql"))["status"] == 200


async def test_health_is_never_refused(doors: Doors) -> None:
    assert {(await doors.call("/health/live"))["status"] for _ in range(20)} == {404}
