"""Deadlines are written with the events that ask for them and carried out once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from chassis.clock import FixedClock
from chassis.context import Context
from chassis.eventstore import deadlines
from chassis.eventstore.deadlines import AT_ONCE, DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import Busy, EventStore, OutcomeUnknown, Unit
from chassis.tenancy import Pool
from contracts.booking import CloseWaitlist
from contracts.ids import SessionId, new_id
from tests.component.eventstore.conftest import count, tally
from tests.component.eventstore.waking import IN_AN_HOUR, set_deadline, worker
from tests.world.spans import Kept, a_trace, context, ids, parent

CLOSE = CloseWaitlist.command_type


@pytest.fixture
async def store(app_pool: Pool) -> AsyncIterator[EventStore]:
    async with EventStore(PostgresRecorder(app_pool)) as started:
        yield started


@pytest.fixture
async def db(relay_dsn: str) -> Any:
    connection = await asyncpg.connect(relay_dsn)
    yield connection
    await connection.close()


@asynccontextmanager
async def app_transaction(store: EventStore) -> AsyncIterator[Any]:
    """The service's own connection, for what only a defect would do."""
    recorder = store._recorder
    assert isinstance(recorder, PostgresRecorder)
    async with recorder._pool.acquire() as app, app.transaction():
        yield app


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


async def test_a_deadline_begins_a_trace_of_its_own(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any, *, kept: Kept
) -> None:
    await set_deadline(store, replace(ctx, traceparent=a_trace()), new_id())
    before = len(kept.all)

    clock.advance(IN_AN_HOUR)
    await worker(relay_dsn, store, clock).carry_out_due(db)

    append, fired = [span for span in kept.all[before:] if span.name in ("append", CLOSE)]
    assert (fired.name, parent(fired)) == (CLOSE, None)
    assert parent(append) == ids(context(fired))


async def test_a_deadline_that_was_forgotten_does_not_fire(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    await store.execute(ctx, lambda unit: unit.forget("close"))

    clock.advance(IN_AN_HOUR)
    await worker(relay_dsn, store, clock).carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 0


@pytest.mark.parametrize(("last", "fires"), [("wake", True), ("forget", False)])
async def test_the_last_word_of_a_command_on_a_deadline_counts(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any,
    *, last: str, fires: bool,
) -> None:  # fmt: skip
    stream = new_id()
    command = CloseWaitlist(session_id=SessionId(stream))

    def changes_its_mind(unit: Unit) -> None:
        if last == "wake":
            unit.forget("close")
        unit.wake("close", ctx.now + IN_AN_HOUR, command)
        if last == "forget":
            unit.forget("close")

    await store.execute(ctx, changes_its_mind)
    clock.advance(IN_AN_HOUR)
    await worker(relay_dsn, store, clock).carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == fires


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


async def test_one_that_is_set_again_for_the_same_instant_is_carried_out_again(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    clock.advance(IN_AN_HOUR)
    at_work = worker(relay_dsn, store, clock)

    await at_work.carry_out_due(db)
    await set_deadline(store, ctx, stream)  # where it is earlier than at the worker's
    await at_work.carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 2
    assert not await db.fetch("SELECT 1 FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)


async def test_what_was_found_due_is_carried_out_as_due_although_the_clock_is_put_back(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    clock.advance(IN_AN_HOUR)

    def when_due(_: CloseWaitlist, unit: Unit) -> None:
        if unit.ctx.now >= ctx.now + IN_AN_HOUR:
            count(stream)(unit)

    class PutBack(FixedClock):
        """Once it has been looked at."""

        def now(self) -> datetime:
            now = super().now()
            self.at = clock.at - timedelta(seconds=90)
            return now

    rules = {CLOSE: when_due}
    moved = DeadlineWorker(relay_dsn, store, PutBack(clock.at), rules, actor="system:booking")
    await moved.carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1


async def test_deadlines_that_fail_keep_no_other_waiting(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    """A service of another version, or a defect, may leave rows this one can do nothing with."""
    stream = new_id()
    command = CloseWaitlist(session_id=SessionId(stream))

    def many(unit: Unit) -> None:
        for number in range(AT_ONCE):
            unit.wake(f"broken-{number}", ctx.now + IN_AN_HOUR, command)

    await store.execute(ctx, many)
    as_gym = "SELECT set_config('app.gym_ids', $1, true)"
    strange = "UPDATE es.deadlines SET command_type = 'booking.unheard_of' WHERE gym_id = $1"
    async with app_transaction(store) as app:
        await app.execute(as_gym, f"{{{ctx.gym_id}}}")
        await app.execute(strange, ctx.gym_id)
    clock.advance(IN_AN_HOUR)
    await set_deadline(store, replace(ctx, now=ctx.now + timedelta(seconds=1)), stream)
    clock.advance(timedelta(seconds=1))
    at_work = worker(relay_dsn, store, clock)

    await at_work.carry_out_due(db)

    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1
    left = await db.fetchval("SELECT count(*) FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)
    assert left == AT_ONCE
    async with app_transaction(store) as app:
        await app.execute(as_gym, f"{{{ctx.gym_id}}}")
        await app.execute("DELETE FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)


async def test_a_deadline_that_was_put_off_meanwhile_is_kept(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any
) -> None:
    stream = new_id()
    await set_deadline(store, ctx, stream)
    clock.advance(IN_AN_HOUR)
    later = replace(ctx, now=clock.now())

    class PutsItOff(EventStore):
        """Somebody moves the deadline after the worker has read it."""

        async def execute(self, *args: Any, **more: Any) -> Any:
            await set_deadline(store, later, stream)
            return await super().execute(*args, **more)

    async with PutsItOff(store._recorder) as moved:
        await worker(relay_dsn, moved, clock).carry_out_due(db)

    [row] = await db.fetch("SELECT due_at FROM es.deadlines WHERE gym_id = $1", ctx.gym_id)
    assert row["due_at"] == later.now + IN_AN_HOUR


@pytest.mark.parametrize("fault", [Busy, OutcomeUnknown])
async def test_a_refused_deadline_of_a_busy_store_is_tried_again(
    store: EventStore, ctx: Context, clock: FixedClock, relay_dsn: str, db: Any, *,
    fault: type[Exception],
) -> None:  # fmt: skip
    stream = new_id()
    await store.execute(ctx, count(stream, by=3))
    await set_deadline(store, ctx, stream)
    clock.advance(IN_AN_HOUR)

    class BusyOnce(EventStore):
        """Full when the worker wants to drop the row."""

        calls = 0

        async def execute(self, *args: Any, **more: Any) -> Any:
            self.calls += 1
            if self.calls == 2:
                raise fault
            return await super().execute(*args, **more)

    async with BusyOnce(store._recorder) as busy:
        with capture_logs() as told:
            await worker(relay_dsn, busy, clock).carry_out_due(db)

    assert not [line for line in told if line["log_level"] == "error"], "it is no defect of ours"
    assert await db.fetchval("SELECT count(*) FROM es.deadlines WHERE gym_id = $1", ctx.gym_id) == 1
    await worker(relay_dsn, store, clock).carry_out_due(db)
    assert await db.fetchval("SELECT count(*) FROM es.deadlines WHERE gym_id = $1", ctx.gym_id) == 0


async def test_answers_older_than_a_week_are_dropped_some_at_a_time(
    store: EventStore,
    ctx: Context,
    clock: FixedClock,
    db: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deadlines, "CLEAN_AT_ONCE", 2)
    async with app_transaction(store) as app:
        await app.execute("SELECT set_config('app.gym_ids', $1, true)", f"{{{ctx.gym_id}}}")
        await app.executemany(
            "INSERT INTO es.answers VALUES ($1, 'old', $2, '', '', 1, now() - interval '8 days')",
            [(ctx.gym_id, new_id()) for _ in range(3)],
        )
    await store.execute(ctx, count(new_id()))
    at_work = worker("", store, clock)

    async def left() -> int:
        async with app_transaction(store) as app:
            await app.execute("SELECT set_config('app.gym_ids', $1, true)", f"{{{ctx.gym_id}}}")
            return int(await app.fetchval("SELECT count(*) FROM es.answers"))

    counts = []
    for _ in range(3):
        await at_work.drop_old_answers(db)
        counts.append(await left())
    assert counts == [2, 1, 1]
