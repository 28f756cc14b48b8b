"""An append is followed in the trace of each sampled command, however many share it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest
from opentelemetry.trace import StatusCode
from prometheus_client import REGISTRY

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.memory import MemoryRecorder
from chassis.eventstore.store import EventStore
from contracts.ids import new_id
from tests.component.eventstore.conftest import LIMIT, count
from tests.world.spans import Kept, a_trace, context, ids, parent


@pytest.fixture
def recorder() -> MemoryRecorder:
    return MemoryRecorder()


@pytest.fixture
async def store(recorder: MemoryRecorder) -> AsyncIterator[EventStore]:
    async with EventStore(recorder) as started:
        yield started


def _asked(ctx: Context, trace: str | None) -> Context:
    return replace(ctx, command_id=new_id(), traceparent=trace)


def _batches() -> float:
    return REGISTRY.get_sample_value("b2b_append_batch_count") or 0


async def test_commands_of_one_batch_each_have_their_own_and_their_events_tell_it(
    store: EventStore, recorder: MemoryRecorder, ctx: Context, kept: Kept
) -> None:
    first, second, unseen = a_trace(), a_trace(), a_trace(sampled=False)
    streams = [new_id() for _ in range(4)]
    for stream in streams:  # what is loaded is decided on at once
        await store.execute(_asked(ctx, None), count(stream))
    batches = _batches()

    asked = zip((first, second, unseen, None), streams, strict=True)
    await asyncio.gather(*(store.execute(_asked(ctx, t), count(s)) for t, s in asked))

    assert _batches() - batches == 1
    spans = {parent(span): context(span) for span in kept.named("append")}
    assert set(spans) == {ids(first), ids(second)}
    told = [orjson.loads(event.meta)["traceparent"] for event in recorder.log[4:]]
    assert told == [spans[ids(first)], spans[ids(second)], unseen, None]


async def test_a_refusal_waits_for_an_append_too(
    store: EventStore, ctx: Context, kept: Kept
) -> None:
    trace = a_trace()

    with pytest.raises(Refused):
        await store.execute(_asked(ctx, trace), count(new_id(), by=LIMIT + 1))

    [span] = kept.named("append")
    assert parent(span) == ids(trace)
    assert span.status.is_unset


async def test_a_lost_race_shows_as_an_append_that_failed_and_another(
    store: EventStore, recorder: MemoryRecorder, ctx: Context, kept: Kept
) -> None:
    stream, trace = new_id(), a_trace()
    await store.execute(_asked(ctx, None), count(stream))
    async with EventStore(recorder) as other:
        await other.execute(_asked(ctx, None), count(stream))

    await store.execute(_asked(ctx, trace), count(stream))

    lost, done = kept.named("append")
    assert (lost.status.status_code, lost.status.description) == (StatusCode.ERROR, "Conflict")
    assert done.status.is_unset
    assert orjson.loads(recorder.log[-1].meta)["traceparent"] == context(done)
