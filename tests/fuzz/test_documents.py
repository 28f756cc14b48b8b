"""GraphQL documents and requests: any text is served or refused, and the refusal can be sent."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.serve.answers import encoded, refusal
from gateway.serve.documents import Documents
from gateway.serve.faults import Fault
from gateway.serve.negotiation import Accepts, UnsupportedMedia, must_be_json
from gateway.serve.operation import InvalidVariables
from gateway.serve.requests import Request
from tests.gateway_serve.generated import CORE

PIECES = st.sampled_from([
    "{", "}", "(", ")", "[", "]", "...", "on", "fragment", "query", "mutation", "subscription",
    "viewer", "books", "shelf", "top", "book", "id", "name", "first", "$n", "Int", "!", ":", "=",
    "@skip", "@include", "if", "true", "false", "null", "__typename", "__schema", "__proto__", "&",
    '"', '"""', "\\u{110000}", "\\ud800", "\ud800", "#", "\0", "\x85", ",", "|", "-", "0", "1e999",
    "9" * 25, "9" * 5_000, "-1", "0.1", "é", "\ufeff", "{ books(first: ", ") { id } }",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=40).map(" ".join),
    st.builds(
        "{{ {} {{ {}(first: {}) {{ id }} }} }}".format,
        st.sampled_from(["shelf", "viewer"]), st.sampled_from(["top", "books"]),
        st.integers() | st.integers(10**18, 10**400),
    ),
)  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=9), inside),
    max_leaves=12,
)
NAMES = st.sampled_from(["query", "documentId", "operationName", "variables", "extensions"])


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.none() | st.text(max_size=9))
@example("{ books(first: " + "9" * 25 + ") { id } }", None)
@example("{ books(first: " + "9" * 5_000 + ") { id } }", None)
@example("{ books(first: -" + "9" * 25 + ") { id } }", None)
def test_any_text_is_a_document_or_a_refusal(text: str, name: str | None) -> None:
    try:
        operation = Documents(CORE).find(text, None).operation(name)
        operation.variables({"n": 2**70, "id": None})
    except (Fault, InvalidVariables) as refused:
        told = orjson.loads(encoded({"errors": refusal(refused)}))
        assert all(error["extensions"]["code"] != "INTERNAL" for error in told["errors"])


@given(JSON | st.dictionaries(NAMES, JSON))
def test_any_json_is_a_request_or_a_refusal(given_: Any) -> None:
    try:
        Request.of(given_)
    except Fault as refused:
        encoded(refusal(refused))


@given(st.dictionaries(NAMES, st.text()))
def test_any_url_is_a_request_or_a_refusal(parameters: dict[str, str]) -> None:
    try:
        Request.of_url(parameters)
    except Fault as refused:
        encoded(refusal(refused))


@given(st.dictionaries(st.sampled_from(["accept", "content-type"]), st.text()))
def test_any_headers_are_negotiated(headers: dict[str, str]) -> None:
    Accepts.of(headers)
    try:
        must_be_json(headers)
    except UnsupportedMedia:
        assert headers.get("content-type") != "application/json"


def test_the_numbers_of_a_refusal_fit_into_json() -> None:
    with pytest.raises(Fault) as refused:
        Documents(CORE).find("{ books(first: 162666461663671910400) { id } }", None)

    assert orjson.loads(encoded(refusal(refused.value)))[0]["extensions"]["asked"] == 2**31 - 1
