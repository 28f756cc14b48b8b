"""Deadlines are written with the events that ask for them and carried out once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import asyncpg
import pytest

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore, Unit
from chassis.tenancy import Pool
from contracts.booking import CloseWaitlist
from contracts.ids import SessionId, new_id
from deploy.local.installation import Installation
from tests.component.eventstore.conftest import count, tally

IN_AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def store(app_pool: Pool) -> AsyncIterator[EventStore]:
    async with EventStore(PostgresRecorder(app_pool)) as started:
        yield started


@pytest.fixture
def relay_dsn(installation: Installation) -> str:
    return installation.environment("booking")["RELAY_DATABASE_URL"]


@pytest.fixture
async def db(relay_dsn: str) -> Any:
    connection = await asyncpg.connect(relay_dsn)
    yield connection
    await connection.close()


def close(command: CloseWaitlist, unit: Unit) -> None:
    count(command.session_id, limit=3)(unit)


def worker(dsn: str, store: EventStore, clock: FixedClock) -> DeadlineWorker:
    return DeadlineWorker(
        dsn, store, clock, {CloseWaitlist.command_type: close}, actor="system:booking"
    )


async def set_deadline(store: EventStore, ctx: Context, stream: Any, name: str = "close") -> None:
    command = CloseWaitlist(session_id=SessionId(stream))
    await store.execute(
        replace(ctx, command_id=new_id()),
        lambda unit: unit.wake(name, ctx.now + IN_AN_HOUR, command),
    )


async def test_a_deadline_is_carried_out_when_its_time_has_come_and_then_is_gone(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    at_work = worker(relay_dsn, store, clock)

    await at_work.carry_out_due(db)
    assert (await store.read(ctx.gym_id, tally, stream))[1] == 0

    clock.advance(IN_AN_HOUR)
    await at_work.carry_out_due(db)
    await at_work.carry_out_due(db)
    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1


async def test_a_deadline_that_was_forgotten_does_not_fire(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    await store.execute(ctx, lambda unit: unit.forget("close"))

    clock.advance(IN_AN_HOUR)
    await worker(relay_dsn, store, clock).carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 0


async def test_a_refused_deadline_is_over(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    for number in range(5):  # the rule allows three
        await set_deadline(store, ctx, stream, f"close-{number}")

    clock.advance(IN_AN_HOUR)
    await worker(relay_dsn, store, clock).carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 3
    left = await db.fetchval("SELECT count(*) FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)
    assert left == 0


async def test_a_worker_that_died_before_the_row_was_gone_does_not_repeat_the_effect(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    [row] = await db.fetch("SELECT * FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)
    clock.advance(IN_AN_HOUR)
    at_work = worker(relay_dsn, store, clock)

    await at_work.carry_out_due(db)
    command = CloseWaitlist(session_id=SessionId(stream))
    await store.execute(  # the same deadline once more, as a late worker would find it
        replace(ctx, command_id=new_id()), lambda unit: unit.wake("close", row["due_at"], command)
    )
    await at_work.carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1
    assert not await db.fetch("SELECT 1 FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)


async def test_of_two_workers_one_is_elected_and_the_other_takes_over(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, app_pool: Pool
) -> None:
    first, second = anyio.Event(), anyio.Event()
    clock.advance(IN_AN_HOUR)

    async def until_counted(stream: Any) -> None:
        async with asyncio.timeout(10):
            while (await store.read(ctx.gym_id, tally, stream))[1] == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    running = [
        asyncio.create_task(worker(relay_dsn, store, clock).run(stop)) for stop in (first, second)
    ]
    one, two = new_id(), new_id()
    await set_deadline(store, ctx, one)
    await until_counted(one)
    first.set()
    await set_deadline(store, ctx, two)
    await until_counted(two)
    second.set()
    await asyncio.gather(*running)

    assert [(await store.read(ctx.gym_id, tally, each))[1] for each in (one, two)] == [1, 1]
