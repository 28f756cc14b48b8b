"""A primary cut off from its copies: what is on one disk only is neither seen nor told as done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.context import Context
from chassis.eventstore import store as eventstore
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.recorder import Away, Unconfirmed
from chassis.eventstore.store import EventStore, OutcomeUnknown
from chassis.tenancy import FENCE, Pool, confirmed, open_store_pool
from contracts.ids import new_id
from tests.component.eventstore.conftest import count, tally
from tests.world.primary import Primary, primary_of
from tests.world.waiting import until

PATIENCE = 0.6  # seconds
MANY = 12  # three times the connections of a pool


@pytest.fixture(scope="module")
async def primary() -> AsyncIterator[Primary]:
    async with primary_of("b2b_booking") as started:
        yield started


@pytest.fixture
async def cut_off(primary: Primary) -> AsyncIterator[Primary]:
    await primary.lose_copies()
    yield primary
    await primary.find_copies()


@pytest.fixture
async def pool(primary: Primary) -> AsyncIterator[Pool]:
    """As a service's store has it."""
    dsn = primary.installation.environment("booking")["DATABASE_URL"]
    made = await open_store_pool(dsn, name="one disk")
    yield made
    made.terminate()
    await asyncio.sleep(0)  # its sockets close in the next turn


@pytest.fixture
async def store(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EventStore]:
    monkeypatch.setattr(eventstore, "ATTEMPTS", 4)
    async with EventStore(PostgresRecorder(pool, patience=PATIENCE)) as made:
        yield made


async def test_what_no_copy_has_is_not_seen_and_not_told_as_done(
    cut_off: Primary, store: EventStore, ctx: Context
) -> None:
    stream = new_id()

    for _ in range(3):  # whoever repeats it with the same key is told the same
        with pytest.raises(OutcomeUnknown):
            await store.execute(ctx, count(stream))
        assert await _events(cut_off, stream) == 0
    assert len(await cut_off.waiting()) == 1, "each repeat took a connection of the server's"

    await cut_off.find_copies()
    done = await _answered(lambda: store.execute(ctx, count(stream)))
    assert (done.result, done.replayed) == ({"count": 1}, True)
    assert await _events(cut_off, stream) == 1


async def test_however_many_repeat_it_few_connections_wait_and_reading_goes_on(
    cut_off: Primary, pool: Pool, store: EventStore, ctx: Context
) -> None:
    stream = new_id()
    with pytest.raises(OutcomeUnknown):
        await store.execute(ctx, count(stream))
    await cut_off.show_what_waits()
    recorder = PostgresRecorder(pool, patience=12 * PATIENCE)

    asking = [
        asyncio.create_task(recorder.answer(ctx.gym_id, ctx.actor, ctx.command_id))
        for _ in range(MANY)
    ]
    await until(cut_off.somebody_waits)
    for _ in range(MANY):
        await store.read(ctx.gym_id, tally, stream)
    assert not any(one.done() for one in asking), "reading had to wait for them"

    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unconfirmed}
    assert len(await cut_off.waiting()) == 1, "each repeat took a connection of the server's"


async def test_who_waited_for_a_connection_sends_nothing_once_one_was_given_up(
    cut_off: Primary, pool: Pool
) -> None:
    recorder = PostgresRecorder(pool, patience=2 * PATIENCE)
    writing = await _all_waiting(cut_off, pool, lambda: recorder._written(FENCE))
    recorder._patience = 3 * PATIENCE  # longer than those hold the connections
    later = [asyncio.create_task(recorder._written(FENCE)) for _ in range(MANY)]

    await asyncio.wait([*writing, *later])

    assert {type(one.exception()) for one in (*writing, *later)} == {Away}
    assert len(await cut_off.waiting()) == len(writing)


async def test_whoever_asks_whether_copies_confirm_waits_for_a_connection_no_longer(
    cut_off: Primary, pool: Pool
) -> None:
    writing = await _all_waiting(cut_off, pool, lambda: pool.execute(FENCE))

    asking = asyncio.create_task(confirmed(pool, within=PATIENCE))
    await asyncio.wait([asking], timeout=20 * PATIENCE)
    assert asking.done(), "it waits as long as those who have the connections"
    assert isinstance(asking.exception(), TimeoutError)

    await cut_off.find_copies()
    await asyncio.gather(*writing)


async def test_who_has_seen_something_while_others_are_confirmed_shares_the_next_fence(
    pool: Pool, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, sent, goes_on = PostgresRecorder(pool), [], asyncio.Event()

    async def written(statement: str) -> list[asyncpg.Record]:
        sent.append(statement)
        await goes_on.wait()
        return []

    monkeypatch.setattr(recorder, "_written", written)
    first = asyncio.create_task(recorder._confirmed())
    await until(lambda: bool(sent))
    later = [asyncio.create_task(recorder._confirmed()) for _ in range(MANY)]
    await until(lambda: recorder._fence is not None)
    assert sent == [FENCE]

    goes_on.set()
    await asyncio.gather(first, *later)
    assert sent == [FENCE, FENCE]


async def test_others_are_served_again_once_copies_are_back(
    cut_off: Primary, store: EventStore, ctx: Context
) -> None:
    with pytest.raises(OutcomeUnknown):
        await store.execute(ctx, count(new_id()))
    await cut_off.find_copies()

    another = Context.system(ctx.gym_id, ctx.actor, ctx.now, new_id())
    done = await _answered(lambda: store.execute(another, count(new_id())))
    assert done.result == {"count": 1}


async def test_a_row_that_is_seen_without_a_copy_is_not_told_as_done_either(
    cut_off: Primary, store: EventStore, ctx: Context
) -> None:
    """An operator, or a restart, ends the wait; the row is then seen by everybody."""
    stream = new_id()
    with pytest.raises(OutcomeUnknown):
        await store.execute(ctx, count(stream))
    await cut_off.show_what_waits()
    assert await _events(cut_off, stream) == 1

    with pytest.raises(OutcomeUnknown):
        await store.execute(ctx, count(stream))

    await cut_off.find_copies()
    assert (await _answered(lambda: store.execute(ctx, count(stream)))).replayed


async def test_a_process_that_is_ended_while_it_writes_cancels_nothing(
    cut_off: Primary, pool: Pool, ctx: Context
) -> None:
    stream = new_id()
    store = EventStore(PostgresRecorder(pool))
    await store.start()
    asking = asyncio.create_task(store.execute(ctx, count(stream)))

    await until(cut_off.somebody_waits)
    committing = store._writer._committing
    assert committing is not None
    for task in (committing, asking):  # as the end of a process's loop does
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await pool.close()  # any cancel is through before its connection is given back

    assert await cut_off.waiting()
    assert await _events(cut_off, stream) == 0


async def _all_waiting(
    primary: Primary, pool: Pool, write: Callable[[], Coroutine[Any, Any, Any]]
) -> list["asyncio.Task[Any]"]:
    """Those who ``write`` once each of the pool's connections waits for a copy."""
    writing = [asyncio.create_task(write()) for _ in range(pool.get_max_size())]

    async def all_wait() -> bool:
        return len(await primary.waiting()) == len(writing)

    await until(all_wait)
    return writing


async def _events(primary: Primary, stream: UUID) -> int:
    """How many of the stream's everybody can see."""
    asked = "SELECT count(*) FROM es.events WHERE stream_id = $1"
    found: int = await primary.admin.fetchval(asked, stream)
    return found


async def _answered(ask: Callable[[], Awaitable[eventstore.Done]]) -> eventstore.Done:
    """As an app does: repeated while nobody knows."""

    async def once() -> eventstore.Done | None:
        with suppress(OutcomeUnknown):
            return await ask()
        return None

    found: eventstore.Done = await until(once)
    return found
