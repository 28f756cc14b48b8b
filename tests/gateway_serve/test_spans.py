"""Operations and what goes to screens are followed in their traces; connections are not."""

import asyncio
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from structlog.testing import capture_logs

from chassis.clock import SystemClock
from chassis.telemetry import span, traceparent
from gateway.serve.calls import Credentials
from gateway.serve.documents import Documents
from gateway.serve.engine import Engine
from gateway.serve.faults import ConsistencyTimeout
from gateway.serve.settings import ServeSettings
from gateway.serve.vigil import Vigil
from tests.gateway_serve.conftest import Library
from tests.gateway_serve.generated import CORE
from tests.gateway_serve.readers import Reader
from tests.gateway_serve.test_hub import Eyes, World
from tests.gateway_serve.test_sse import stream
from tests.world.spans import Kept, a_trace, ids, parent

WATCH = "subscription { shelfChanged { position } }"
ON_SOCKET = "WS subscribe"
DELIVERY = "deliver shelfChanged"


async def test_each_operation_on_a_socket_is_a_trace_of_its_own(
    library: Library, kept: Kept
) -> None:
    async with library.socket() as screen:
        for id_, query in (("1", "{ viewer }"), ("2", "{ viewer }"), ("3", WATCH)):
            await screen.subscribe(id_, query)
            while (await screen.hear())["id"] != id_:
                continue

        # The socket and the subscription are open still.
        await kept.until(lambda: len(kept.named(ON_SOCKET)) == 3)

    spans = kept.named(ON_SOCKET)
    assert [parent(one) for one in spans] == [None] * 3
    assert len({one.context.trace_id for one in spans if one.context}) == 3
    assert {one.kind for one in spans} == {SpanKind.SERVER}
    kinds = [dict(one.attributes or {}) for one in spans]
    assert kinds == [
        {"graphql.operation.type": kind} for kind in ("query", "query", "subscription")
    ]


async def test_an_internal_error_on_a_socket_is_found_by_the_trace_it_names(
    library: Library, kept: Kept
) -> None:
    with capture_logs() as lines:
        async with library.socket() as screen:
            await screen.subscribe("1", "{ broken }")
            told: Any = await screen.hear()

    await kept.until(lambda: len(kept.named(ON_SOCKET)) == 1)
    [one] = kept.named(ON_SOCKET)
    assert one.context is not None
    [error] = told["payload"]["errors"]
    assert error["extensions"]["traceId"] == f"{one.context.trace_id:032x}"
    assert [line["trace_id"] for line in lines] == [error["extensions"]["traceId"]]


async def test_joining_a_stream_of_events_is_over_while_the_stream_goes_on(
    library: Library, kept: Kept
) -> None:
    async with stream(library, WATCH) as events:
        await events.next()

        await kept.until(lambda: len(kept.named("SSE subscribe")) == 1)


async def _watching(kept: Kept, count: int) -> tuple[World, list[Eyes]]:
    """Screens that show a shelf."""
    world, crowd = World(), [Eyes() for _ in range(count)]
    for eyes in crowd:
        await world.join(eyes, WATCH)
        await eyes.seen(1)
    assert kept.named(DELIVERY) == []  # the first frame is nobody's change
    return world, crowd


async def test_an_update_is_followed_to_the_screens_in_each_trace_that_caused_it(
    kept: Kept,
) -> None:
    world, crowd = await _watching(kept, 3)
    first, second = a_trace(), a_trace()

    number = world.move()
    world.hints.hint("shelf", number - 1, [first])
    world.hints.hint("shelf", number, [first, second])
    for eyes in crowd:
        await eyes.seen(2)

    await kept.until(lambda: len(kept.named(DELIVERY)) == 2)
    spans = kept.named(DELIVERY)
    assert {parent(one) for one in spans} == {ids(first), ids(second)}
    assert {one.kind for one in spans} == {SpanKind.CONSUMER}
    assert [dict(one.attributes or {}) for one in spans] == [{"b2b.screens": 3}] * 2


async def test_the_next_update_is_not_put_down_to_those_before(kept: Kept) -> None:
    world, [eyes] = await _watching(kept, 1)
    world.hints.hint("shelf", world.move(), [a_trace()])
    await eyes.seen(2)

    world.change()
    await eyes.seen(3)

    assert len(kept.named(DELIVERY)) == 1


async def test_an_update_that_cannot_be_read_says_so_by_its_type(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.serve.group.FIRST_PAUSE", 0.0)
    world, [eyes] = await _watching(kept, 1)
    world.failures = [ConsistencyTimeout("Not shown yet.")]

    world.hints.hint("shelf", world.move(), [a_trace()])
    await eyes.seen(2)

    [one] = kept.named(DELIVERY)
    assert one.status.status_code is StatusCode.ERROR
    assert one.status.description == "ConsistencyTimeout"


async def test_looks_at_credentials_are_no_part_of_the_trace_a_connection_began_in(
    kept: Kept,
) -> None:
    looks: asyncio.Queue[str | None] = asyncio.Queue()

    async def authenticate(_: Credentials) -> Reader:
        await looks.put(traceparent())
        return Reader("ann")

    settings = ServeSettings(recheck_every=0.01)
    engine = Engine(Documents(CORE), settings, authenticate, lambda *_: None, SystemClock())
    with span("HTTP POST") as request:
        vigil = Vigil(engine, Credentials({}), Reader("ann"), lambda: None)
    assert request.get_span_context().is_valid

    async with asyncio.timeout(30):
        seen = [await looks.get(), await looks.get()]
    vigil.end()

    assert seen == [None, None]
