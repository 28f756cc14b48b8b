"""What only the database can promise: walls between gyms, append-only rows, gap-free order."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.context import Context
from chassis.eventstore.events import encode, layout, meta
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore, Unit
from chassis.tenancy import Pool, open_pool
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from deploy.schema import database_url
from tests.component.eventstore.conftest import count, counted, tally

INSERT = """
INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
VALUES ($1, $2, 1, $2, 'tally', 'booking.capacity_changed.v1', $3, $4)
"""


def _row(ctx: Context, stream: UUID) -> tuple[GymId, UUID, bytes, bytes]:
    """What ``INSERT`` takes: an event a relay of this store could publish."""
    return ctx.gym_id, stream, encode(counted(stream, 1)), meta(ctx)


async def _as_gym(db: Any, *gyms: GymId) -> None:
    await db.execute(
        "SELECT set_config('app.gym_ids', $1, true)", "{" + ",".join(map(str, gyms)) + "}"
    )


async def test_a_gym_sees_its_own_rows_only(app_pool: Pool, ctx: Context) -> None:
    theirs = replace(ctx, gym_id=GymId(new_id()))
    async with EventStore(PostgresRecorder(app_pool)) as store:
        await store.execute(ctx, count(new_id()))
        await store.execute(theirs, count(new_id()))

    async with app_pool.acquire() as db, db.transaction():
        await _as_gym(db, ctx.gym_id)
        for table in ("events", "answers"):
            gyms = await db.fetch(f"SELECT DISTINCT gym_id FROM es.{table}")
            assert [row[0] for row in gyms] == [ctx.gym_id]


async def test_without_a_gym_nothing_is_seen(app_pool: Pool, ctx: Context) -> None:
    async with EventStore(PostgresRecorder(app_pool)) as store:
        await store.execute(ctx, count(new_id()))

    async with app_pool.acquire() as db:
        for table in ("events", "answers", "claims", "deadlines", "snapshots"):
            assert await db.fetchval(f"SELECT count(*) FROM es.{table}") == 0


async def test_a_row_of_another_gym_cannot_be_written(app_pool: Pool, ctx: Context) -> None:
    async with app_pool.acquire() as db, db.transaction():
        await _as_gym(db, ctx.gym_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(INSERT, *_row(replace(ctx, gym_id=GymId(new_id())), new_id()))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE es.events SET version = 2",
        "DELETE FROM es.events",
        "TRUNCATE es.events",
        "SELECT * FROM es.events_other",
        "SELECT es.add_months(now()::date, 1)",
        "ALTER TABLE es.events DISABLE ROW LEVEL SECURITY",
        "SET ROLE es_owner",
    ],
)
async def test_a_service_may_append_and_nothing_else(app_pool: Pool, statement: str) -> None:
    async with app_pool.acquire() as db:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(statement)


async def test_every_table_with_a_gym_has_forced_row_security(app_pool: Pool) -> None:
    async with app_pool.acquire() as db:
        open_tables = await db.fetch(
            """
            SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'gym_id'
             WHERE n.nspname = 'es' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            """
        )
    assert open_tables == []


@pytest.fixture
async def relay_pool(installation: Installation) -> Any:
    pool = await open_pool(
        installation.environment("booking")["RELAY_DATABASE_URL"], name="tests-relay"
    )
    yield pool
    await pool.close()


async def test_a_reader_that_follows_positions_misses_nothing_and_sees_nothing_twice(
    installation: Installation, app_pool: Pool, relay_pool: Pool, ctx: Context
) -> None:
    """Writers that pause between drawing a position and committing, and writers that give up."""
    chance = random.Random(7)
    written: set[Any] = set()
    finished = asyncio.Event()
    start = await relay_pool.fetchval("SELECT es.horizon()")

    async def write(times: int, pause: Callable[[], float]) -> None:
        for _ in range(times):
            stream = new_id()
            async with app_pool.acquire() as db:
                transaction = db.transaction()
                await transaction.start()
                await _as_gym(db, ctx.gym_id)
                await db.execute(INSERT, *_row(ctx, stream))
                await asyncio.sleep(pause())
                if chance.random() < 0.2:
                    await transaction.rollback()
                else:
                    await transaction.commit()
                    written.add(stream)

    async def follow() -> list[Any]:
        seen: list[Any] = []
        after = start
        while True:
            last_look = finished.is_set()
            rows = await relay_pool.fetch("SELECT * FROM es.read_all($1, 50)", after)
            if not rows and last_look:
                return seen
            assert [row["pos"] for row in rows] == sorted(row["pos"] for row in rows)
            after = rows[-1]["pos"] if rows else after
            seen += [row["stream_id"] for row in rows if row["gym_id"] == ctx.gym_id]
            await asyncio.sleep(0)

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(write(25, lambda: chance.random() * 0.02) for _ in range(12)))
    finished.set()
    seen = await reader

    assert len(seen) == len(set(seen))
    assert set(seen) == written


async def test_a_foreign_transaction_does_not_hold_the_feed_back(
    app_pool: Pool, relay_pool: Pool, ctx: Context
) -> None:
    async with app_pool.acquire() as db, db.transaction():
        await _as_gym(db, ctx.gym_id)
        await db.execute(
            "INSERT INTO es.claims VALUES ($1, 'long report', $2)", ctx.gym_id, new_id()
        )
        async with EventStore(PostgresRecorder(app_pool)) as store:
            done = await store.execute(ctx, count(new_id()))
        assert await relay_pool.fetchval("SELECT es.horizon()") >= (done.position or 0)


async def test_streams_of_a_month_share_a_partition(app_pool: Pool, ctx: Context) -> None:
    stream = new_id()
    async with EventStore(PostgresRecorder(app_pool)) as store:
        await store.execute(ctx, count(stream))

    async with app_pool.acquire() as db, db.transaction():
        await _as_gym(db, ctx.gym_id)
        part = await db.fetchval("SELECT tableoid::regclass::text FROM es.events")
    assert part.startswith("es.events_2")


@pytest.mark.parametrize("vacuumed", [False, True], ids=["as_it_is", "vacuumed_while_empty"])
async def test_a_snapshot_spares_reading_what_it_holds(
    installation: Installation, app_pool: Pool, ctx: Context, vacuumed: bool
) -> None:
    """Behind row security the planner drops conditions it cannot trust from an index's range.

    And it reads the whole of a partition that was vacuumed while there was nothing in it.
    """
    if vacuumed:
        admin = await asyncpg.connect(database_url(installation.admin_dsn, "b2b_booking"))
        try:
            await admin.execute("VACUUM ANALYZE es.events, es.snapshots")
        finally:
            await admin.close()
    stream, long = new_id(), replace(tally, snapshot_every=400)

    def step(unit: Unit) -> None:
        now = unit.state(long, stream).count
        unit.record(long, stream, [counted(stream, now + one + 1) for one in range(401)])

    async with EventStore(PostgresRecorder(app_pool)) as store:
        await store.execute(ctx, step)
    async with app_pool.acquire() as reader, reader.transaction():
        read = "SELECT sum(idx_tup_read) FROM pg_stat_xact_user_tables WHERE schemaname = 'es'"
        read = read.replace("idx_tup_read", "coalesce(idx_tup_fetch, 0) + seq_tup_read")
        before = await reader.fetchval(read)
        rows = await reader.fetch(
            "SELECT * FROM es.load($1, $2, $3, $4)",
            [ctx.gym_id], [stream], ["tally"], [layout(long)],
        )  # fmt: skip
        touched = await reader.fetchval(read) - before

    assert len(rows) == 1
    assert touched < 20


async def test_migrating_makes_the_months_to_come_unless_their_streams_live_elsewhere(
    installation: Installation, ctx: Context
) -> None:
    """A caller may name a stream of a month that has no partition yet."""
    db = await asyncpg.connect(database_url(installation.admin_dsn, "b2b_access"))
    months = "SELECT relname FROM pg_class WHERE relname LIKE 'events_2_____' ORDER BY 1"
    there = [row[0] for row in await db.fetch(months)]
    floor = "SELECT es.uuid7_floor(to_date($1, 'YYYYMM') + interval '1 day')"
    early = await db.fetchval(floor, there[-1].removeprefix("events_"))
    try:
        await db.execute(f"DROP TABLE es.{there[-1]}, es.{there[-2]}")
        await db.execute(INSERT, *_row(ctx, early))

        await installation.migrate()

        assert [row[0] for row in await db.fetch(months)] == there[:-1]
        await db.execute("DELETE FROM es.events WHERE stream_id = $1", early)
        await installation.migrate()
        assert [row[0] for row in await db.fetch(months)] == there
    finally:
        await db.close()
