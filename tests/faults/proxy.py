"""A way to a server that can be broken: answers lost, nothing passed on, everything slow."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Self

from deploy.local.runner import program
from tests.world.system import System

CHUNK = 65_536  # bytes
NARROW = {(socket.SOL_SOCKET, socket.SO_RCVBUF): 4096, (socket.IPPROTO_TCP, socket.TCP_MAXSEG): 536}
"""What keeps the machine from holding megabytes for who does not read."""
Address = tuple[str, int]


class Proxy:
    """Listens on 127.0.0.1 and passes bytes on to the first of ``servers`` that takes them."""

    def __init__(self, *servers: Address, is_narrow: bool = False) -> None:
        """``is_narrow``: what is not passed on waits at the server, not on its way."""
        self._servers, self._is_narrow = servers, is_narrow
        self._links: set[asyncio.Task[None]] = set()
        self._lost: tuple[bytes, ...] = ()
        self._open = asyncio.Event()
        self._open.set()
        self.lost = 0
        """Answers swallowed so far."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def lose_answers_to(self, *words: bytes) -> None:
        """From now on, whoever asks with all of ``words`` loses the connection, not the effect.

        The request is carried out; its answer goes nowhere. No ``words``: no longer.
        """
        self._lost = words

    def hold(self) -> None:
        """Pass nothing on, either way, nor who hangs up: a network that went silent."""
        self._open.clear()

    def let_go(self) -> None:
        """Pass on again, first of all what was held."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        try:
            there, back = await self._connect()
            try:
                asked = bytearray()
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass_on(reader, back, asked))
                    both.create_task(self._pass_back(there, writer, asked))
            finally:
                back.transport.abort()
        except* OSError:
            pass  # one side has gone: so does the other
        finally:
            self._links.discard(link)
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for host, port in self._servers:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    return await self._connect_to(host, port)
        raise ConnectionRefusedError(self._servers)

    async def _connect_to(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        there = socket.socket()
        try:
            there.setblocking(False)
            for (level, option), value in NARROW.items() if self._is_narrow else ():
                there.setsockopt(level, option, value)
            await asyncio.get_running_loop().sock_connect(there, (host, port))
        except BaseException:
            there.close()
            raise
        return await asyncio.open_connection(sock=there)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._open.wait()
            asked += data
            writer.write(data)
            await writer.drain()
        await self._open.wait()
        raise ConnectionAbortedError

    async def _pass_back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._open.wait()
            if self._lost and all(word in asked for word in self._lost):
                self.lost += 1
                raise ConnectionAbortedError
            asked.clear()
            writer.write(data)
            await writer.drain()
        await self._open.wait()
        raise ConnectionAbortedError


@contextlib.asynccontextmanager
async def reached_through(proxy: Proxy, system: System, process: str) -> AsyncIterator[None]:
    """For the length of the block ``process`` reaches NATS through ``proxy`` alone."""
    await system.all_ready()
    await system.stop(process)
    await system.start(process, name=process, NATS_URL=f"nats://127.0.0.1:{proxy.port}")
    try:
        yield
    finally:
        await system.stop(process)
        await system.supervisor.start(program(system.installation, process))
