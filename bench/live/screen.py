"""Screens: many WebSockets in graphql-transport-ws that note when each frame arrives."""

import asyncio
import base64
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import cast

import orjson

PROTOCOL = "graphql-transport-ws"
PATIENCE = 30.0  # seconds for all screens to show something
LOOK_AGAIN = 0.01  # seconds
_TEXT, _CLOSE, _PING = 1, 8, 9
_ADDRESSED_BY = {126: (2, 4), 127: (8, 10)}  # length code -> bytes of length, bytes of header


class Screen(asyncio.Protocol):
    """One socket with one subscription. Keeps the frames since it was last cleared."""

    def __init__(
        self, subscription: bytes, init: bytes, handshake: bytes, news: asyncio.Event
    ) -> None:
        self.frames: list[tuple[float, bytes]] = []
        """When (``time.perf_counter``), and the frame's text."""
        self.delivered = 0
        """Frames with data, ever."""
        self.lost: str | None = None
        self._subscription, self._init, self._handshake = subscription, init, handshake
        self._news = news
        self._upgraded = False
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._handshake)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or f"closed: {exc}"
        self._news.set()

    def data_received(self, data: bytes) -> None:
        arrived = time.perf_counter()
        self._buffer += data
        if not self._upgraded:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                self.lost = head.decode()
                self._news.set()
                return
            self._upgraded, self._buffer = True, rest
            self._send(_TEXT, self._init)
        while (frame := self._next_frame()) is not None:
            self._take(arrived, *frame)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _next_frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 127, 2
        if length in _ADDRESSED_BY:
            size, start = _ADDRESSED_BY[length]
            length = int.from_bytes(buffer[2 : 2 + size])
        if len(buffer) < start + length:
            return None
        self._buffer = buffer[start + length :]
        return buffer[0] & 15, buffer[start : start + length]

    def _take(self, arrived: float, opcode: int, text: bytes) -> None:
        if opcode == _PING:
            self._send(10, text)
        elif opcode == _CLOSE:
            self.lost = text[2:].decode(errors="replace")
            self._news.set()
        elif b'"next"' in text[:80]:
            self.frames.append((arrived, text))
            self.delivered += 1
            self._news.set()
        elif b'"connection_ack"' in text[:80]:
            self._send(_TEXT, self._subscription)
        elif b'"ping"' in text[:80]:
            self._send(_TEXT, b'{"type":"pong"}')
        elif b'"error"' in text[:80]:
            self.lost = text[:300].decode()
            self._news.set()

    def _send(self, opcode: int, text: bytes) -> None:
        mask = os.urandom(4)
        size = len(text)
        head = bytes([128 | opcode])
        head += bytes([128 | size]) if size < 126 else bytes([254]) + size.to_bytes(2)
        covered = bytes(byte ^ mask[index & 3] for index, byte in enumerate(text))
        if self._transport is not None:
            self._transport.write(head + mask + covered)


class Screens:
    """So many of them, all with the same subscription."""

    def __init__(self, port: int, document: str, variables: object) -> None:
        self.all: list[Screen] = []
        self._port = port
        self._news = asyncio.Event()
        self._subscription = orjson.dumps({
            "id": "1", "type": "subscribe",
            "payload": {"query": document, "variables": variables},
        })  # fmt: skip

    @property
    def delivered(self) -> int:
        """Frames with data that arrived on any screen, ever."""
        return sum(screen.delivered for screen in self.all)

    async def switch_on(self, tokens: Sequence[str]) -> None:
        """One screen a token; returns when each shows its first frame."""
        loop = asyncio.get_running_loop()
        for start in range(0, len(tokens), 50):
            for token in tokens[start : start + 50]:
                screen = self._screen(token)
                self.all.append(screen)
                await loop.create_connection(partial(_itself, screen), "127.0.0.1", self._port)
            await self.until(b"")

    def switch_off(self) -> None:
        """Hang all up."""
        for screen in self.all:
            screen.close()

    def clear(self) -> None:
        """Forget what was shown."""
        for screen in self.all:
            screen.frames.clear()

    async def until(self, shows: bytes, *, absent: bool = False) -> None:
        """Return when every screen has got a frame with (or without) these bytes.

        Raises ``AssertionError`` when a screen lost its connection, ``TimeoutError``.
        """
        waiting = list(self.all)
        async with asyncio.timeout(PATIENCE):
            while waiting := [one for one in waiting if first(one, shows, absent=absent) is None]:
                if lost := [one.lost for one in waiting if one.lost]:
                    raise AssertionError(f"{len(lost)} screens lost: {lost[0]}")
                self._news.clear()
                await self._news.wait()
                await asyncio.sleep(LOOK_AGAIN)  # frames are dated as they arrive, not here

    def _screen(self, token: str) -> Screen:
        key = base64.b64encode(os.urandom(16)).decode()
        handshake = (
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
        )
        init = orjson.dumps({
            "type": "connection_init", "payload": {"Authorization": f"Bearer {token}"},
        })  # fmt: skip
        return Screen(self._subscription, init, handshake.encode(), self._news)


def _itself(screen: Screen) -> Screen:
    return screen


def first(screen: Screen, shows: bytes, *, absent: bool = False) -> float | None:
    """When the screen first got a frame with (or without) these bytes since it was cleared."""
    for arrived, text in screen.frames:
        if (shows in text) is not absent:
            return arrived
    return None
