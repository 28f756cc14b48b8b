"""Relay and read models are followed in every sampled trace, and in no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from opentelemetry.trace import SpanKind, StatusCode

from chassis.projection.engine import Projection
from chassis.projection.rebuild import rebuild
from chassis.relay import Relay
from chassis.tenancy import Pool
from chassis.wire import TRACE_HEADER
from contracts.ids import GymId, new_id
from tests.component.messaging.probe import CONTEXT, STREAM, Journal, message, running
from tests.component.messaging.tallies import Tally, Views, level
from tests.world.spans import Kept, a_trace, context, ids, links, parent
from tests.world.waiting import until

LONG_AGO = timedelta(minutes=5)
THEN = (datetime.now(UTC) - LONG_AGO).isoformat()


class ByGym(Tally):
    """Changes under the gym's own id, and under a key that no event names."""

    async def apply(self, *given: Any) -> Any:
        return [
            change
            for gym, _ in await super().apply(*given)
            for change in ((gym, str(gym)), (gym, "all"))
        ]


async def _relayed(journal: Journal, client: Client, count: int) -> list[dict[str, str]]:
    """The headers of what a relay made of the journal."""
    async with running(Relay(context=CONTEXT, dsn=journal.relay_dsn, client=client).run):

        async def arrived() -> bool:
            return (await client.jetstream().stream_info(STREAM)).state.messages == count

        await until(arrived)
    stored = [await client.jetstream().get_msg(STREAM, seq=n) for n in range(1, count + 1)]
    return [one.headers or {} for one in stored]


async def test_each_sampled_event_has_a_relay_of_its_own_that_travels_on(
    journal: Journal, client: Client, kept: Kept
) -> None:
    first, second = a_trace(), a_trace()
    await journal.record(2, trace=first)
    await journal.record(trace=second)

    headers = await _relayed(journal, client, 3)

    spans = kept.named("relay")
    assert [parent(span) for span in spans] == [ids(first), ids(first), ids(second)]
    assert [told[TRACE_HEADER] for told in headers] == [context(span) for span in spans]
    assert {span.kind for span in spans} == {SpanKind.PRODUCER}
    assert spans[0].attributes == {
        "messaging.system": "nats", "messaging.destination.name": STREAM,
        "b2b.event_type": "probe.counted.v1",
    }  # fmt: skip


async def test_an_event_nobody_looks_at_has_neither_a_relay_nor_a_header(
    journal: Journal, client: Client, kept: Kept
) -> None:
    await journal.record(trace=a_trace(sampled=False))
    await journal.record(trace=None)

    headers = await _relayed(journal, client, 2)

    assert [TRACE_HEADER in told for told in headers] == [False, False]
    assert kept.all == ()


async def test_a_refill_is_one_span_with_links_and_goes_out_as_it_was(
    journal: Journal, client: Client, kept: Kept
) -> None:
    old = [a_trace(), a_trace()]
    for trace in old:
        await journal.record(trace=trace, ago=LONG_AGO)

    headers = await _relayed(journal, client, 2)

    assert [told[TRACE_HEADER] for told in headers] == old
    spans = kept.named("relay")
    assert {link for span in spans for link in links(span)} == set(map(ids, old))
    assert {parent(span) for span in spans} == {None}


@asynccontextmanager
async def _hints(client: Client, tally: Tally) -> AsyncIterator["asyncio.Queue[Msg]"]:
    heard: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await client.subscribe(f"live.*.{tally.name}.>", cb=heard.put)
    await client.flush()
    yield heard
    await subscription.unsubscribe()


async def _publish(client: Client, *messages: tuple[Any, ...]) -> None:
    for each in messages:
        await client.jetstream(timeout=30).publish(*each)


async def test_a_transaction_is_a_span_in_each_sampled_trace_and_its_hints_tell_whose(
    views: Views, pool: Pool, client: Client, other_client: Client, kept: Kept
) -> None:
    tally = await views.make()
    by_gym = ByGym(tally.name)
    ours, theirs = a_trace(), a_trace()
    mine, yours, others = (GymId(new_id()) for _ in range(3))
    await _publish(
        client,
        message(1, gym_id=mine, trace=ours), message(2, gym_id=mine, trace=ours),
        message(3, gym_id=yours, trace=theirs), message(4, gym_id=others),
    )  # fmt: skip

    async with (
        _hints(other_client, tally) as heard,
        running(Projection(by_gym, client=client, pool=pool).run),
    ):
        told = [await asyncio.wait_for(heard.get(), 60) for _ in range(6)]

    spans = {parent(span): span for span in kept.all}
    assert set(spans) == {ids(ours), ids(theirs)}
    assert {(span.name, span.kind) for span in kept.all} == {
        (f"project {tally.name}", SpanKind.CONSUMER)
    }
    assert {span.attributes["b2b.batch"] for span in kept.all if span.attributes} == {4}
    hints = {hint.subject.split(".", 1)[1]: orjson.loads(hint.data) for hint in told}
    assert hints == {
        f"{mine}.{tally.name}.{mine}": {"position": 4, "traces": [context(spans[ids(ours)])]},
        f"{yours}.{tally.name}.{yours}": {"position": 4, "traces": [context(spans[ids(theirs)])]},
        f"{others}.{tally.name}.{others}": {"position": 4},
        # Whose doing these are nobody can say: four events, and none names the key.
        **{f"{gym}.{tally.name}.all": {"position": 4} for gym in (mine, yours, others)},
    }  # fmt: skip


async def test_of_a_transaction_that_is_one_trace_alone_every_change_is_its_doing(
    views: Views, pool: Pool, client: Client, other_client: Client, kept: Kept
) -> None:
    tally, trace = await views.make(), a_trace()
    await _publish(client, message(1, trace=trace), message(2, trace=trace))

    async with (
        _hints(other_client, tally) as heard,
        running(Projection(tally, client=client, pool=pool).run),
    ):
        hint = await asyncio.wait_for(heard.get(), 60)

    [span] = kept.all
    assert orjson.loads(hint.data) == {"position": 2, "traces": [context(span)]}


async def test_a_read_model_that_is_far_behind_makes_links_and_tells_no_screen_of_them(
    views: Views, pool: Pool, client: Client, other_client: Client, kept: Kept
) -> None:
    tally, old, live = await views.make(), a_trace(), a_trace()
    await _publish(
        client, message(1, trace=old, recorded_at=THEN), message(2), message(3, trace=live)
    )

    async with (
        _hints(other_client, tally) as heard,
        running(Projection(tally, client=client, pool=pool).run),
    ):
        hint = await asyncio.wait_for(heard.get(), 60)

    late, followed = sorted(kept.all, key=lambda span: parent(span) or "")
    assert (parent(late), links(late)) == (None, {ids(old)})
    assert (parent(followed), links(followed)) == (ids(live), set())
    assert orjson.loads(hint.data) == {"position": 3}


async def test_a_transaction_that_fails_says_so_by_its_type(
    views: Views, pool: Pool, client: Client, kept: Kept
) -> None:
    tally = await views.make(away=1)
    await _publish(client, message(1, trace=a_trace()))

    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 1)

    failed, done = kept.all
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "NotYet")
    assert done.status.is_unset
    assert failed.parent == done.parent


@pytest.mark.parametrize("sampled", [True, False])
async def test_a_rebuild_is_linked_to_the_traces_it_replays(
    views: Views, pool: Pool, client: Client, other_client: Client, kept: Kept, *, sampled: bool
) -> None:
    tally = await views.make()
    traces = [a_trace(sampled=sampled) for _ in range(3)]
    await _publish(client, *(message(n, trace=trace) for n, trace in enumerate(traces, start=1)))
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 3)
    before = len(kept.all)

    await rebuild(tally, dsn=views.dsn, client=other_client)

    spans = kept.all[before:]
    assert {span.name for span in spans} == ({f"rebuild {tally.name}"} if sampled else set())
    assert {link for span in spans for link in links(span)} == (
        set(map(ids, traces)) if sampled else set()
    )
    assert {parent(span) for span in spans} <= {None}
