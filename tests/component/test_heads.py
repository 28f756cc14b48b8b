"""What a request brings beside its body has an end, or is refused before it fills any memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from chassis import heads, health
from chassis.heads import LARGEST_HEAD
from chassis.health import App, Health, Server
from chassis.telemetry.web import Receive, Scope, Send
from tests.fuzz.wire import Wire, frame, shake_hands, wire

LINE = b"GET /health/live HTTP/1.1\r\nhost: test\r\n"
IN_PIECES = LINE + b"transfer-encoding: chunked\r\n\r\n"
AT_ONCE = 256 * 1024  # bytes
PART = b"y" * 8_000
PIECE = b"%x\r\n%b\r\n" % (len(PART), PART)
ANSWER = b'd\r\n{"live":true}\r\n0\r\n\r\n'


@asynccontextmanager
async def _served(app: App) -> AsyncIterator[str]:
    """Where a server with ``app`` is."""
    server = Server(app, "127.0.0.1", 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        await server.opened()
        yield f"http://127.0.0.1:{server.port}"
        server.leave()


@asynccontextmanager
async def _door() -> AsyncIterator[Wire]:
    """A connection to a server with the chassis' own pages."""
    async with _served(Health()) as url, wire(url) as door:
        yield door


async def _say(door: Wire, first: bytes, again: bytes) -> None:
    """``first``, then ``again`` until there is more than any head may have.

    Beside what the server reads at once, which may have begun with something permitted.
    """
    await door.send(first)
    for _ in range((AT_ONCE + 2 * LARGEST_HEAD) // len(again)):
        await door.send(again)


async def _answered(door: Wire) -> None:
    assert (await door.head()).startswith(b"HTTP/1.1 200 ")
    await door.exactly(len(ANSWER))


async def _patience_is_over(url: str) -> None:
    """Return when whatever had begun before, and came on no more, has been given up."""
    async with wire(url) as later:
        await later.send(LINE)
        assert (await later.everything()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("first", "again"),
    [(b"GET /", PART), (LINE + b"x: ", PART), (LINE, b"x: " + PART + b"\r\n")],
    ids=["address", "one header", "many headers"],
)
async def test_a_head_without_an_end_is_refused(first: bytes, again: bytes) -> None:
    async with _door() as door:
        await _say(door, first, again)

        assert (await door.everything()).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("first", "again"),
    [(b"0\r\nx: ", PART), (b"0\r\n", b"x: " + PART + b"\r\n"), (b"1;x=", PART)],
    ids=["one trailer", "many trailers", "a piece's extension"],
)
async def test_what_comes_behind_or_beside_a_body_without_an_end_ends_the_connection(
    first: bytes, again: bytes
) -> None:
    async with _door() as door:
        await door.send(IN_PIECES)
        await _answered(door)
        await _say(door, PIECE + first, again)

        assert await door.everything() == b"", "nothing comes amid or behind an answer"


async def test_a_large_head_is_taken_in_whatever_pieces_and_the_next_one_too() -> None:
    async with _door() as door:
        for _ in range(3):
            await door.send(LINE)
            for number in range(LARGEST_HEAD // len(PART) - 1):
                await door.send(b"x%d: %b\r\n" % (number, PART))
            await door.send(b"\r\n")

            await _answered(door)


async def test_a_large_body_in_pieces_is_taken_with_its_trailers_and_the_next_one_too() -> None:
    async with _door() as door:
        for _ in range(3):
            await door.send(IN_PIECES)
            for _ in range(2 * LARGEST_HEAD // len(PIECE)):
                await door.send(PIECE)
            await door.send(b"0\r\nx: y\r\n\r\n")

            await _answered(door)


async def test_a_trailer_is_no_header() -> None:
    """The address a proxy tells, for one, would be whatever the client likes."""

    async def who(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        told = b" ".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        close = (b"connection", b"close")
        await send({"type": "http.response.start", "status": 200, "headers": [close]})
        await send({"type": "http.response.body", "body": told})

    async with _served(who) as url, wire(url) as door:
        head = IN_PIECES.replace(b"host", b"x-forwarded-for: 192.0.2.1\r\nhost")
        await door.send(head + b"0\r\nx-forwarded-for: 198.51.100.1\r\n\r\n")

        assert b"\r\n192.0.2.1\r\n" in await door.everything()


@pytest.mark.parametrize("said", [b"", b"\r\n\r\n"], ids=["nothing", "empty lines"])
async def test_a_connection_on_which_nothing_is_asked_does_not_stay_for_ever(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "KEEP_ALIVE_SECONDS", 0.1)
    async with _door() as door:
        await door.send(said)

        assert await door.everything() == b""


@pytest.mark.parametrize("begun", [b"GET /", LINE], ids=["address", "headers"])
async def test_a_head_that_does_not_end_in_time_is_told_so(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)
    async with _door() as door:
        await door.send(begun)

        assert (await door.everything()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begun", [b"0\r\nx: y", PIECE[:5]], ids=["trailers", "body"])
async def test_what_follows_a_head_and_does_not_come_ends_the_connection(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)
    async with _door() as door:
        await door.send(IN_PIECES)
        await _answered(door)
        await door.send(begun)

        assert await door.everything() == b""


async def test_a_body_nobody_has_read_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)
    read, size = asyncio.Event(), 10 * LARGEST_HEAD

    async def reads_late(_: Scope, receive: Receive, send: Send) -> None:
        await read.wait()
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with _served(reads_late) as url, wire(url) as door:
        await door.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n" % size)
        sending = asyncio.create_task(door.send(b"y" * size))
        await _patience_is_over(url)
        read.set()

        assert (await door.head()).startswith(b"HTTP/1.1 200 ")
        await sending


async def test_a_body_that_trickles_behind_its_answer_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)
    async with _door() as door:
        await door.send(LINE + b"content-length: 1000000\r\n\r\n")
        await _answered(door)

        async def trickle() -> None:
            while True:
                await door.send(b"y")
                await asyncio.sleep(heads.HEAD_SECONDS / 10)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(trickle)
            assert await door.everything() == b""
            tasks.cancel_scope.cancel()


async def test_a_websocket_stays_open_whatever_a_request_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)

    async def echo(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        while (heard := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": heard["text"]})

    async with _served(echo) as url, wire(url) as socket:
        await shake_hands(socket)
        await _patience_is_over(url)
        await socket.send(frame(b"still there"))

        assert (await socket.exactly(13))[2:] == b"still there"
