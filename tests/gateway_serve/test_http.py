import subprocess
import sys
from typing import Any

import pytest

from gateway.serve import metrics
from gateway.serve.limits import Limits
from tests.gateway_serve.conftest import Library, Serve

RESPONSE_JSON = "application/graphql-response+json"


def test_failures_are_told_as_none_before_anything_is_asked() -> None:
    """A counter that is born at one has never risen: nobody would be woken by a first failure."""
    page = "import gateway.serve.metrics as m, prometheus_client as p; print(p.generate_latest())"
    told = subprocess.run([sys.executable, "-c", page], capture_output=True, check=True, text=True)
    for kind, transport in (("query", "http"), ("mutation", "ws"), ("unknown", "http")):
        labels = f'kind="{kind}",outcome="failed",transport="{transport}"'
        assert f"b2b_graphql_operations_total{{{labels}}} 0.0" in told.stdout


async def test_a_query_is_answered_as_json(library: Library) -> None:
    answer = await library.post("query($n: Int!) { books(first: $n) { id } }", variables={"n": 1})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {"data": {"books": [{"id": "b1"}]}}


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        (RESPONSE_JSON, 400, RESPONSE_JSON),
        (f"{RESPONSE_JSON}, application/json, text/event-stream, multipart/mixed", 400,
         RESPONSE_JSON),
        ("image/png", 406, RESPONSE_JSON),
    ],
)  # fmt: skip
async def test_the_media_type_follows_accept(
    library: Library, accept: str, status: int, media: str
) -> None:
    answer = await library.post("{ nothing }", {"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        f"{media}; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"query": "{"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query($a: Int!) { books(first: $a) { id } }"}, "BAD_REQUEST"),
        ({"query": "query A { viewer } query B { viewer }"}, "BAD_REQUEST"),
        ({"query": "{ viewer }", "operationName": "C"}, "BAD_REQUEST"),
        ({"query": "{ viewer }", "variables": [1]}, "BAD_REQUEST"),
        ({"query": 7}, "BAD_REQUEST"),
        ({}, "BAD_REQUEST"),
        ([{"query": "{ viewer }"}], "BAD_REQUEST"),
        ({"documentId": "sha256:00"}, "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
async def test_a_wrong_request_is_refused_with_a_code(
    library: Library, request_: Any, code: str
) -> None:
    answer = await library.http.post(library.url, json=request_, headers={"accept": RESPONSE_JSON})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    ("token", "status", "code"), [("bad", 401, "UNAUTHENTICATED"), ("banned", 403, "FORBIDDEN")]
)
async def test_who_may_not_come_in_is_told_so(
    library: Library, token: str, status: int, code: str
) -> None:
    answer = await library.post("{ viewer }", {"authorization": f"Bearer {token}"})

    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code


async def test_a_fault_in_a_resolver_keeps_its_code(library: Library) -> None:
    answer = await library.post("{ secret }")

    assert answer.json()["errors"] == [
        {
            "message": "Not for you.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["secret"],
            "extensions": {"code": "FORBIDDEN"},
        }
    ]


async def test_an_internal_error_is_masked(library: Library) -> None:
    answer = await library.post("{ broken viewer }")

    [error] = answer.json()["errors"]
    assert answer.json()["data"] == {"broken": None, "viewer": "anonymous"}
    assert error["extensions"]["code"] == "INTERNAL"
    assert len(error["extensions"]["traceId"]) == 32
    assert "shelf" not in answer.text


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_only_json_is_taken(library: Library, media: str) -> None:
    answer = await library.http.post(
        library.url, content='{"query": "{ viewer }"}', headers={"content-type": media}
    )

    assert answer.status_code == 415


async def test_a_large_body_is_refused(library: Library) -> None:
    answer = await library.post("{ viewer }", variables={"x": "y" * 600_000})

    assert answer.status_code == 413


async def test_a_large_body_in_pieces_is_refused(library: Library) -> None:
    async def pieces() -> Any:
        for _ in range(10):
            yield b" " * 60_000

    answer = await library.http.post(
        library.url, content=pieces(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 413


async def test_a_query_may_be_a_get_in_development(library: Library) -> None:
    answer = await library.http.get(library.url, params={"query": "{ viewer }", "variables": "{}"})

    assert answer.json() == {"data": {"viewer": "anonymous"}}


async def test_a_mutation_is_never_a_get(library: Library) -> None:
    answer = await library.http.get(library.url, params={"query": "mutation { fall }"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert library.calls == []


async def test_another_sites_page_gets_nothing_by_get(library: Library) -> None:
    asked = {"query": "{ viewer }"}
    headers = {"sec-fetch-site": "cross-site"}

    assert (await library.http.get(library.url, params=asked, headers=headers)).status_code == 415
    headers["x-requested-with"] = "fetch"
    assert (await library.http.get(library.url, params=asked, headers=headers)).status_code == 200


async def test_a_browser_gets_graphiql_in_development_only(serve: Serve) -> None:
    headers = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    development, production = await serve(), await serve(development=False)

    page = await development.http.get(development.url, headers=headers)
    assert "GraphiQL" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (await production.http.get(production.url, headers=headers)).status_code == 405


async def test_production_tells_nothing_about_the_schema(serve: Serve) -> None:
    library = await serve(development=False)

    introspection = await library.post("{ __schema { types { name } } }")
    typo = await library.post("{ viewr }")

    refused = introspection.json()["errors"][0]
    assert refused["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in introspection.json()
    assert "Did you mean" not in typo.text
    assert (await library.http.get(library.url, params={"query": "{ viewer }"})).status_code == 405


async def test_development_helps(library: Library) -> None:
    assert "Did you mean" in (await library.post("{ viewr }")).text
    assert (await library.post("{ __schema { types { name } } }")).json()["data"]["__schema"]


async def test_a_flood_is_refused_before_validation(serve: Serve) -> None:
    library = await serve(limits=Limits(depth=3))

    answer = await library.post(
        "{ shelf { books { author { nothing } } } }", {"accept": RESPONSE_JSON}
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX", "limit": "depth", "allowed": 3, "asked": 4,
    }  # fmt: skip


async def test_a_head_or_put_is_not_allowed(library: Library) -> None:
    answer = await library.http.put(library.url, json={"query": "{ viewer }"})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_mutation_changes_things_once(library: Library) -> None:
    answer = await library.post(
        "mutation($i: ShelveInput!) { shelve(input: $i) { book { title later } position } }",
        variables={"i": {"title": "New"}},
    )

    assert answer.json() == {
        "data": {"shelve": {"book": {"title": "New", "later": "New later"}, "position": "4"}}
    }
    assert library.calls == ["shelve New"]


@pytest.mark.parametrize(
    ("query", "outcome"),
    [("{ viewer }", "done"), ("{ secret }", "refused"), ("{ broken }", "failed")],
)
async def test_operations_are_counted_by_whose_fault_it_was(
    library: Library, query: str, outcome: str
) -> None:
    counted = metrics.OPERATIONS.labels("query", "http", outcome)
    before = counted._value.get()
    await library.post(query)
    assert counted._value.get() == before + 1
