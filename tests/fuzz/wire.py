"""TCP by hand: whatever bytes a client may send, and what comes back. No library straightens it."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

PATIENCE = 8.0  # seconds until what must come has come
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send what the other side still takes; what it refuses is its right."""
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            self._writer.close()

    def end(self) -> None:
        """Say that nothing more comes; answers still may."""
        with suppress(OSError):  # the other side may have closed already
            self._writer.write_eof()

    def cut(self) -> None:
        """Gone without a goodbye."""
        self._writer.transport.abort()

    async def everything(self, within: float = PATIENCE) -> bytes:
        """What comes until the other side closes. Raises ``TimeoutError``."""
        parts = []
        async with asyncio.timeout(within):
            try:
                while part := await self._reader.read(65_536):
                    parts.append(part)
            except ConnectionError:
                pass  # a reset ends it too
        return b"".join(parts)

    async def exactly(self, size: int) -> bytes:
        return await self._reader.readexactly(size)

    async def head(self) -> bytes:
        """A response up to its empty line."""
        return await self._reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    """A connection to ``url``, gone with the block."""
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):  # it was closed already
            await writer.wait_closed()


async def shake_hands(on: Wire, protocol: str = "graphql-transport-ws") -> None:
    """Open a WebSocket. Raises ``AssertionError`` when it is refused."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ("GET /graphql HTTP/1.1", "Host: fuzz", "Connection: Upgrade", "Upgrade: websocket",
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}",
             f"Sec-WebSocket-Protocol: {protocol}")  # fmt: skip
    await on.send(("\r\n".join(lines) + "\r\n\r\n").encode())
    async with asyncio.timeout(PATIENCE):
        assert (await on.head()).startswith(b"HTTP/1.1 101 ")


def frame(payload: bytes, opcode: int = TEXT, *, flags: int = 0x80, masked: bool = True,
          announced: int | None = None) -> bytes:  # fmt: skip
    """A frame as a client sends it; ``flags`` are its first four bits: final, reserved."""
    size = len(payload) if announced is None else announced
    mask_bit, mask = (0x80, os.urandom(4)) if masked else (0, b"")
    head = bytes([flags | opcode])
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65_536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", size)
    if masked:
        repeated = mask * (len(payload) // 4 + 1)
        payload = bytes(a ^ b for a, b in zip(payload, repeated, strict=False))
    return head + mask + payload


class Heard(NamedTuple):
    """What a socket said until it was over."""

    texts: list[str]
    code: int | None
    """Of its close frame; None: there was none."""


async def heard(on: Wire, *, polite: bool = True, within: float = PATIENCE) -> Heard:
    """Every frame until the socket is closed. Raises ``AssertionError`` when it never is.

    Who is not ``polite`` leaves the close frame unanswered.
    """
    texts: list[str] = []
    try:
        async with asyncio.timeout(within):
            while True:
                opcode, payload = await _frame(on)
                if opcode == CLOSE:
                    if polite:
                        await on.send(frame(payload[:2], CLOSE))
                    code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                    assert not await on.everything(within), "nothing comes behind a close frame"
                    return Heard(texts, code)
                if opcode == TEXT:
                    texts.append(payload.decode())
    except (asyncio.IncompleteReadError, ConnectionError):
        return Heard(texts, None)
    except TimeoutError:
        raise AssertionError(f"still open, after {texts}") from None


async def _frame(on: Wire) -> tuple[int, bytes]:
    first, second = await on.exactly(2)
    assert not second & 0x80, "a server masks nothing"
    size = second & 0x7F
    if size == 126:
        [size] = struct.unpack("!H", await on.exactly(2))
    elif size == 127:
        [size] = struct.unpack("!Q", await on.exactly(8))
    return first & 0x0F, await on.exactly(size)
