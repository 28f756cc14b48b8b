"""What happens when commands, replicas and kinds of streams get in each other's way."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.recorder import Answer, Append, Away, Objection, Recorder, StreamKey
from chassis.eventstore.store import Busy, ClaimTaken, EventStore, OutcomeUnknown, Unit
from chassis.tenancy import Db, Pool
from contracts.ids import new_id
from tests.component.eventstore.conftest import LIMIT, count, counted, tally
from tests.component.eventstore.together import Gated, again, in_memory, one_to_append
from tests.world.waiting import until


async def test_streams_of_two_kinds_with_one_id_are_two_streams(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    stream = new_id()
    kind = replace(tally, category="kind", snapshot_every=1)

    def count_kind(unit: Unit) -> None:
        unit.record(kind, stream, [counted(stream, unit.state(kind, stream).count + 5)])

    await store.execute(ctx, count(stream))
    await store.execute(again(ctx), count_kind)
    await other.execute(again(ctx), count_kind)
    await other.execute(again(ctx), count(stream))

    counts = [await store.read(ctx.gym_id, each, stream) for each in (tally, kind)]
    assert [(state.count, version) for state, version in counts] == [(2, 2), (10, 2)]
    kept = replace(tally, snapshot_every=1)
    assert (await store.read(ctx.gym_id, kept, stream))[0].count == 2


async def test_a_repeat_of_a_command_nobody_waits_for_any_more_waits_for_it(
    recorder: Recorder, ctx: Context
) -> None:
    stream = new_id()
    gated = Gated(recorder)
    async with EventStore(gated) as store:
        await in_memory(store, ctx, stream)
        before = asyncio.create_task(store.execute(again(ctx), lambda _: None))
        await gated.reached.wait()
        gone = asyncio.create_task(store.execute(ctx, count(stream, limit=1)))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        repeat = asyncio.create_task(store.execute(ctx, count(stream, limit=1)))
        await asyncio.sleep(0)
        gated.opened.set()
        await before

        assert gone.cancelled()
        assert (await repeat).replayed


async def test_who_gave_up_waiting_and_was_told_no_elsewhere_gets_nothing_afterwards(
    recorder: Recorder, other: EventStore, ctx: Context
) -> None:
    stream, gated, asked = new_id(), Gated(recorder), again(ctx)
    async with EventStore(gated) as stands_still:
        await in_memory(stands_still, ctx, stream)
        impatient = replace(asked, waits_until=time.monotonic() + 1)
        first = asyncio.create_task(stands_still.execute(impatient, count(stream)))
        await gated.reached.wait()
        await other.execute(again(ctx), count(stream, by=LIMIT))
        with pytest.raises(Refused):
            await other.execute(asked, count(stream))
        await other.execute(again(ctx), count(stream, by=-1))  # now there would be room
        await until(lambda: impatient.is_late)
        gated.opened.set()
        with pytest.raises(Busy):
            await first

    assert (await other.read(ctx.gym_id, tally, stream))[0].count == LIMIT - 1


class _OneConnection:
    """A pool of it alone, whatever transaction it may be in."""

    def __init__(self, db: Db) -> None:
        self._db = db

    @asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Db]:
        yield self._db


async def test_of_two_who_each_write_what_the_other_looked_at_one_decides_again(
    app_pool: Pool, ctx: Context
) -> None:
    """Neither stream has two writers, so the primary key alone would let both pass."""
    one, two = new_id(), new_id()
    event_type = "booking.capacity_changed.v1"

    def relying(writes: Any, looks_at: Any) -> Append:
        key = StreamKey(ctx.gym_id, tally.category, looks_at)
        return one_to_append(ctx, writes, event_type, looked_at={key: 0}, relies=True)

    async def waits_or_is_done() -> bool:
        waiting = await app_pool.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        )
        return rival.done() or waiting > 0

    async with app_pool.acquire() as db:
        transaction = db.transaction()
        await transaction.start()
        amid_it = cast("Pool", _OneConnection(db))
        await PostgresRecorder(amid_it).append([relying(one, looks_at=two)])
        rival = asyncio.create_task(PostgresRecorder(app_pool).append([relying(two, looks_at=one)]))
        await until(waits_or_is_done, within=20)
        await transaction.commit()

    with pytest.raises(Objection) as objection:
        await rival
    assert objection.value.lost == {StreamKey(ctx.gym_id, tally.category, one)}


async def test_a_command_says_when_it_relies_on_a_stream_it_only_looked_at(
    store: EventStore, ctx: Context
) -> None:
    looked_at, written = new_id(), new_id()
    for stream in (looked_at, written):
        await in_memory(store, ctx, stream)
    unit = Unit(ctx, store._writer.residents)
    unit.record(tally, written, [counted(written, 1)])
    assert not unit.to_append(Answer(b"", b"")).relies

    unit.state(tally, looked_at)
    assert unit.to_append(Answer(b"", b"")).relies


async def test_what_a_rule_cannot_cope_with_is_looked_at_again_before_it_is_told(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    """Not only refusals rest on states: so does everything else a rule may raise."""
    stream = new_id()
    await in_memory(store, ctx, stream)
    await other.execute(again(ctx), count(stream))

    def must_exist(unit: Unit) -> None:
        if not unit.version(tally, stream):
            raise LookupError(stream)

    await store.execute(again(ctx), must_exist)


async def test_only_another_writer_who_was_quicker_counts_as_a_collision(
    recorder: Recorder, store: EventStore, other: EventStore, ctx: Context,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def counted_so_far() -> float:
        return REGISTRY.get_sample_value("b2b_append_conflicts_total") or 0.0

    before = counted_so_far()
    monkeypatch.setattr("chassis.eventstore.store.ATTEMPTS", 2)
    subject = new_id()
    await other.execute(again(ctx), lambda unit: unit.claim("name", subject))
    with pytest.raises(ClaimTaken):
        await store.execute(again(ctx), lambda unit: unit.claim("name", subject))

    async def away(_: Sequence[Append]) -> list[int | None]:
        raise Away

    stream = new_id()
    await in_memory(store, ctx, stream)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(recorder, "append", away)
        with pytest.raises(OutcomeUnknown):
            await store.execute(again(ctx), count(new_id()))
    assert counted_so_far() == before

    await other.execute(again(ctx), count(stream))
    await store.execute(again(ctx), count(stream))
    assert counted_so_far() == before + 1
