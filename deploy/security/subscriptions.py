"""Every subscription of the schema asked as server-sent events, with arguments of all kinds.

Schemathesis asks queries and mutations only.
"""

import json
import random
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    is_leaf_type,
)
from graphql.type import get_named_type, get_nullable_type

from deploy.schema import ROOT

SCHEMA = ROOT / "gateway" / "schema.graphql"
ANSWER_WITHIN = 20.0  # seconds
TIMES = 4
EXPECTED = {200, 400, 401, 403, 429, 503}
VALUES: dict[str, tuple[Any, ...]] = {
    "ID": ("", "x", "ses_01890000000070008000000000000000", "cli_\u0000", "é" * 200),
    "String": ("", "x", "\u0000", "'; --", "é" * 5_000),
    "Int": (0, 1, -1, 2**31 - 1),
    "Boolean": (True, False),
    "Position": ("", "x", "booking:1"),
    "DateTime": ("", "2027-03-01T12:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
}
"""By type; of others, what no type is written as."""


def read() -> GraphQLSchema:
    """The schema that is printed into the repository."""
    return build_schema(SCHEMA.read_text())


def operations(schema: GraphQLSchema) -> set[str]:
    """``Query.viewer`` and all others."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return {f"{root.name}.{name}" for root in roots if root is not None for name in root.fields}


def asked(url: str, token: str, chance: random.Random) -> Iterator[tuple[str, str | None]]:
    """(operation, what is wrong with its answer or None), each so many times."""
    root = read().subscription_type
    for name, field in root.fields.items() if root else ():
        for _ in range(TIMES):
            yield f"Subscription.{name}", _wrong(url, token, _document(name, field, chance))


def _document(name: str, field: GraphQLField, chance: random.Random) -> dict[str, Any]:
    given = {key: _value(each.type, chance) for key, each in field.args.items()}
    heads = ", ".join(f"${key}: {each.type}" for key, each in field.args.items())
    uses = ", ".join(f"{key}: ${key}" for key in given)
    told = f"({uses})" if uses else ""
    return {
        "query": f"subscription{f'({heads})' if heads else ''} "
        f"{{ {name}{told} {_selection(field.type)} }}",
        "variables": given,
    }


def _selection(type_: Any) -> str:
    """Its leaves, or its name where it has none."""
    fields = getattr(get_named_type(type_), "fields", {})
    leaves = [
        name
        for name, each in fields.items()
        if is_leaf_type(get_named_type(each.type)) and not each.args
    ]
    return f"{{ {' '.join(leaves) or '__typename'} }}" if fields else ""


def _value(type_: GraphQLInputType, chance: random.Random) -> Any:
    if not isinstance(type_, GraphQLNonNull) and not chance.randrange(3):
        return None
    plain = get_nullable_type(type_)
    if isinstance(plain, GraphQLList):
        return [_value(plain.of_type, chance) for _ in range(chance.randrange(3))]
    if isinstance(plain, GraphQLEnumType):
        return chance.choice(list(plain.values))
    if isinstance(plain, GraphQLInputObjectType):
        return {name: _value(each.type, chance) for name, each in plain.fields.items()}
    return chance.choice(VALUES.get(str(plain), (None, "x", 7)))


def _wrong(url: str, token: str, document: dict[str, Any]) -> str | None:
    """What must not be in the first answer; the stream is left then."""
    headers = {"content-type": "application/json", "accept": "text/event-stream, application/json",
               "authorization": f"Bearer {token}"}  # fmt: skip
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN) as answer:
            status, told = answer.status, _first(answer)
    except urllib.error.HTTPError as refused:
        status, told = refused.code, json.loads(refused.read())
    except TimeoutError:
        return f"no answer in {ANSWER_WITHIN:.0f} s: {document}"
    if status not in EXPECTED:
        return f"HTTP {status}: {document}"
    codes = [(error.get("extensions") or {}).get("code") for error in told.get("errors") or ()]
    if {"INTERNAL", None} & set(codes):
        return f"{told['errors'][0]}: {document}"
    return None


def _first(answer: Any) -> dict[str, Any]:
    """What the first event carries, or the whole answer when it is none."""
    if "event-stream" not in answer.headers["content-type"]:
        return dict(json.load(answer))
    for line in answer:
        if line.startswith(b"data:") and len(line.strip()) > len(b"data:"):
            return dict(json.loads(line.removeprefix(b"data:")))
    return {}
