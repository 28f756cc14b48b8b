"""What the messaging tests share: a toy event, and a store to record it in."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import nats
import orjson
from nats.aio.client import Client

from chassis import streams
from chassis.reader import Reader
from chassis.wire import ID_HEADER, POSITION_HEADER, TRACE_HEADER, unpack
from contracts.envelope import Event
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from deploy.local.servers import Nats
from tests.world.waiting import until

CONTEXT = "probe"
STREAM = "EVT_PROBE"
META = {
    "occurred_at": "2027-03-01T12:00:00Z",
    "actor": "system:tests",
    "command_id": str(new_id()),
    "correlation_id": str(new_id()),
    "causation_id": str(new_id()),
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
INSERT = """
INSERT INTO es.events
  (gym_id, stream_id, version, event_id, category, type, data, meta, recorded_at)
SELECT $1, gen_random_uuid(), 1, i, 'probe', $3, $4, $5, clock_timestamp() - $6::interval
  FROM unnest($2::uuid[]) i
"""


class Counted(Event):
    """Something was counted."""

    event_type = "probe.counted.v1"
    n: int


@dataclass
class Journal:
    """An event store of its own."""

    relay_dsn: str
    app: "asyncpg.Pool[asyncpg.Record]"
    gym_id: GymId = field(default_factory=lambda: GymId(new_id()))

    async def record(
        self,
        count: int = 1,
        *,
        event_type: str = Counted.event_type,
        data: bytes = b'{"n": 1}',
        pause: float = 0,
        keep: bool = True,
        trace: str | None = META["traceparent"],
        ago: timedelta = timedelta(0),
    ) -> None:
        """Record ``count`` events in one transaction that takes ``pause`` s; roll back or keep.

        ``trace`` led to them; it was so long ``ago``.
        """
        async with self.app.acquire() as db:
            transaction = db.transaction()
            await transaction.start()
            await db.execute("SELECT set_config('app.gym_ids', $1, true)", f"{{{self.gym_id}}}")
            ids = [new_id() for _ in range(count)]
            meta = orjson.dumps({**META, "traceparent": trace})
            await db.execute(INSERT, self.gym_id, ids, event_type, data, meta, ago)
            await asyncio.sleep(pause)  # other transactions come and go meanwhile
            await (transaction.commit() if keep else transaction.rollback())

    async def history(self) -> list[tuple[int, UUID]]:
        """(position, event id) of everything recorded, in the store's order."""
        db = await asyncpg.connect(self.relay_dsn)
        try:
            rows = await db.fetch("SELECT pos, event_id FROM es.events ORDER BY pos")
            return [(row["pos"], row["event_id"]) for row in rows]
        finally:
            await db.close()


@asynccontextmanager
async def connected_as(installation: Installation, user: str) -> AsyncIterator[Client]:
    """The installation's bus as ``user`` sees it."""

    async def quiet(_: Exception) -> None:
        """Refusals are part of these tests."""

    client = await nats.connect(**installation.nats_login(user), error_cb=quiet)
    try:
        yield client
    finally:
        await client.close()


async def fresh_stream(client: Client) -> None:
    """An empty ``EVT_PROBE``, whatever was there."""
    js = client.jetstream(timeout=30)
    if STREAM in {each.config.name for each in await js.streams_info()}:
        await js.delete_stream(STREAM)
    await streams.declare_one(client, streams.events_of(CONTEXT))


async def in_stream(client: Client) -> list[tuple[int, UUID]]:
    """(position, event id) of every message, in the stream's order, without a gap in sequences."""
    info = await client.jetstream().stream_info(STREAM)
    reader = Reader(client, STREAM)
    found: list[tuple[int, UUID]] = []
    while len(found) < info.state.messages:
        for message in await reader.next_batch():
            envelope = unpack(message.data)
            found.append((envelope.position, envelope.event_id))
            assert message.seq == len(found)
    await reader.stop()
    return found


async def publish(
    client: Client, count: int, *, first: int = 1, gym_id: GymId | None = None
) -> None:
    """Events with positions ``first`` .. as a relay would publish them."""
    js = client.jetstream(timeout=30)
    for position in range(first, first + count):
        await js.publish(*message(position, gym_id=gym_id))


def message(
    position: int,
    *,
    gym_id: GymId | None = None,
    event_type: str = Counted.event_type,
    event: object = None,
    trace: str | None = None,
    recorded_at: str | None = None,
) -> tuple[str, bytes, float, str, dict[str, str]]:
    """Arguments of ``js.publish`` for the event at ``position``; it counts ``position``.

    ``event`` is something else to say instead: JSON as bytes, or what becomes JSON. ``trace`` is
    what led to it and published it. It was recorded just now, unless something else is said.
    """
    event = {"n": position} if event is None else event
    gym, event_id = gym_id or GymId(UUID(int=7)), new_id()
    body = {
        **META,
        "event_id": str(event_id),
        "event_type": event_type,
        "gym_id": str(gym),
        "stream": f"probe-{event_id}",
        "version": 1,
        "position": position,
        "recorded_at": recorded_at or datetime.now(UTC).isoformat(),
        "traceparent": trace,
        "event": orjson.Fragment(event) if isinstance(event, bytes) else event,
    }
    headers = {ID_HEADER: str(event_id), POSITION_HEADER: str(position)}
    if trace is not None:
        headers[TRACE_HEADER] = trace
    return f"evt.{gym}.{event_type}", orjson.dumps(body), 5, STREAM, headers


async def kill_and_restart(broker: Nats, *clients: Client) -> None:
    """The broker dies without a word and comes back; returns when ``clients`` are back too."""
    before = [client.stats["reconnects"] for client in clients]
    broker.stop(signal.SIGKILL)
    broker.start()
    for client, count in zip(clients, before, strict=True):
        await until(lambda client=client, count=count: client.stats["reconnects"] > count)  # type: ignore[misc]
        await until(lambda client=client: client.is_connected)  # type: ignore[misc]


@asynccontextmanager
async def running(
    *runs: Callable[[anyio.Event], Coroutine[Any, Any, None]],
) -> AsyncIterator[anyio.Event]:
    """The loops run inside the block and are asked to stop at its end."""
    stopping = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for run in runs:
            tasks.start_soon(run, stopping)
        try:
            yield stopping
        finally:
            stopping.set()
