"""Bodies that are begun and never ended take neither memory nor connections for long."""

import json

import pytest

from gateway.serve.bodies import FREE
from tests.fuzz.wire import Wire, wire
from tests.gateway_serve.conftest import Library, Serve
from tests.world.waiting import until

VIEWER = json.dumps({"query": "{ viewer }"}).encode()
LARGE = VIEWER + b" " * 3 * FREE


def _head(length: int) -> bytes:
    lines = ("POST /graphql HTTP/1.1", "host: library", "content-type: application/json",
             f"content-length: {length}")  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _begin(door: Wire, library: Library) -> None:
    """All of a large body but its last byte, and the library has it."""
    before = library.door._engine.bodies.held
    await door.send(_head(len(LARGE)) + LARGE[:-1])

    async def it_is_there() -> bool:
        return library.door._engine.bodies.held == before + len(LARGE) - 1 - FREE

    await until(it_is_there)


@pytest.mark.parametrize("sent", [b"", VIEWER[:5], LARGE[:-1]], ids=["none", "some", "most"])
async def test_a_body_that_does_not_end_is_told_so_and_its_connection_closed(
    serve: Serve, sent: bytes
) -> None:
    library = await serve(body_within=0.3)

    async with wire(library.url) as door:
        await door.send(_head(len(LARGE)) + sent)
        answer = await door.everything()

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"REQUEST_TIMEOUT"' in answer
    assert library.door._engine.bodies.held == 0


async def test_what_large_bodies_hold_together_is_bounded(serve: Serve) -> None:
    library = await serve(bodies_bytes=3 * FREE)

    async with wire(library.url) as first:
        await _begin(first, library)

        async with wire(library.url) as second:
            await second.send(_head(len(LARGE)) + LARGE[:-1])
            refused = await second.head()
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in refused
        small = await library.post("{ viewer }")
        assert small.json() == {"data": {"viewer": "anonymous"}}

        await first.send(LARGE[-1:])
        assert (await first.head()).startswith(b"HTTP/1.1 200 ")

    async with wire(library.url) as next_one:
        await _begin(next_one, library)
        next_one.cut()

        async def nothing_is_held() -> bool:
            return library.door._engine.bodies.held == 0

        await until(nothing_is_held)
