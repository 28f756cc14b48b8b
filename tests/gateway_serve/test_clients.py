import asyncio
import json
import shutil
from contextlib import aclosing
from pathlib import Path

import pytest
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.gateway_serve.conftest import Library

CLIENTS = Path(__file__).parents[1] / "clients"
BOOKS = "query($n: Int!) { books(first: $n) { id title } }"
QUERY = {"query": BOOKS, "variables": {"n": 2}}
MUTATION = {"query": 'mutation { shelve(input: {title: "New"}) { position } }'}
WATCH = {"query": "subscription { shelfChanged { position shelf { books { title } } } }"}


async def node(*command: str) -> tuple[int, str]:
    """Exit status and output of a command in the clients' folder."""
    program = shutil.which(command[0])
    assert program, f"{command[0]} is needed; .ci installs it"
    process = await asyncio.create_subprocess_exec(
        program, *command[1:], cwd=CLIENTS,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.fixture(scope="session")
async def packages() -> None:
    """The clients at their locked versions, fetched when the lock changed."""
    installed, lock = CLIENTS / "node_modules" / ".package-lock.json", CLIENTS / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    status, output = await node("npm", "ci", "--no-audit", "--no-fund")
    assert status == 0, output


@pytest.mark.usefixtures("packages")
async def test_javascript_clients_work_as_they_come(library: Library) -> None:
    script = {
        "url": library.url, "headers": {"authorization": "Bearer ann"},
        "query": QUERY, "mutation": MUTATION, "subscription": WATCH,
    }  # fmt: skip

    status, output = await node("node", "run.mjs", json.dumps(script))

    checks = [json.loads(line) for line in output.splitlines()]
    assert [check for check in checks if not check["ok"]] == []
    assert status == 0
    assert {check["check"].split()[0] for check in checks} == {
        "graphql-ws", "graphql-sse", "apollo", "urql", "graphql-http",
    }  # fmt: skip


async def test_gql_asks_over_http(library: Library) -> None:
    async with Client(transport=HTTPXAsyncTransport(library.url)) as session:
        answer = await session.execute(GraphQLRequest(BOOKS, variable_values={"n": 2}))

    assert [book["id"] for book in answer["books"]] == ["b1", "b2"]


async def test_gql_watches_over_websocket(library: Library) -> None:
    transport = WebsocketsTransport(library.ws_url)
    async with Client(transport=transport) as session:
        watch = GraphQLRequest(WATCH["query"])
        async with aclosing(session.subscribe(watch)) as updates:
            first = await anext(updates)
            library.change("New")
            second = await anext(updates)

    assert (first["shelfChanged"]["position"], second["shelfChanged"]["position"]) == ("3", "4")
