"""``rebuild``: a read model built anew from its stream, to COPY of the rows it ends with.

The stream is filled the way the relay fills it. The copy is made into tables with the same keys
and indexes, by the server's fastest means: binary COPY of records that lie ready in memory.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import nats
import orjson

from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from chassis.projection.rebuild import rebuild as rebuild_beside
from chassis.relay.tail import Tail
from chassis.wire import Outgoing, pack
from contracts.booking import (
    BookingPolicy,
    GrantKind,
    ReservationMade,
    ReservationSource,
    SessionScheduled,
)
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    GrantId,
    LocationId,
    ReservationId,
    SessionId,
    new_id,
)
from deploy.schema import database_url
from services.projections import roster

SEATS = 20
WINDOW = 256
Rows: TypeAlias = Mapping[str, Sequence[tuple[Any, ...]]]
"""Table -> its rows."""

STARTS = datetime(2027, 3, 1, 12, tzinfo=UTC)


async def rebuild(ground: Ground) -> Figure:
    """Events/s to rows/s."""
    sessions = ground.sizes.rebuild_events // (SEATS + 1)
    events = await _fill(ground, sessions)
    db = await asyncpg.connect(database_url(ground.installation.admin_dsn, "b2b_views"))
    try:
        await _enter(db, events)
        once = await _rebuild(ground, db, events, sessions * SEATS)
        ground.tell(f"rebuild: {events:,} events at {once:,.0f}/s")
        rows = {
            table: [tuple(row) for row in await db.fetch(f"SELECT * FROM views.{table}")]
            for table in roster.MODEL.tables
        }

        async def ours() -> float:
            return await _rebuild(ground, db, events, sessions * SEATS)

        async def theirs() -> float:
            return await _copy(db, rows)

        return await ratio(ground.sizes.rounds, ours, theirs, unit="rows/s", tell=ground.tell)
    finally:
        await db.close()


async def _fill(ground: Ground, sessions: int) -> int:
    """Write the stream; how many events it has."""
    client = await nats.connect(**ground.installation.nats_login("booking_relay"))
    try:
        tail = Tail(client, "EVT_BOOKING")
        await tail.find()
        messages = list(_messages(sessions, tail.position))
        for start in range(0, len(messages), WINDOW):
            await tail.write(messages[start : start + WINDOW])
        return tail.seq
    finally:
        await client.close()


async def _enter(db: "asyncpg.Connection[asyncpg.Record]", events: int) -> None:
    """Say that the live copy is level: only then may a rebuild take its place."""
    await db.execute(
        "INSERT INTO views.checkpoints (name, source, seq, position) VALUES ($1, $2, $3, $3) "
        "ON CONFLICT (name) DO UPDATE SET seq = $3, position = $3",
        roster.MODEL.name, roster.MODEL.source, events,
    )  # fmt: skip


async def _rebuild(
    ground: Ground, db: "asyncpg.Connection[asyncpg.Record]", events: int, seats: int
) -> float:
    installation = ground.installation
    client = await nats.connect(**installation.nats_login("projections"))
    try:
        began = time.perf_counter()
        dsn = installation.dsn("projections", "b2b_views")
        await rebuild_beside(roster.MODEL, dsn=dsn, client=client)
        rate = events / (time.perf_counter() - began)
    finally:
        await client.close()
    shown = await db.fetchval("SELECT count(*) FROM views.reservations")
    if shown != seats:
        raise WrongResult(f"the rebuilt roster shows {shown} seats, the stream told of {seats}")
    return rate


async def _copy(db: "asyncpg.Connection[asyncpg.Record]", rows: Rows) -> float:
    await db.execute("CREATE SCHEMA copied")
    await db.execute("SET synchronous_commit = off")  # as a rebuild does
    try:
        for table in rows:
            await db.execute(f"CREATE TABLE copied.{table} (LIKE views.{table} INCLUDING ALL)")
        began = time.perf_counter()
        for table, records in rows.items():
            await db.copy_records_to_table(table, schema_name="copied", records=records)
        return sum(map(len, rows.values())) / (time.perf_counter() - began)
    finally:
        await db.execute("DROP SCHEMA copied CASCADE")


def _messages(sessions: int, after: int) -> Iterator[Outgoing]:
    position, gym = after, new_id()
    for number in range(sessions):
        session = SessionId(new_id())
        story = (_scheduled(session, number), *(_seat(session, n + 1) for n in range(SEATS)))
        for version, event in enumerate(story, start=1):
            position += 1
            yield pack(_row(gym, session, version, position, event))  # type: ignore[arg-type]


def _row(gym: UUID, session: UUID, version: int, position: int, event: Event) -> dict[str, Any]:
    """What the relay reads from the store."""
    now, key = datetime.now(UTC), new_id()
    meta = {
        "occurred_at": now, "actor": "staff:bench", "command_id": key, "correlation_id": key,
        "causation_id": key, "traceparent": None,
    }  # fmt: skip
    return {
        "pos": position, "gym_id": gym, "category": "session", "stream_id": session,
        "version": version, "event_id": new_id(), "type": event.event_type,
        "data": event.model_dump_json().encode(), "meta": orjson.dumps(meta), "recorded_at": now,
    }  # fmt: skip


def _scheduled(session: SessionId, number: int) -> SessionScheduled:
    starts = STARTS + timedelta(minutes=number)
    return SessionScheduled(
        session_id=session, title="Bench", location_id=LocationId(new_id()), starts_at=starts,
        ends_at=starts + timedelta(hours=1), time_zone="UTC", capacity=SEATS,
        booking_opens_at=starts - timedelta(days=7), booking_closes_at=starts,
        policy=BookingPolicy(),
    )  # fmt: skip


def _seat(session: SessionId, taken: int) -> ReservationMade:
    return ReservationMade(
        session_id=session, client_id=ClientId(new_id()), reservation_id=ReservationId(new_id()),
        source=ReservationSource.BOOKED, grant_id=GrantId(new_id()), grant_kind=GrantKind.PACK,
        free_until=STARTS, policy_version=1, seats_taken=taken, capacity=SEATS,
    )  # fmt: skip
