"""A library behind a real server on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from chassis.clock import Clock, SystemClock
from gateway.serve.calls import Call
from gateway.serve.door import Door
from gateway.serve.hints import Hints
from gateway.serve.live import Principal
from gateway.serve.settings import ServeSettings
from tests.gateway_serve.library import Place, Position, Room, Shelf, a_shelf, schema
from tests.gateway_serve.readers import People
from tests.world.people import GRAPHQL_WS

DEVELOPMENT = ServeSettings(development=True)


class QuietServer(uvicorn.Server):
    """A server that leaves the test run's signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Library:
    """One served shelf, and what the tests do to it."""

    door: Door
    hints: Hints
    shelf: Shelf
    calls: list[str]
    people: People
    address: str = ""
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30))

    @property
    def url(self) -> str:
        return f"http://{self.address}/graphql"

    @property
    def ws_url(self) -> str:
        return f"ws://{self.address}/graphql"

    async def post(self, query: str, /, headers: Any = None, **request: Any) -> httpx.Response:
        body = {"query": query, **request}
        return await self.http.post(self.url, json=body, headers=headers)

    async def looked_again(self) -> None:
        """Wait until somebody's credentials were looked at twice more: one look is over then."""
        while not self.people.looks.empty():
            self.people.looks.get_nowait()
        async with asyncio.timeout(30):
            await self.people.looks.get()
            await self.people.looks.get()

    def change(self, title: str) -> int:
        """Rename the first book and hint at it; the new position."""
        number = self.shelf.position.number + 1
        self.shelf.books[0].title = title
        self.shelf.position = Position(Place(number))
        self.hints.hint("shelf", number)
        return number

    @asynccontextmanager
    async def socket(self, *, init: Any = None, **options: Any) -> AsyncIterator["Screen"]:
        async with connect(self.ws_url, subprotocols=[GRAPHQL_WS], **options) as raw:
            screen = Screen(raw)
            if init is not False:
                await screen.say(type="connection_init", **({"payload": init} if init else {}))
                assert await screen.hear() == {"type": "connection_ack"}
            yield screen


@dataclass
class Screen:
    """A client that speaks the protocol by hand."""

    raw: ClientConnection

    async def say(self, **message: Any) -> None:
        await self.raw.send(orjson.dumps(message).decode())

    async def subscribe(self, id_: str, query: str, **payload: Any) -> None:
        await self.say(id=id_, type="subscribe", payload={"query": query, **payload})

    async def hear(self) -> Any:
        async with asyncio.timeout(30):
            text = await self.raw.recv()
        assert isinstance(text, str)
        return orjson.loads(text)

    async def closed(self) -> tuple[int | None, str | None]:
        async with asyncio.timeout(30):
            await self.raw.wait_closed()
        return self.raw.close_code, self.raw.close_reason


Serve = Callable[..., Awaitable[Library]]


@asynccontextmanager
async def serving(
    settings: ServeSettings = DEVELOPMENT, clock: Clock | None = None
) -> AsyncIterator[Library]:
    """A library on a free port until the block ends."""
    hints, shelf, calls, people = Hints(), a_shelf(), list[str](), People()

    def make_context(principal: Principal, call: Call) -> Room:
        return Room(principal, hints, shelf, calls, call)

    door = Door(
        schema, settings, authenticate=people.authenticate, make_context=make_context,
        clock=clock or SystemClock(),
    )  # fmt: skip
    config = uvicorn.Config(
        door, log_level="warning", lifespan="off", ws="websockets-sansio",
        ws_per_message_deflate=False, ws_ping_interval=None, timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = QuietServer(config)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        host, port = bound.getsockname()
        task = asyncio.create_task(server.serve(sockets=[bound]))
        library = Library(door, hints, shelf, calls, people, f"{host}:{port}")
        try:
            yield library
        finally:
            await library.http.aclose()
            await door.drain()
            server.should_exit = True
            await task


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves a library with the given settings until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Library:
            wanted = ServeSettings(**{"development": True, **settings})
            return await stack.enter_async_context(serving(wanted))

        yield start


@pytest.fixture
async def library(serve: Serve) -> Library:
    return await serve()
