"""A lean HTTP client: one kept connection, one request at a time, and nothing in the way."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import orjson

PATIENCE = 60.0
"""Seconds for one answer; the slowest measured, the last of a rush, take two or three."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body; raises ``AssertionError`` when the request failed."""
        assert self.status == 200, f"{self.status}: {self.body[:300]!r}"
        told = orjson.loads(self.body)
        assert not told.get("errors"), f"{self.body[:300]!r}"
        return dict(told)


def request(method: str, path: str, body: object = None, token: str = "") -> bytes:
    """The bytes of a request with a JSON body."""
    content = b"" if body is None else orjson.dumps(body)
    lines = [
        f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json",
        "Content-Type: application/json", f"Content-Length: {len(content)}",
    ]  # fmt: skip
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def graphql(document: str, variables: object, token: str) -> bytes:
    """The bytes of a GraphQL request."""
    return request("POST", "/graphql", {"query": document, "variables": variables}, token)


class Connection:
    """One connection to a server on this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> Self:
        """Open it."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, prepared: bytes) -> Answer:
        """One request, one answer. Raises ``ConnectionError`` when the server has hung up.

        Raises ``TimeoutError`` when it has not answered after a minute.
        """
        self._writer.write(prepared)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answer()
        except asyncio.IncompleteReadError as cut:  # an EOFError: the command line would say abort
            raise ConnectionError(f"the server hung up after {len(cut.partial)} bytes") from cut

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await self._reader.readexactly(int(length))
        return Answer(int(head[9:12]), body)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def open_all(port: int, count: int) -> list[Connection]:
    """So many connections; a few at a time, the listen queue is short."""
    opened: list[Connection] = []
    while len(opened) < count:
        some = min(50, count - len(opened))
        opened += await asyncio.gather(*(Connection.to(port) for _ in range(some)))
    return opened


async def open_all_in_turn(ports: Sequence[int], count: int) -> list[Connection]:
    """So many connections, to ``ports`` in turn."""
    shares = [len(range(n, count, len(ports))) for n in range(len(ports))]
    opened = [iter(await open_all(*share)) for share in zip(ports, shares, strict=True)]
    return [next(opened[n % len(ports)]) for n in range(count)]
