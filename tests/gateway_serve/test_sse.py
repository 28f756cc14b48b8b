import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from chassis.clock import FixedClock
from gateway.serve.faults import Unauthenticated
from gateway.serve.settings import ServeSettings
from tests.gateway_serve.conftest import Library, Serve, serving

EVENTS = {"accept": "text/event-stream"}
WATCH = "subscription($after: Position) { shelfChanged(after: $after) { position } }"


class Stream:
    """Events of one response, by hand."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_text()
        self._rest = ""

    async def hear(self) -> str:
        """The next event or comment, as it came."""
        async with asyncio.timeout(30):
            while "\n\n" not in self._rest:
                self._rest += await anext(self._chunks)
        event, _, self._rest = self._rest.partition("\n\n")
        return event

    async def next(self) -> Any:
        kind, _, data = (await self.hear()).partition("\n")
        assert kind == "event: next"
        return orjson.loads(data.removeprefix("data: "))


@asynccontextmanager
async def stream(library: Library, query: str, **options: Any) -> AsyncIterator[Stream]:
    headers = EVENTS | options.pop("headers", {})
    body = {"query": query, **options}
    async with library.http.stream("POST", library.url, json=body, headers=headers) as response:
        yield Stream(response)


async def test_a_view_is_streamed_by_events(library: Library) -> None:
    async with stream(library, WATCH) as events:
        assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert await events.next() == {"data": {"shelfChanged": {"position": "3"}}}

        library.change("x")
        assert await events.next() == {"data": {"shelfChanged": {"position": "4"}}}


async def test_a_subscription_may_be_a_get(library: Library) -> None:
    asked = {"query": WATCH, "variables": '{"after": "2"}'}
    async with library.http.stream("GET", library.url, params=asked, headers=EVENTS) as response:
        assert await Stream(response).next() == {"data": {"shelfChanged": {"position": "3"}}}


async def test_a_stream_that_ends_says_so(library: Library) -> None:
    async with stream(library, "subscription { counting(to: 1) }") as events:
        assert await events.next() == {"data": {"counting": 0}}
        assert await events.hear() == "event: complete\ndata: "


async def test_a_query_is_an_event_only_for_who_takes_nothing_else(library: Library) -> None:
    async with stream(library, "{ viewer }") as events:
        assert await events.next() == {"data": {"viewer": "anonymous"}}
    answer = await library.post("{ viewer }", {"accept": "application/json, text/event-stream"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_wrong_document_is_a_last_event(library: Library) -> None:
    async with stream(library, "subscription { nothing }") as events:
        refused = await events.next()
        assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert await events.hear() == "event: complete\ndata: "


async def test_a_refused_view_is_a_last_event(library: Library) -> None:
    query = 'subscription { shelfChanged(name: "forbidden") { position } }'
    async with stream(library, query) as events:
        assert (await events.next())["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
        assert await events.hear() == "event: complete\ndata: "


async def test_a_subscription_needs_a_client_that_takes_events(library: Library) -> None:
    answer = await library.post(WATCH, {"accept": "application/json"})

    assert answer.status_code == 406


async def test_a_stream_ends_once_who_opened_it_may_not_any_more(serve: Serve) -> None:
    library = await serve(recheck_every=0.05)
    async with stream(library, WATCH, headers={"authorization": "Bearer ann"}) as events:
        await events.next()
        library.people.today["ann"] = Unauthenticated("signed out")

        told = await events.next()
        assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await events.hear() == "event: complete\ndata: "


async def test_a_silent_stream_has_a_heartbeat(serve: Serve) -> None:
    library = await serve(heartbeat_every=0.05)
    async with stream(library, WATCH) as events:
        await events.next()
        assert await events.hear() == ":"
        assert await events.hear() == ":"


async def test_a_stream_ends_with_its_token(library: Library) -> None:
    headers = {"authorization": f"Bearer ann@{time.time() + 0.2}"}
    async with stream(library, WATCH, headers=headers) as events:
        while "errors" not in (told := await events.next()):  # it may have ended before the first
            continue
        assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_stream_ends_by_the_clock_its_token_was_judged_by() -> None:
    clock = FixedClock(datetime(2020, 1, 1, tzinfo=UTC))
    headers = {"authorization": f"Bearer ann@{clock.now().timestamp() + 60}"}
    beating = ServeSettings(development=True, heartbeat_every=0.05)
    async with serving(beating, clock) as library, stream(library, WATCH, headers=headers) as seen:
        assert "errors" not in await seen.next()
        assert await seen.hear() == ":"


async def test_a_drained_server_ends_its_streams_without_complete(library: Library) -> None:
    async with stream(library, WATCH) as events:
        await events.next()
        await library.door.drain()
        async with asyncio.timeout(30):
            assert [text async for text in events._chunks] == []
