"""What the store promises its services, on both recorders."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import count as numbers
from typing import Any

import pytest

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore import writer
from chassis.eventstore.events import layout
from chassis.eventstore.recorder import Append, Away, Recorder, StreamKey
from chassis.eventstore.store import Busy, ClaimTaken, EventStore, Unit
from contracts.envelope import Command
from contracts.ids import GymId, new_id
from tests.component.eventstore.conftest import LIMIT, count, counted, tally
from tests.component.eventstore.together import again


async def test_what_is_recorded_is_there_for_another_process(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    stream = new_id()

    done = await store.execute(ctx, count(stream))

    assert done.result == {"count": 1}
    assert done.position is not None
    assert (await other.read(ctx.gym_id, tally, stream))[1] == 1


async def test_two_streams_are_written_together_or_not_at_all(
    store: EventStore, ctx: Context
) -> None:
    full, free = new_id(), new_id()
    await store.execute(ctx, count(full, by=LIMIT))

    with pytest.raises(Refused):
        await store.execute(again(ctx), count(free, full))

    assert (await store.read(ctx.gym_id, tally, free))[1] == 0


async def test_a_crowd_on_one_stream_never_passes_the_limit(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    stream = new_id()

    async def one(at: EventStore) -> str:
        try:
            await at.execute(again(ctx), count(stream))
        except Refused as refusal:
            return refusal.code
        return "counted"

    outcomes = await asyncio.gather(*(one(at) for at in (store, other) * 50))

    assert outcomes.count("counted") == LIMIT
    assert outcomes.count("FULL") == 100 - LIMIT
    assert (await store.read(ctx.gym_id, tally, stream))[1] == LIMIT


async def test_the_same_key_from_fifty_tasks_has_one_effect_and_one_answer(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    stream = new_id()

    answers = await asyncio.gather(*(at.execute(ctx, count(stream)) for at in (store, other) * 25))

    assert {answer.result["count"] for answer in answers if answer.result} == {1}
    assert len({answer.position for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1


async def test_a_repeat_is_answered_as_before_even_when_it_would_now_be_refused(
    store: EventStore, ctx: Context
) -> None:
    stream = new_id()
    first = await store.execute(ctx, count(stream, limit=1))

    repeat = await store.execute(ctx, count(stream, limit=1))

    assert (repeat.result, repeat.position) == (first.result, first.position)
    assert repeat.replayed


async def test_a_key_used_for_another_request_is_refused(store: EventStore, ctx: Context) -> None:
    await store.execute(ctx, count(new_id()), b"one")

    with pytest.raises(Refused) as refused:
        await store.execute(ctx, count(new_id()), b"another")

    assert (refused.value.code, refused.value.field) == (
        "IDEMPOTENCY_KEY_REUSED",
        "idempotency_key",
    )


async def test_a_field_added_later_does_not_make_it_another_command(
    store: EventStore, ctx: Context
) -> None:
    class Asked(Command):
        """As an older version of the service knows it."""

        seats: int

    class AskedSince(Command):
        """As the next one does."""

        seats: int
        row: str | None = None

    await store.carry_out(Asked(seats=1), ctx, lambda _, __: None)

    assert (await store.carry_out(AskedSince(seats=1), ctx, lambda _, __: None)).replayed
    with pytest.raises(Refused, match="key"):
        await store.carry_out(AskedSince(seats=1, row="A"), ctx, lambda _, __: None)


async def test_the_same_key_of_another_person_or_gym_is_another_command(
    store: EventStore, ctx: Context
) -> None:
    stream = new_id()
    await store.execute(ctx, count(stream))

    theirs = await store.execute(replace(ctx, actor="client:someone"), count(stream))
    elsewhere = await store.execute(replace(ctx, gym_id=GymId(new_id())), count(stream))

    assert theirs.result == {"count": 2}
    assert elsewhere.result == {"count": 1}


async def test_no_refusal_rests_on_a_state_another_process_has_changed(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    stream = new_id()
    await store.execute(ctx, count(stream, by=LIMIT))
    with pytest.raises(Refused):
        await store.execute(again(ctx), count(stream))

    def free_one(unit: Unit) -> None:
        unit.record(tally, stream, [counted(stream, LIMIT - 1)])

    await other.execute(again(ctx), free_one)

    assert (await store.execute(again(ctx), count(stream))).result == {"count": LIMIT}


async def test_an_answer_that_was_lost_is_found_and_the_effect_is_not_repeated(
    recorder: Recorder, ctx: Context
) -> None:
    class LosesItsFirstAnswer:
        """Writes, then loses the connection before the answer arrives."""

        def __init__(self) -> None:
            self.calls = numbers()

        async def append(self, batch: Sequence[Append]) -> list[int | None]:
            positions = await recorder.append(batch)
            if next(self.calls) == 0:
                raise Away
            return positions

        def __getattr__(self, name: str) -> Any:
            return getattr(recorder, name)

    stream = new_id()
    async with EventStore(LosesItsFirstAnswer()) as store:
        done = await store.execute(ctx, count(stream))

    assert done.replayed
    assert done.result == {"count": 1}
    assert (await store.read(ctx.gym_id, tally, stream))[1] == 1


async def test_what_is_claimed_cannot_be_claimed_again_until_it_is_released(
    store: EventStore, ctx: Context
) -> None:
    subject = new_id()
    await store.execute(ctx, lambda unit: unit.claim("email", subject))

    with pytest.raises(ClaimTaken) as taken:
        await store.execute(again(ctx), lambda unit: unit.claim("email", subject))
    assert taken.value.kind == "email"

    await store.execute(again(ctx), lambda unit: unit.release("email", subject))
    await store.execute(again(ctx), lambda unit: unit.claim("email", subject))


async def test_of_many_who_claim_at_once_one_has_it(
    store: EventStore, other: EventStore, ctx: Context
) -> None:
    subject = new_id()

    outcomes = await asyncio.gather(
        *(
            at.execute(again(ctx), lambda unit: unit.claim("email", subject))
            for at in (store, other) * 8
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, ClaimTaken) for outcome in outcomes) == 15


async def test_the_same_claim_in_another_gym_is_free(store: EventStore, ctx: Context) -> None:
    subject = new_id()
    await store.execute(ctx, lambda unit: unit.claim("email", subject))

    await store.execute(
        replace(ctx, gym_id=GymId(new_id())), lambda unit: unit.claim("email", subject)
    )


async def test_a_full_queue_answers_busy_and_keeps_what_it_has(
    store: EventStore, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_QUEUE", 3)
    stream = new_id()

    outcomes = await asyncio.gather(
        *(store.execute(again(ctx), count(stream, limit=999)) for _ in range(40)),
        return_exceptions=True,
    )

    done = [one for one in outcomes if not isinstance(one, BaseException)]
    assert any(isinstance(one, Busy) for one in outcomes)
    assert (await store.read(ctx.gym_id, tally, stream))[1] == len(done)


async def test_a_long_stream_is_read_from_its_snapshot_unless_its_shape_is_old(
    recorder: Recorder, ctx: Context
) -> None:
    stream = new_id()
    brief = replace(tally, snapshot_every=5)

    def step(unit: Unit) -> None:
        unit.record(brief, stream, [counted(stream, unit.state(brief, stream).count + 1)])

    async with EventStore(recorder) as store:
        for _ in range(12):
            await store.execute(again(ctx), step)

    key = (ctx.gym_id, "tally", stream)
    shapes = layout(brief), layout(replace(brief, shape=2))
    [fresh, old] = await recorder.load([(StreamKey(*key), shape) for shape in shapes])
    assert fresh.snapshot is not None
    assert fresh.snapshot[0] == 10
    assert [event.originator_version for event in fresh.events] == [11, 12]
    assert old.snapshot is None
    assert len(old.events) == 12
    assert (await store.read(ctx.gym_id, brief, stream))[0].count == 12


async def test_a_rule_that_handles_exceptions_still_gets_its_streams(
    store: EventStore, ctx: Context
) -> None:
    stream = new_id()

    def careful(unit: Unit) -> dict[str, int]:
        try:
            return count(stream)(unit)
        except Exception as fault:
            raise AssertionError from fault

    assert (await store.execute(ctx, careful)).result == {"count": 1}
