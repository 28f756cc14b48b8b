"""Of several workers one is elected, and another takes over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from chassis import office
from chassis.clock import FixedClock
from chassis.context import Context
from chassis.eventstore import deadlines
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.tenancy import Pool
from contracts.ids import new_id
from tests.component.eventstore.conftest import tally
from tests.component.eventstore.waking import IN_AN_HOUR, set_deadline, until_counted, worker


@pytest.fixture
async def store(app_pool: Pool) -> AsyncIterator[EventStore]:
    async with EventStore(PostgresRecorder(app_pool)) as started:
        yield started


async def test_a_worker_that_stands_still_is_succeeded(
    store: EventStore,
    ctx: Context,
    clock: FixedClock,
    relay_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(office, "SILENCE", 2)
    elected = await office.connect(relay_dsn, name="stands still")
    assert await elected.fetchval(deadlines.ELECT, deadlines.ELECTION)
    stream, stop = new_id(), anyio.Event()
    clock.advance(IN_AN_HOUR)
    await set_deadline(store, ctx, stream)

    standing_by = asyncio.create_task(worker(relay_dsn, store, clock).run(stop))
    await until_counted(store, ctx, stream)
    stop.set()
    await standing_by

    assert elected.is_closed()


async def test_of_two_workers_one_is_elected_and_the_other_takes_over(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, app_pool: Pool
) -> None:
    first, second = anyio.Event(), anyio.Event()
    clock.advance(IN_AN_HOUR)
    running = [
        asyncio.create_task(worker(relay_dsn, store, clock).run(stop)) for stop in (first, second)
    ]
    one, two = new_id(), new_id()
    await set_deadline(store, ctx, one)
    await until_counted(store, ctx, one)
    first.set()
    await set_deadline(store, ctx, two)
    await until_counted(store, ctx, two)
    second.set()
    await asyncio.gather(*running)

    assert [(await store.read(ctx.gym_id, tally, each))[1] for each in (one, two)] == [1, 1]


async def test_of_two_workers_that_have_found_it_one_carries_it_out(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    clock.advance(IN_AN_HOUR)
    elected, db = worker(relay_dsn, store, clock), await office.connect(relay_dsn, name="elected")

    class StandsStill(EventStore):
        """Between finding and carrying out, long enough for another to be elected."""

        async def execute(self, *args: Any, **more: Any) -> Any:
            await elected.carry_out_due(db)
            return await super().execute(*args, **more)

    async with StandsStill(store._recorder) as late:
        await worker(relay_dsn, late, clock).carry_out_due(db)

    await db.close()
    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1
