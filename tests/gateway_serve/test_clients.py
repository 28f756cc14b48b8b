from contextlib import aclosing

from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests import clients
from tests.gateway_serve.conftest import Library

BOOKS = "query($n: Int!) { books(first: $n) { id title } }"
SHELVE = 'mutation { shelve(input: {title: "New"}) { position } }'
WATCH = "subscription { shelfChanged { position shelf { books { title } } } }"


async def test_javascript_clients_work_as_they_come(library: Library) -> None:
    await clients.checked({
        "url": library.url, "headers": {"authorization": "Bearer ann"},
        "query": {"query": BOOKS, "variables": {"n": 2}}, "mutation": {"query": SHELVE},
        "subscription": {"query": WATCH},
    })  # fmt: skip


async def test_gql_asks_over_http(library: Library) -> None:
    async with Client(transport=HTTPXAsyncTransport(library.url)) as session:
        answer = await session.execute(GraphQLRequest(BOOKS, variable_values={"n": 2}))

    assert [book["id"] for book in answer["books"]] == ["b1", "b2"]


async def test_gql_watches_over_websocket(library: Library) -> None:
    async with (
        Client(transport=WebsocketsTransport(library.ws_url)) as session,
        aclosing(session.subscribe(GraphQLRequest(WATCH))) as updates,
    ):
        first = await anext(updates)
        library.change("New")
        second = await anext(updates)

    assert (first["shelfChanged"]["position"], second["shelfChanged"]["position"]) == ("3", "4")
