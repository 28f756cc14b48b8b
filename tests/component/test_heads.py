"""A request's head that has no end is refused before it fills anybody's memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from chassis.heads import LARGEST_HEAD
from chassis.health import Health, Server
from tests.fuzz.wire import Wire, wire

LINE = b"GET /health/live HTTP/1.1\r\nhost: test\r\n"
PART = b"y" * 8_000
ANSWER = b'd\r\n{"live":true}\r\n0\r\n\r\n'


@asynccontextmanager
async def _door() -> AsyncIterator[Wire]:
    """A connection to a server with the chassis' own pages."""
    server = Server(Health(), "127.0.0.1", 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        await server.opened()
        async with wire(f"http://127.0.0.1:{server.port}") as door:
            yield door
        server.leave()


async def _say(door: Wire, first: bytes, again: bytes) -> None:
    """``first``, then ``again`` until there is more than any head may have."""
    await door.send(first)
    for _ in range(2 * LARGEST_HEAD // len(again)):
        await door.send(again)


@pytest.mark.parametrize(
    ("first", "again"),
    [(b"GET /", PART), (LINE + b"x: ", PART), (LINE, b"x: " + PART + b"\r\n")],
    ids=["address", "one header", "many headers"],
)
async def test_a_head_without_an_end_is_refused(first: bytes, again: bytes) -> None:
    async with _door() as door:
        await _say(door, first, again)

        assert (await door.everything()).startswith(b"HTTP/1.1 431 ")


async def test_a_large_head_is_taken_in_whatever_pieces_and_the_next_one_too() -> None:
    async with _door() as door:
        for _ in range(3):
            await door.send(LINE)
            for number in range(LARGEST_HEAD // len(PART) - 1):
                await door.send(b"x%d: %b\r\n" % (number, PART))
            await door.send(b"\r\n")

            assert (await door.head()).startswith(b"HTTP/1.1 200 ")
            await door.exactly(len(ANSWER))
