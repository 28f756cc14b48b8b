"""Whether a process lives and may get work, and its numbers, over HTTP."""

import os
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

import anyio
import orjson
import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.heads import BoundedHeads
from chassis.telemetry.web import App, Receive, Scope, Send

__all__ = ["App", "Check", "Health", "Server"]

Check = Callable[[], bool | Awaitable[bool]]

CHECK_SECONDS = 1.0
BACKLOG = 2048
LARGEST_FRAME = 64 * 1024  # bytes somebody may send in one WebSocket message; kept until it ends
KEEP_ALIVE_SECONDS = 75  # longer than a load balancer's, so that it is never we who close first
UNTAKEN_SECONDS = 30.0
"""What a client's machine does not take for so long ends its connection. A close waits until all is
taken, and nobody counts the connections of clients that are given up."""

log = structlog.get_logger(__name__)


class Health:
    """An ASGI app: /health/live, /health/ready and /metrics; everything else is 404."""

    def __init__(self) -> None:
        self.ready = False
        """False while starting and while draining."""
        self._checks: dict[str, Check] = {}

    def check(self, name: str, check: Check) -> None:
        self._checks[name] = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == "/health/live":
            await _answer(send, 200, {"live": True})  # that it is answered is the answer
        elif path == "/health/ready":
            checks = await self.standing()
            ready = self.ready and all(checks.values())
            await _answer(send, 200 if ready else 503, {"ready": ready, "checks": checks})
        elif path == "/metrics":
            await _send(send, 200, CONTENT_TYPE_LATEST, generate_latest())
        else:
            await _answer(send, 404, {"error": "not found"})

    async def standing(self) -> dict[str, bool]:
        """Every check's answer, asked at once."""
        answers = dict.fromkeys(self._checks, False)

        async def ask(name: str, check: Check) -> None:
            try:
                with anyio.move_on_after(CHECK_SECONDS):
                    answer = check()
                    answers[name] = bool(await answer if isawaitable(answer) else answer)
            except Exception as error:
                log.warning("check failed", check=name, reason=type(error).__name__)

        async with anyio.create_task_group() as group:
            for name, check in self._checks.items():
                group.start_soon(ask, name, check)
        return answers


class Server(uvicorn.Server):
    """A web server that leaves signals to the process. Port 0 takes a free one: ``port``."""

    def __init__(self, app: App, host: str, port: int, *, websockets: bool = True) -> None:
        """Without ``websockets`` their library is not even loaded."""
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=BoundedHeads,
                ws="websockets-sansio" if websockets else "none",
                ws_max_size=LARGEST_FRAME,
                ws_per_message_deflate=False,  # costs more than all the rest of a frame
                ws_ping_interval=None,  # whoever serves WebSockets pings, with its own close codes
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # whoever believes proxies says which
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=3,
            )
        )
        self._opened = anyio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                _limit_untaken(listening.fileno())
        self._opened.set()

    async def opened(self) -> None:
        """Wait until the port is open."""
        await self._opened.wait()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    def leave(self) -> None:
        """Finish what is being answered, take nothing new."""
        self.should_exit = True


def _limit_untaken(listening: int) -> None:
    """Set ``UNTAKEN_SECONDS`` for all connections that a listening socket will accept."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere the machine gives up by itself
        with socket.socket(fileno=os.dup(listening)) as same:
            milliseconds = int(UNTAKEN_SECONDS * 1000)
            same.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


async def _answer(send: Send, status: int, body: MutableMapping[str, Any]) -> None:
    await _send(send, status, "application/json", orjson.dumps(body))


async def _send(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
