"""``growth``: what a booking costs in a store that has grown, to what it costs in a small one.

Two event stores on one server, one with few events and one with many. In each round clients and
sessions of their own book and give up a seat once, on a store with nothing in memory: ledgers and
sessions are loaded, the batch is checked and written, by indexes over everything stored. The cost
is CPU time of this process and of the database's, which other work on the machine blurs least.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg

from bench import cpu
from bench.booking import booking, must_have
from bench.figures import Figure, ratio
from bench.ground import Ground
from chassis.context import Context
from chassis.eventstore.events import encode, meta
from contracts.booking import (
    Cancellation,
    CreditHeld,
    CreditReleased,
    GrantKind,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
)
from contracts.envelope import Event
from contracts.ids import ClientId, GrantId, GymId, ReservationId, SessionId, new_id
from deploy.schema import database_url

GYMS = 16
CONNECTIONS = 16
EVENTS_A_STREAM = 25
CHUNK = 500_000  # events between two vacuums: as often as autovacuum comes by
SEATS = 20

# Streams are born one after the other over four weeks, as they are in life; random births would
# measure how fast this machine seeks.
LOAD = """
WITH streams AS MATERIALIZED (
    SELECT uuidv7(interval '28 days' * (n::float8 / $6 - 1)) AS id,
           ($1::uuid[])[1 + n % cardinality($1)] AS gym
      FROM generate_series($7::int + 1, $7::int + $2::int) n)
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
SELECT gym, id, v, uuidv7(), 'session', ($8::text[])[1 + v % cardinality($8)],
       ($3::bytea[])[1 + v % cardinality($3)], $4
  FROM streams, generate_series(1, $5::int) v
"""
ANSWERS = """
INSERT INTO es.answers (gym_id, actor, command_id, request_hash, answer, pos)
SELECT ($1::uuid[])[1 + n % cardinality($1)], 'client:' || gen_random_uuid(), uuidv7(), $2, $3, n
  FROM generate_series(1, $4::int) n
"""


async def growth(ground: Ground) -> Figure:
    """The grown store to the small one."""
    few, many = ground.sizes.few_events, ground.sizes.many_events
    gyms = [GymId(new_id()) for _ in range(GYMS)]
    small = await _filled(ground, "bench_few", few, gyms)
    grown = await _filled(ground, "bench_many", many, gyms)

    async def in_grown() -> float:
        return await _cost(ground, grown, gyms[0])

    async def in_small() -> float:
        return await _cost(ground, small, gyms[0])

    await in_grown(), await in_small()  # first use: catalogs and plans of every connection
    figure = await ratio(ground.sizes.rounds, in_grown, in_small, unit="µs", tell=ground.tell)
    return Figure(figure.values, f"{figure.detail} of CPU a command; {many:,} to {few:,} events")


async def _filled(ground: Ground, name: str, events: int, gyms: Sequence[GymId]) -> str:
    """An event store with so many events of the last four weeks, and the last week's answers."""
    dsn = await ground.event_store_database(name)
    db = await asyncpg.connect(database_url(ground.installation.admin_dsn, name))
    try:
        await db.execute("SET synchronous_commit = off")
        samples = _events()
        beside = meta(Context.system(gyms[0], f"client:{new_id()}", datetime.now(UTC), new_id()))
        streams = max(1, events // EVENTS_A_STREAM)
        step = CHUNK // EVENTS_A_STREAM
        for done in range(0, streams, step):
            ground.tell(f"growth: {done * EVENTS_A_STREAM:,} of {events:,} events in {name}")
            count = min(step, streams - done)
            await db.execute(
                LOAD, gyms, count, [encode(event) for event in samples], beside,
                EVENTS_A_STREAM, streams, done, [event.event_type for event in samples],
                timeout=600,
            )  # fmt: skip
            # What a page has left is given to later, smaller events only after a vacuum. Without
            # these all pages would offer it at once, which never happens to a store that grows.
            await db.execute("VACUUM es.events", timeout=600)
        await db.execute(ANSWERS, gyms, b"." * 16, b"." * 160, events // 8, timeout=600)
        await db.execute("VACUUM (ANALYZE) es.events, es.answers", timeout=600)
        await db.execute("CHECKPOINT", timeout=600)
    finally:
        await db.close()
    return dsn


async def _cost(ground: Ground, dsn: str, gym_id: GymId) -> float:
    """Microseconds of CPU a command."""
    people = ground.sizes.cold_clients
    async with booking(dsn, connections=CONNECTIONS, gym_id=gym_id) as preparing:
        sessions = await preparing.schedule(SEATS, count=-(-people // SEATS))
        clients = await preparing.clients(people)
    pairs = [(sessions[number // SEATS], client) for number, client in enumerate(clients)]
    async with booking(dsn, connections=CONNECTIONS, gym_id=gym_id) as cold:

        async def book_and_cancel(session: SessionId, client: ClientId) -> None:
            await cold.book(session, client)
            await cold.cancel(session, client)

        server = _postgres(ground)
        before = cpu.own() + cpu.used(server)
        for start in range(0, people, ground.sizes.commanders):
            at_once = pairs[start : start + ground.sizes.commanders]
            await asyncio.gather(*(book_and_cancel(*pair) for pair in at_once))
        used = cpu.own() + cpu.used(server) - before
        await must_have(cold, sessions, 0)
    return used / (2 * people) * 1e6


def _events() -> list[Event]:
    """A booking and its cancellation, on both streams: sizes as in life."""
    session, client = SessionId(new_id()), ClientId(new_id())
    reservation, grant, now = ReservationId(new_id()), GrantId(new_id()), datetime.now(UTC)
    return [
        ReservationMade(
            session_id=session, client_id=client, reservation_id=reservation,
            source=ReservationSource.BOOKED, grant_id=grant, grant_kind=GrantKind.PACK,
            free_until=now, policy_version=1, seats_taken=SEATS, capacity=SEATS,
        ),
        CreditHeld(
            client_id=client, grant_id=grant, reservation_id=reservation, session_id=session,
            starts_at=now, ends_at=now, credits=1,
        ),
        ReservationCancelled(
            session_id=session, client_id=client, reservation_id=reservation,
            kind=Cancellation.EARLY, free_until=now, policy_version=1, seats_taken=SEATS,
        ),
        CreditReleased(
            client_id=client, grant_id=grant, reservation_id=reservation, credits=1
        ),
    ]  # fmt: skip


def _postgres(ground: Ground) -> list[int]:
    server = ground.installation.postgres
    if server is None or server.pid is None:
        raise RuntimeError("growth reads the CPU time of the database: it must be our own")
    return [server.pid]
