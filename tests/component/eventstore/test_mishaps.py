"""Commands that cannot be read, kept or written: nobody else's fault, and told as what they are."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from chassis.context import Context
from chassis.eventstore import residents
from chassis.eventstore.events import UnreadableStream
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.recorder import Append, Away, Recorder
from chassis.eventstore.store import Busy, EventStore, OutcomeUnknown, Unit
from chassis.tenancy import Pool
from contracts.booking import CloseWaitlist
from contracts.ids import SessionId, new_id
from tests.component.eventstore.conftest import count, tally
from tests.component.eventstore.together import Gated, again, in_memory, one_batch, one_to_append


async def test_an_unreadable_stream_is_nobody_elses_fault(app_pool: Pool, ctx: Context) -> None:
    odd, good = new_id(), new_id()
    async with EventStore(PostgresRecorder(app_pool)) as store:
        await store.execute(again(ctx), count(good))
    await PostgresRecorder(app_pool).append([one_to_append(ctx, odd, "booking.from_the_future.v9")])

    async with EventStore(PostgresRecorder(app_pool)) as store:
        outcomes = await asyncio.gather(
            *(store.execute(again(ctx), count(stream)) for stream in (odd, good)),
            return_exceptions=True,
        )

    assert isinstance(outcomes[0], UnreadableStream)
    assert not isinstance(outcomes[1], BaseException)


async def test_a_command_that_cannot_be_written_takes_no_other_with_it(
    app_pool: Pool, ctx: Context
) -> None:
    gated = Gated(PostgresRecorder(app_pool))
    async with EventStore(gated) as store:
        command = CloseWaitlist(session_id=SessionId(new_id()))

        def odd(unit: Unit) -> None:
            unit.wake("no text to Postgres: \x00", ctx.now, command)

        broken, fine = await one_batch(
            store, gated, ctx, *((again(ctx), rule) for rule in (odd, lambda _: None))
        )

    assert isinstance(broken, Exception)
    assert not isinstance(broken, Busy)
    assert not isinstance(fine, BaseException)


async def test_what_rests_on_a_command_that_cannot_be_written_is_decided_again(
    app_pool: Pool, ctx: Context
) -> None:
    stream, command = new_id(), CloseWaitlist(session_id=SessionId(new_id()))
    async with EventStore(PostgresRecorder(app_pool)) as other:

        class Overtaken(Gated):
            """Is overtaken by another replica as soon as it is known who cannot be written."""

            async def append(self, batch: Sequence[Append]) -> list[int | None]:
                try:
                    return await super().append(batch)
                except asyncpg.DataError:
                    if len(batch) == 1:
                        await other.execute(again(ctx), count(stream, by=5))
                    raise

        def odd(unit: Unit) -> None:
            count(stream)(unit)
            unit.wake("no text to Postgres: \x00", ctx.now, command)

        gated = Overtaken(PostgresRecorder(app_pool))
        async with EventStore(gated) as store:
            await in_memory(store, ctx, stream)
            broken, fine = await one_batch(
                store, gated, ctx, (again(ctx), odd), (again(ctx), count(stream))
            )
            found, version = await other.read(ctx.gym_id, tally, stream)

    assert isinstance(broken, asyncpg.DataError)
    assert fine.result == {"count": 6}
    assert (found.count, version) == (6, 2)


async def test_a_command_may_need_more_streams_than_are_kept(
    store: EventStore, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residents, "MAX_RESIDENT", 10)
    streams = [new_id() for _ in range(30)]

    def rule(unit: Unit) -> dict[str, int]:
        unit.states(tally, streams)
        return count(*streams)(unit)

    async with asyncio.timeout(60):
        await store.execute(ctx, rule)
        await store.execute(again(ctx), count(new_id()))

    assert len(store._writer.residents._streams) <= 10


async def test_a_deadline_without_a_time_zone_is_a_mistake(store: EventStore, ctx: Context) -> None:
    command = CloseWaitlist(session_id=SessionId(new_id()))
    with pytest.raises(ValueError, match="time zone"):
        await store.execute(
            ctx, lambda unit: unit.wake("close", ctx.now.replace(tzinfo=None), command)
        )


async def test_a_store_that_went_away_while_writing_leaves_the_outcome_open(
    recorder: Recorder, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.eventstore.store.ATTEMPTS", 3)

    class GoesAway:
        """Writes, and is never heard of again."""

        async def append(self, batch: Sequence[Append]) -> list[int | None]:
            await recorder.append(batch)
            raise Away

        async def answer(self, *_: Any) -> None:
            raise Away

        def __getattr__(self, name: str) -> Any:
            return getattr(recorder, name)

    async with EventStore(GoesAway()) as store:
        with pytest.raises(OutcomeUnknown):
            await store.execute(ctx, lambda _: None)
    async with EventStore(recorder) as store:
        assert (await store.execute(ctx, lambda _: None)).replayed
