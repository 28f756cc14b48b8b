"""Any bytes at the door of a gateway as it faces the internet: answered or refused, never a fault.

Heads are put together from what is allowed and what is not; bodies are anything. Whoever sends
slowly, half, or never, harms nobody else.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.serve.settings import ServeSettings
from tests.fuzz.conftest import SETTLED_WITHIN, Edge
from tests.fuzz.wire import Wire, wire

LIMIT = ServeSettings().body_bytes
VIEWER = json.dumps({"query": "{ viewer { id } }"}).encode()
INTROSPECTION = json.dumps({"query": "{ __schema { types { name } } }"}).encode()
JSON = {"content-type": "application/json"}
KNOWN = {200, 204, 400, 401, 403, 404, 405, 406, 413, 415, 426, 429, 431}
"""Statuses that have a reason. Nothing of 5xx is among them."""

METHODS = st.sampled_from([
    b"POST", b"POST", b"POST", b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PATCH",
    b"CONNECT", b"post", b"POST\x00", b"", b"X" * 4_000,
])  # fmt: skip
TARGETS = st.sampled_from([
    b"/graphql", b"/graphql", b"/graphql", b"/graphql?query={viewer{id}}", b"/graphql?query=%ff%fe",
    b"/graphql?variables=%7B&query=", b"/graphql?" + b"a" * 30_000, b"//graphql", b"/graphql/../x",
    b"/%00", b"/.well-known/jwks.json", b"/health/ready", b"*", b"http://evil.example/graphql",
    b"graphql", b"/\xff", b"",
])  # fmt: skip
VERSIONS = st.sampled_from([b"HTTP/1.1"] * 6 + [b"HTTP/1.0", b"HTTP/9.9", b"HTTP/2.0", b"", b"X"])
TYPES = st.sampled_from([
    b"application/json", b"application/json", b"application/json; charset=utf-8", b"text/plain",
    b"application/json; charset=utf-16", b"multipart/form-data; boundary=x", b"", b"\xff/\xfe",
    b"application/x-www-form-urlencoded", b"application/graphql", b"application/json, text/plain",
])  # fmt: skip
ODD = st.sampled_from([
    b"accept: text/event-stream", b"accept: \xff", b"accept: */*;q=x", b"accept: image/png",
    b"accept: application/graphql-response+json", b"accept: text/html", b"authorization: Bearer x",
    b"authorization: Bearer ", b"authorization: \xff\x80", b"authorization: Basic YTpi",
    b"authorization: Bearer " + b"e" * 20_000, b"authorization: Bearer eyJhbGciOiJub25lIn0.e30.",
    b"origin: null", b"origin: https://evil.example", b"origin: \xff", b"x-forwarded-for: \xff, x",
    b"content-encoding: gzip", b"expect: 100-continue", b"upgrade: h2c", b"connection: upgrade",
    b"upgrade: websocket", b"sec-websocket-key: short", b"sec-websocket-version: 99",
    b"sec-websocket-protocol: \xff", b"traceparent: 00-zz-1-x", b"traceparent: \xff", b"no colon",
    b"back2back-gym: ' or 1=1", b": empty", b"a" * 9_000 + b": b", b"cookie: \x01\x02", b"te: x",
    b"host: evil.example", b"content-length: 1", b"content-length: -1", b"content-length: 1e9",
    b"transfer-encoding: gzip", b"transfer-encoding: chunked", b"x: a\r\n folded", b"x: a\nb: c",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=9), inside),
    max_leaves=8,
)
BODIES = st.one_of(
    st.sampled_from([
        VIEWER, INTROSPECTION, b"", b"{", b"[]", b"null", b"\xff\xfe{}", b"\xef\xbb\xbf{}",
        b'{"query": "\xff"}', b'{"query": "\\ud800"}', b'[{"query": "{ viewer { id } }"}]',
        b'{"query": ' + b"[" * 50_000, b'{"query": "' + b"{ a " * 20_000 + b'"}', b"x" * LIMIT,
        b'{"query": "{ viewer { id } }", "variables": {"a": 1e999}}', b"\x1f\x8b\x08" + b"0" * 9,
    ]),
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda text: json.dumps({"query": text}).encode()),
    st.dictionaries(
        st.sampled_from(["query", "variables", "operationName", "documentId", "extensions"]), VALUES
    ).map(lambda told: json.dumps(told).encode()),
)  # fmt: skip
FRAMINGS = st.sampled_from(["length", "length", "length", "chunked", "broken chunks", "none"])


def _framed(framing: str, body: bytes) -> tuple[list[bytes], bytes]:
    match framing:
        case "length":
            return [b"content-length: %d" % len(body)], body
        case "chunked":
            half = len(body) // 2
            parts = (part for part in (body[:half], body[half:]) if part)
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
            return [b"transfer-encoding: chunked"], chunks + b"0\r\n\r\n"
        case "broken chunks":
            return [b"transfer-encoding: chunked"], b"zz\r\n" + body
        case _:
            return [], body


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """The bytes of one request."""
    headers, body = _framed(draw(FRAMINGS), draw(BODIES))
    headers += [b"content-type: " + draw(TYPES), *draw(st.lists(ODD, max_size=4))]
    if draw(st.sampled_from([True, True, True, False])):
        headers.append(b"host: fuzz")
    line = b" ".join((draw(METHODS), draw(TARGETS), draw(VERSIONS)))
    return b"\r\n".join((line, *headers, b"connection: close", b"", body))


def _ordinary(body: bytes, *more: bytes) -> bytes:
    lines = (b"POST /graphql HTTP/1.1", b"host: fuzz", b"content-type: application/json", *more)
    return b"\r\n".join((*lines, b"connection: close", b"", body))


def _status(answer: bytes) -> int | None:
    """Of the first response; None when there is none."""
    if not answer:
        return None
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer[9:12])


@pytest.fixture(scope="module")
async def before(edge: Edge) -> AsyncIterator[dict[str, float]]:
    """What is open before anybody comes; nothing more is afterwards, and nothing went wrong."""
    was = await edge.settled()
    yield was
    await edge.is_as(was, SETTLED_WITHIN)


@settings(
    max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(requests())
async def test_any_request_is_answered_with_a_reason_or_not_at_all(
    edge: Edge, before: dict[str, float], request_: bytes
) -> None:
    async with wire(edge.url) as door:
        await door.send(request_)
        door.end()
        status = _status(await door.everything())

    assert status is None or status in KNOWN or 100 <= status < 200


@settings(
    max_examples=100, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.binary(max_size=600))
async def test_bytes_that_are_no_http_at_all_are_refused(
    edge: Edge, before: dict[str, float], data: bytes
) -> None:
    async with wire(edge.url) as door:
        await door.send(data + b"\r\n\r\n")
        door.end()

        assert _status(await door.everything()) in (None, 400)


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (VIEWER, (b"content-length: %d" % len(VIEWER),), 200),
        (INTROSPECTION, (b"content-length: %d" % len(INTROSPECTION),), 400),
        (b"", (b"content-length: %d" % (LIMIT + 1),), 413),
        (b"%x\r\n%b\r\n0\r\n\r\n" % (LIMIT + 1, b"x" * (LIMIT + 1)),
         (b"transfer-encoding: chunked",), 413),
        (b"\xff\xfe", (b"content-length: 2",), 400),
        (b"zz\r\n", (b"transfer-encoding: chunked",), 400),
    ],
    ids=["right", "introspection", "announced large", "chunked large", "no UTF-8", "broken"],
)  # fmt: skip
async def test_what_is_wrong_is_told_by_its_status(
    edge: Edge, before: dict[str, float], body: bytes, more: tuple[bytes, ...], status: int
) -> None:
    accepts = b"accept: application/graphql-response+json"
    async with wire(edge.url) as door:
        await door.send(_ordinary(body, accepts, *more))

        assert _status(await door.everything()) == status


async def test_who_sends_slowly_is_answered_and_keeps_nobody_waiting(
    edge: Edge, before: dict[str, float]
) -> None:
    length = b"content-length: %d" % len(VIEWER)

    async def drop_by_drop(door: Wire, until: int) -> None:
        for place in range(until):
            await door.send(VIEWER[place : place + 1])
            await asyncio.sleep(0.02)  # a client's own pace

    async def slow() -> int | None:
        async with wire(edge.url) as door:
            await door.send(_ordinary(b"", length))
            await drop_by_drop(door, len(VIEWER))
            return _status(await door.everything())

    async def half() -> None:
        async with wire(edge.url) as door:
            await door.send(_ordinary(b"", length))
            await drop_by_drop(door, len(VIEWER) // 2)
            door.cut()

    async def others() -> list[Any]:
        return [await edge.http.post("/graphql", content=VIEWER, headers=JSON) for _ in range(20)]

    slow_ones, _, answers = await asyncio.gather(
        asyncio.gather(*(slow() for _ in range(40))),
        asyncio.gather(*(half() for _ in range(40))),
        others(),
    )
    assert set(slow_ones) == {200}
    assert [answer.json() for answer in answers] == [{"data": {"viewer": None}}] * 20


async def test_many_that_never_finish_their_head_leave_the_door_open(
    edge: Edge, before: dict[str, float]
) -> None:
    async with AsyncExitStack() as everybody:
        for _ in range(200):
            door = await everybody.enter_async_context(wire(edge.url))
            await door.send(b"POST /graphql HTTP/1.1\r\nhost: fuzz\r\nx: ")
        answer = await edge.http.post("/graphql", content=VIEWER, headers=JSON)

    assert answer.json() == {"data": {"viewer": None}}
