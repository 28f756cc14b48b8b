"""The gateway as it faces the internet: production's settings, limits and origins, as a process."""

import asyncio
import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.world import documents
from tests.world.gateways import gateway
from tests.world.gym import Gym
from tests.world.people import GRAPHQL_WS, Person, Refused
from tests.world.system import System

APP = "https://app.example"
VIEWER = "{ viewer { id } }"
HTML = {"accept": "text/html"}
MEMBERS = 1_000


@pytest.fixture(scope="module")
async def production(system: System) -> AsyncIterator[httpx.AsyncClient]:
    settings = {"B2B_ENV": "production", "B2B_CLOCK_FILE": "", "ORIGINS": APP}
    async with (
        gateway(system, **settings) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        yield client


async def asked(client: httpx.AsyncClient, query: str, **request: Any) -> Any:
    return (await client.post("/graphql", json={"query": query, **request})).json()


@pytest.mark.parametrize(
    "query", ["{ __schema { types { name } } }", '{ __type(name: "Query") { name } }']
)
async def test_production_does_not_tell_its_schema(
    production: httpx.AsyncClient, query: str
) -> None:
    [error, *_] = (await asked(production, query))["errors"]

    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "introspection" in error["message"]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ viewr { id } }", {}),
        ("mutation ($i: SignInInputs!) { signIn(input: $i) { __typename } }", {}),
        (
            "mutation ($i: SignInInput!) { signIn(input: $i) { __typename } }",
            {"i": {"emial": "x"}},
        ),
    ],
)
async def test_production_does_not_help_guessing(
    production: httpx.AsyncClient, query: str, variables: dict[str, Any]
) -> None:
    told = json.dumps(await asked(production, query, variables=variables))

    assert "errors" in told
    assert "Did you mean" not in told


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (VIEWER, "application/json"),
        (VIEWER, "text/event-stream"),
        ("mutation { signOut(input: {}) { __typename } }", "application/json"),
        ("mutation { signOut(input: {}) { __typename } }", "text/event-stream"),
    ],
)
async def test_production_serves_no_query_and_no_mutation_by_get(
    production: httpx.AsyncClient, query: str, accept: str
) -> None:
    answer = await production.get("/graphql", params={"query": query}, headers={"accept": accept})

    assert '"data"' not in answer.text
    assert answer.status_code == 405 or "VALIDATION_FAILED" in answer.text


async def test_production_has_no_page(production: httpx.AsyncClient) -> None:
    answer = await production.get("/graphql", headers=HTML)

    assert (answer.status_code, "html" in answer.headers["content-type"]) == (405, False)


async def test_production_speaks_no_legacy_protocol(production: httpx.AsyncClient) -> None:
    address = str(production.base_url).replace("http", "ws", 1) + "/graphql"

    async with (
        connect(address, subprotocols=[Subprotocol("graphql-ws")]) as socket,
        asyncio.timeout(60),
    ):
        await socket.wait_closed()

    assert socket.close_code == 4406


async def test_production_is_reached_by_tls_only_and_its_answers_are_data(
    production: httpx.AsyncClient,
) -> None:
    answer = await production.post("/graphql", json={"query": VIEWER})

    assert answer.json() == {"data": {"viewer": None}}
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


async def test_the_page_of_development_runs_its_own_scripts_only(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as browser:
        answer = await browser.get("/graphql", headers=HTML)

    [inline] = [part.partition("</script>")[0] for part in answer.text.split("<script>")[1:]]
    digest = hashlib.sha256(inline.encode()).digest()
    rules = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == [f"'sha256-{_base64(digest)}'", "https://unpkg.com"]
    assert rules["frame-ancestors"] == "'none'"
    assert "strict-transport-security" not in answer.headers


async def test_apps_of_the_list_ask_and_watch_and_no_others(production: httpx.AsyncClient) -> None:
    address = str(production.base_url).replace("http", "ws", 1) + "/graphql"
    allowed = await production.options(
        "/graphql", headers={"origin": APP, "access-control-request-method": "POST"}
    )
    foreign = await production.options("/graphql", headers={"origin": "https://evil.example"})

    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == APP
    assert foreign.status_code == 405
    assert "access-control-allow-origin" not in foreign.headers
    async with connect(address, subprotocols=[GRAPHQL_WS], origin=Origin(APP)):
        pass
    with pytest.raises(InvalidStatus):
        await connect(address, subprotocols=[GRAPHQL_WS], origin=Origin("https://evil.example"))


async def test_a_whole_gym_comes_in_from_one_address_at_once(
    production: httpx.AsyncClient,
) -> None:
    turns = asyncio.Semaphore(50)

    async def one() -> int:
        async with turns:
            return (await production.post("/graphql", json={"query": VIEWER})).status_code

    assert set(await asyncio.gather(*(one() for _ in range(3 * MEMBERS)))) == {200}


async def test_an_address_that_asks_too_much_waits_with_sockets_too(system: System) -> None:
    async with (
        gateway(system, ADDRESS_RATE="0.001", ADDRESS_BURST="3") as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        answers = [await client.post("/graphql", json={"query": VIEWER}) for _ in range(4)]
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                address.replace("http", "ws", 1) + "/graphql",
                subprotocols=[GRAPHQL_WS],
            )
        health = await client.get("/health/live")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert refused.value.response.status_code == 429
    assert health.status_code == 200


async def test_a_person_who_asks_too_much_waits_and_others_do_not(system: System, gym: Gym) -> None:
    mia, ben = await gym.member(), await gym.member("Ben")
    async with gateway(system, PERSON_RATE="0.001", PERSON_BURST="2") as address:
        here = [Person(address, member.at._token) for member in (mia, ben)]
        gym.people.extend(here)
        for _ in range(2):
            assert await here[0].ask(VIEWER)
        with pytest.raises(Refused) as refused:
            await here[0].ask(VIEWER)

        assert refused.value.code == "RATE_LIMITED"
        assert refused.value.errors[0]["extensions"]["retryAfter"] > 0
        with pytest.raises(Refused) as by_socket:
            await _by_socket(here[0], VIEWER)
        assert by_socket.value.code == "RATE_LIMITED"
        assert await here[1].ask(VIEWER)


async def test_what_a_person_asks_for_adds_up(system: System, gym: Gym) -> None:
    mia = await gym.member()
    large = "{ myBookings(first: 100) { nodes { session { id reserved } } } }"
    async with gateway(system, COST_RATE="0.001", COST_BURST="5000") as address:
        here = Person(address, mia.at._token)
        gym.people.append(here)
        told = [await here.raw({"query": large}) for _ in range(1 + 5_000 // 200)]

    assert told[0] == {"data": {"myBookings": {"nodes": []}}}
    [error] = told[-1]["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert "objects" in error["message"]


async def test_new_documents_add_up_and_known_ones_do_not(system: System) -> None:
    async with (
        gateway(system, COST_RATE="0.001", COST_BURST="5000") as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        known = [await asked(client, VIEWER) for _ in range(100)]
        fresh = [await asked(client, f"{VIEWER} # {number:01000}") for number in range(12)]

    assert known == [{"data": {"viewer": None}}] * 100
    assert fresh[0] == {"data": {"viewer": None}}
    assert fresh[-1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_only_documents_of_our_apps_are_served_where_that_is_set(
    system: System, tmp_path: Path
) -> None:
    manifest = tmp_path / "documents.json"
    key = hashlib.sha256(VIEWER.encode()).hexdigest()
    manifest.write_text(json.dumps({f"sha256:{key}": VIEWER}))
    settings = {"TRUSTED_DOCUMENTS": str(manifest), "ONLY_TRUSTED_DOCUMENTS": "true"}
    async with (
        gateway(system, **settings) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        by_id = (await client.post("/graphql", json={"documentId": f"sha256:{key}"})).json()
        other = await asked(client, documents.CLIENTS)

    assert by_id == {"data": {"viewer": None}}
    assert other["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def _by_socket(person: Person, query: str) -> Any:
    address = person.url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=[GRAPHQL_WS]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": person.headers}))
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        told = json.loads(await socket.recv())
    if told["type"] == "error":
        raise Refused(told["payload"])
    return told["payload"]


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()
