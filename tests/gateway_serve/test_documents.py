import hashlib
import json
from pathlib import Path

import pytest

from gateway.serve.documents import Documents, Rejected, read_manifest
from gateway.serve.faults import Fault, TooComplex, UnknownDocument
from gateway.serve.limits import Limits
from tests.gateway_serve.generated import CORE

VIEWER = "{ viewer }"
DIGEST = hashlib.sha256(VIEWER.encode()).hexdigest()


def refused(text: str, limits: Limits) -> TooComplex:
    with pytest.raises(TooComplex) as caught:
        Documents(CORE, limits=limits).find(text, None)
    return caught.value


@pytest.mark.parametrize(
    ("text", "limits", "limit"),
    [
        ("{ viewer }" + " " * 50, Limits(characters=20), "characters"),
        ("{ viewer viewer viewer }", Limits(tokens=4), "tokens"),
        ("{ shelf { books { author { name } } } }", Limits(depth=3), "depth"),
        ("{ shelf { ...A } } fragment A on Shelf { books { author { name } } }",
         Limits(depth=3), "depth"),
        ("{ a" * 3_000, Limits(tokens=10_000), "depth"),
        ("{ a: viewer b: viewer }", Limits(aliases=1), "aliases"),
        ("{ viewer @skip(if: false) @include(if: true) }", Limits(directives=1), "directives"),
        ("{ viewer @a @a @a }", Limits(directives=2), "directives"),
        ("{ ...A ...B } fragment A on Query { viewer } fragment B on Query { viewer }",
         Limits(fragments=1), "fragments"),
        ("{ viewer echo }", Limits(root_fields=1), "root fields"),
        ("{ shelf { name position name position } }", Limits(fields=4), "fields"),
        ("{ books(first: 1000000) { id } }", Limits(), "cost"),
        ("{ shelf { books { readers { name } } things { id } } }", Limits(cost=100), "cost"),
    ],
)  # fmt: skip
def test_a_document_beyond_a_limit_is_told_which(text: str, limits: Limits, limit: str) -> None:
    fault = refused(text, limits)

    assert fault.extensions["code"] == "QUERY_TOO_COMPLEX"
    assert fault.extensions["limit"] == limit


def test_fragments_that_double_each_other_are_refused_at_once() -> None:
    chain = " ".join(
        f"fragment F{n} on Book {{ ...F{n + 1} x: author {{ name }} ...F{n + 1} }}"
        for n in range(25)
    )
    text = f"{{ shelf {{ books {{ ...F0 }} }} }} {chain} fragment F25 on Book {{ id }}"

    assert refused(text, Limits()).extensions["limit"] in {"fields", "aliases"}


def test_fragments_in_a_circle_are_a_validation_error() -> None:
    text = "{ shelf { books { ...A } } } fragment A on Book { ...B } fragment B on Book { ...A }"

    with pytest.raises(Rejected):
        Documents(CORE).find(text, None)


@pytest.mark.parametrize(("first", "allowed"), [(10, True), (60, False), (None, False)])
def test_the_cost_grows_with_the_page_size_variable(first: int | None, allowed: bool) -> None:
    documents = Documents(CORE, limits=Limits(cost=500))
    text = "query($n: Int) { books(first: $n) { readers { name } } }"
    operation = documents.find(text, None).operation(None)

    if allowed:
        operation.variables({"n": first})
        return
    with pytest.raises(TooComplex, match="cost"):
        operation.variables({} if first is None else {"n": first})


def test_a_document_is_prepared_once() -> None:
    documents = Documents(CORE)

    assert documents.find(VIEWER, None) is documents.find("{ vie" + "wer }", None)


def test_refusals_are_remembered_too() -> None:
    documents = Documents(CORE)
    refusals = []
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            documents.find("{ nothing }", None)
        refusals.append(caught.value)

    assert refusals[0] is refusals[1]


def test_the_registry_forgets_what_was_used_longest_ago() -> None:
    documents = Documents(CORE, remembered=2)
    first = documents.find(VIEWER, None)
    other = documents.find("{ echo }", None)
    assert documents.find(VIEWER, None) is first
    documents.find("{ books { id } }", None)

    assert documents.find(VIEWER, None) is first
    assert documents.find("{ echo }", None) is not other


@pytest.mark.parametrize("document_id", [DIGEST, f"sha256:{DIGEST}"])
def test_a_registered_document_is_found_by_id_and_text(document_id: str) -> None:
    documents = Documents(CORE, trusted={DIGEST: VIEWER}, only_trusted=True)

    assert documents.find(None, document_id) is documents.find(VIEWER, None)


def test_production_may_refuse_what_is_not_registered() -> None:
    documents = Documents(CORE, trusted={DIGEST: VIEWER}, only_trusted=True)

    with pytest.raises(UnknownDocument):
        documents.find("{ echo }", None)


@pytest.mark.parametrize(
    ("key", "text"), [("00", VIEWER), (hashlib.sha256(b"{ no }").hexdigest(), "{ no }")]
)
def test_a_manifest_that_does_not_fit_stops_the_start(key: str, text: str) -> None:
    with pytest.raises(ValueError, match=key):
        Documents(CORE, trusted={key: text})


def test_unknown_ids_are_faults() -> None:
    with pytest.raises(Fault, match="registered"):
        Documents(CORE).find(None, "sha256:00")


def test_a_manifest_is_a_file_of_ids_and_texts(tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({f"sha256:{DIGEST}": VIEWER}))
    assert read_manifest(file) == {DIGEST: VIEWER}

    file.write_text("[]")
    with pytest.raises(ValueError, match=r"documents\.json"):
        read_manifest(file)
