"""A server that has said its last word on a connection, not closed yet, is away: no fault."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.recorder import Away
from chassis.projection.ledger import _is_poison
from chassis.relay.store import Store, StoreLost
from chassis.tenancy import open_pool
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from services.projections.reading import ViewsAway, ask

_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
LAST_WORD = b"E" + (4 + len(_FIELDS)).to_bytes(4, "big") + _FIELDS


class Line:
    """Between a client and Postgres; can say Postgres' last word for it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._clients: list[asyncio.StreamWriter] = []
        self._servers: list[asyncio.StreamWriter] = []
        self._passing: list[asyncio.Task[Any]] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.append(writer)
        if (task := asyncio.current_task()) is not None:
            self._passing.append(task)  # may still be calling when the line is closed
        theirs, ours = await asyncio.open_connection(self._host, self._port)
        self._servers.append(ours)
        for source, sink in ((reader, ours), (theirs, writer)):
            self._passing.append(asyncio.create_task(self._pass_on(source, sink)))

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)

    async def last_word(self) -> None:
        """To everybody connected; the sockets stay open."""
        for client in self._clients:
            client.write(LAST_WORD)
            await client.drain()
        for _ in range(5):  # it is in the other end's socket already: the loop has to look there
            await asyncio.sleep(0)

    async def aclose(self) -> None:
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)
        for writer in (*self._clients, *self._servers):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def line(installation: Installation) -> AsyncIterator[tuple[Line, int]]:
    """The line and its port."""
    parts = urlsplit(installation.admin_dsn)
    assert parts.hostname
    assert parts.port
    made = Line(parts.hostname, parts.port)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    yield made, server.sockets[0].getsockname()[1]
    server.close()
    await made.aclose()
    await server.wait_closed()


def over(port: int, dsn: str) -> str:
    """``dsn`` by way of the line."""
    parts = urlsplit(dsn)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))


async def test_a_store_is_away(installation: Installation, line: tuple[Line, int]) -> None:
    postgres, port = line
    pool = await open_pool(over(port, installation.dsn("booking_app", "b2b_booking")), name="x")
    recorder = PostgresRecorder(pool)
    assert await recorder.answer(GymId(new_id()), "x", new_id()) is None

    await postgres.last_word()

    with pytest.raises(Away):
        await recorder.answer(GymId(new_id()), "x", new_id())
    pool.terminate()
    await asyncio.sleep(0)  # its sockets close in the next turn


async def test_a_relays_store_is_lost(installation: Installation, line: tuple[Line, int]) -> None:
    postgres, port = line
    dsn = over(port, installation.dsn("booking_relay", "b2b_booking"))
    async with Store(dsn, "EVT_BOOKING") as store:
        assert await store.head() >= 0

        await postgres.last_word()

        with pytest.raises(StoreLost):
            await store.head()


async def test_read_models_are_away_and_no_event_is_to_blame(
    installation: Installation, line: tuple[Line, int]
) -> None:
    postgres, port = line
    pool = await open_pool(over(port, installation.dsn("gateway", "b2b_views")), name="x")
    gym = GymId(new_id())
    await ask(pool, "roster", gym, new_id())

    await postgres.last_word()

    with pytest.raises(ViewsAway) as away:
        await ask(pool, "roster", gym, new_id())
    assert isinstance(away.value.__cause__, Exception)
    assert not _is_poison(away.value.__cause__)
    pool.terminate()
    await asyncio.sleep(0)  # its sockets close in the next turn
