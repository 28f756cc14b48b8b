"""Whoever takes nothing of what is sent is given up, and then the connection is gone as well."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from chassis import health
from chassis.telemetry.web import Receive, Scope, Send
from tests.world.waiting import until

SMALLEST = 4096  # bytes of what the machine keeps for who does not read
TOO_MUCH = "x" * 16 * 1024 * 1024  # for all that is kept between the two
LIMIT = 1.0  # seconds
REQUEST = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this limit is Linux's"),
]


async def _say_too_much(scope: Scope, _receive: Receive, send: Send) -> None:
    """An app that says all it has and leaves, as the gateway does when it gives somebody up."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": TOO_MUCH})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": TOO_MUCH.encode()})


@asynccontextmanager
async def _asked(request: bytes) -> AsyncIterator[tuple[health.Server, socket.socket]]:
    """A server, and a client that has asked it something."""
    server = health.Server(_say_too_much, "127.0.0.1", 0)

    async def is_there() -> bool:
        return len(server.server_state.connections) == 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        await server.opened()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
            client.connect(("127.0.0.1", server.port))
            client.sendall(request)
            await until(is_there)
            try:
                yield server, client
            finally:
                server.leave()


@pytest.mark.parametrize("uvloop", [True, False], ids=["uvloop", "asyncio"])
@pytest.mark.parametrize("request_", [REQUEST, HANDSHAKE], ids=["HTTP", "WebSocket"])
def test_a_connection_ends_whose_client_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, request_: bytes, *, uvloop: bool
) -> None:
    monkeypatch.setattr(health, "UNTAKEN_SECONDS", LIMIT)

    async def it_ends() -> None:
        async with _asked(request_) as (server, _):

            async def is_gone() -> bool:
                return not server.server_state.connections

            await until(is_gone, within=20 * LIMIT)

    anyio.run(it_ends, backend_options={"use_uvloop": uvloop})


def test_who_takes_a_little_at_a_time_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "UNTAKEN_SECONDS", LIMIT)

    async def it_stays() -> None:
        async with _asked(REQUEST) as (_, client):
            client.setblocking(False)
            got, ends = 0, anyio.current_time() + 3 * LIMIT
            while got < len(TOO_MUCH):
                is_slow = anyio.current_time() < ends
                await anyio.wait_readable(client)
                part = client.recv(SMALLEST if is_slow else 1 << 20)
                assert part, "it was cut off"
                got += len(part)
                await anyio.sleep(LIMIT / 20 if is_slow else 0)  # its own pace

    anyio.run(it_stays)
