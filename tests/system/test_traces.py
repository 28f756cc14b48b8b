"""One trace tells of a request from the socket to everybody's screen, and nothing about anybody."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from contracts.ids import new_id
from deploy.local.places import free_port
from tests.world import documents
from tests.world.gateways import gateway
from tests.world.gym import Gym, Member, opened
from tests.world.people import GRAPHQL_WS, PASSWORD, Person
from tests.world.stopwatch import Stopwatch
from tests.world.system import System, data_folder
from tests.world.traces import SENT_WITHIN, Trace, Traces, collecting
from tests.world.waiting import until

pytestmark = pytest.mark.timeout(240)  # a system of our own starts

NAME = "Zebedee-Quill"  # nobody else's, and no part of anything
SCREENS = "deliver rosterChanged"
STEPS = ("booking.book_class", "append", "relay", "project roster", SCREENS)
VIEWS = ("calendar", "ledgers", "kpis", "receipts")
BOOKINGS = 10
PROMPT = 5.0  # seconds: half of what an exporter waits for a collector

Book = Callable[[Member, str], Awaitable[None]]


@pytest.fixture(scope="module")
async def traces() -> AsyncIterator[Traces]:
    """What all processes send: every one of their spans."""
    async with collecting() as collected:
        yield collected


@pytest.fixture(scope="module")
async def system(traces: Traces) -> AsyncIterator[System]:
    """Servers and processes of our own that tell of everything they do."""
    with data_folder("traces") as folder:
        async with System(folder, None, **traces.settings) as started:
            yield started


@pytest.fixture(scope="module")
async def gym(system: System) -> AsyncIterator[Gym]:
    made = await opened(system.installation, system.url)
    yield made
    await made.aclose()


async def by_http(member: Member, session: str) -> None:
    await member.at.done(documents.BOOK, sessionId=session)


async def by_socket(member: Member, session: str) -> None:
    asked = {"idempotencyKey": str(new_id()), "sessionId": session}
    async with _socket(member.at) as socket:
        await socket.send(json.dumps({
            "type": "subscribe", "id": "1",
            "payload": {"query": documents.BOOK, "variables": {"input": asked}},
        }))  # fmt: skip
        told = json.loads(await socket.recv())
    assert told["payload"]["data"]["bookClass"]["userErrors"] == []


@asynccontextmanager
async def _socket(person: Person) -> AsyncIterator[Any]:
    address = person.url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=[GRAPHQL_WS]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": person.headers}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        yield socket


async def _booked(gym: Gym, traces: Traces, book: Book = by_http) -> Trace:
    """The trace of a booking that somebody else watches on a screen."""
    member, session = await gym.member(NAME), await gym.session()
    before = {span.trace_id for span in traces.named(SCREENS)}
    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as screen:
        await screen.shows(lambda shown: shown["roster"]["reservations"] == [])
        await book(member, session)
        await screen.shows(lambda shown: shown["roster"]["reservations"] != [])
    return await traces.news(SCREENS, before, *STEPS, *(f"project {view}" for view in VIEWS))


@pytest.mark.parametrize(
    ("book", "first"), [(by_http, "HTTP POST"), (by_socket, "WS subscribe")],
    ids=["HTTP", "socket"],
)  # fmt: skip
async def test_a_booking_is_one_trace_from_the_request_to_another_persons_screen(
    gym: Gym, traces: Traces, book: Book, first: str
) -> None:
    trace = await _booked(gym, traces, book)

    for screen in trace.named(SCREENS):
        path = trace.path(screen)
        assert [(span.service, span.name, span.kind) for span in path] == [
            ("gateway", first, "SERVER"),
            ("booking", "booking.book_class", "SERVER"),
            ("booking", "append", "INTERNAL"),
            ("booking", "relay", "PRODUCER"),
            ("projections", "project roster", "CONSUMER"),
            ("gateway", SCREENS, "CONSUMER"),
        ]
        began = [span.began for span in path]
        assert began == sorted(began)
    root = trace.one(first)
    assert not root.parent_id
    assert root.attributes["graphql.operation.type"] == "mutation"
    relayed = trace.named("relay", "booking")
    assert {trace.parent(span) for span in relayed} == {trace.one("append", "booking")}
    told = {span.attributes["b2b.event_type"] for span in relayed}
    assert "booking.reservation_made.v1" in told
    for view in VIEWS:
        assert trace.parent(trace.named(f"project {view}")[0]) in relayed
    assert [span.failure for span in trace if span.failure] == []


async def test_what_others_do_because_of_it_is_in_the_trace_too(gym: Gym, traces: Traces) -> None:
    before = {span.trace_id for span in traces.named(SCREENS)}
    await _booked(gym, traces)

    trace = await traces.news(SCREENS, before, "access_reservation_made", "project doors")

    heard = trace.one("access_reservation_made")
    assert trace.parent(heard).name == "relay"
    assert trace.parent(trace.one("append", "access")) == heard
    doors = trace.path(trace.named("project doors")[0])
    assert [span.name for span in doors if span.service == "access"] == [
        "access_reservation_made", "append", "relay"
    ]  # fmt: skip


async def test_a_stream_of_events_does_not_keep_its_request_open(gym: Gym, traces: Traces) -> None:
    session = await gym.session()
    ours = f"00-{new_id().hex}-{new_id().hex[-16:]}-01"
    asked = {"query": documents.ROSTER_CHANGED, "variables": {"id": session}}
    headers = {**gym.owner.headers, "accept": "text/event-stream", "traceparent": ours}

    async with (
        httpx.AsyncClient(base_url=gym.url, timeout=60) as client,
        client.stream("POST", "/graphql", json=asked, headers=headers) as response,
    ):
        assert response.status_code == 200
        theirs = (ours.split("-")[1], ours.split("-")[2])

        async def sent() -> Trace | None:
            found = [span for span in traces.named("HTTP POST") if theirs in span.links]
            trace = traces.of(found[0].trace_id) if found else None
            return trace if trace and trace.named("SSE subscribe") else None

        trace = await until(sent, SENT_WITHIN)  # while the stream is open

    request, joined = trace.one("HTTP POST"), trace.one("SSE subscribe")
    assert (request.parent_id, traces.of(theirs[0]).spans) == ("", [])
    assert request.attributes == {
        "graphql.operation.type": "subscription", "http.route": "/graphql",
        "http.response.status_code": 200,
    }  # fmt: skip
    assert joined.parent_id == request.span_id


async def test_a_rebuild_is_linked_to_what_it_replays_and_no_part_of_it(
    system: System, gym: Gym, traces: Traces
) -> None:
    trace = await _booked(gym, traces)
    told = {(span.trace_id, span.span_id) for span in trace.named("relay", "booking")}

    await system.b2b("projections", "rebuild", "roster")

    spans = traces.named("rebuild roster")
    assert {span.service for span in spans} == {"b2b"}
    assert told <= {link for span in spans for link in span.links}
    assert {span.parent_id for span in spans} == {""}
    assert not {span.trace_id for span in spans} & {trace_id for trace_id, _ in told}
    again = traces.of(trace.spans[0].trace_id)
    assert len(again.named("project roster")) == len(trace.named("project roster"))


async def test_spans_tell_nothing_personal(gym: Gym, traces: Traces) -> None:
    member = await gym.member(NAME)
    await gym.owner.done(documents.ADD_NOTE, clientId=member.id, text=f"{NAME} likes rowing")
    await _booked(gym, traces)

    async def sent() -> bool:
        return {"members.register_client", "members.add_note", "project people"} <= {
            span.name for span in traces.spans
        }

    await until(sent, SENT_WITHIN)
    token = member.at.headers["authorization"].removeprefix("Bearer ")
    personal = (NAME, "@x.test", "rowing", PASSWORD, token)
    assert member.email.endswith("@x.test")
    for span in traces.spans:
        found = [text for text in personal if text.lower().encode() in span.told.lower()]
        assert not found, f"{span.name} of {span.service} tells {found}"


@asynccontextmanager
async def _black_hole() -> AsyncIterator[str]:
    """The address of a collector that takes everything and never answers."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def _nobody() -> AsyncIterator[str]:
    """An address where nobody is."""
    yield f"http://127.0.0.1:{free_port()}"


@pytest.mark.parametrize("collector", [_nobody, _black_hole], ids=["away", "silent"])
async def test_a_collector_that_is_away_slows_and_stops_nothing(
    system: System, gym: Gym, collector: Callable[[], Any]
) -> None:
    member, longest = await gym.member(pack=BOOKINGS), 0.0
    async with (
        collector() as endpoint,
        gateway(system, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as url,
    ):
        person = await _at(url, gym, member)
        for hours in range(BOOKINGS):
            session = await gym.session(hours=24 + 2 * hours)
            with Stopwatch() as took:
                await person.done(documents.BOOK, sessionId=session)
            longest = max(longest, took.seconds)
        await person.aclose()

    assert longest < PROMPT
    assert not [line for line in system.said if "killed" in line]


async def _at(url: str, gym: Gym, member: Member) -> Person:
    """The member at another gateway."""
    person = Person(url)
    await person.sign_in(gym.slug, member.email)
    return person
