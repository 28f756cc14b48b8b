"""Hypothesis strategies: documents over the library's schema, and libraries gone wrong."""

import re
from typing import Any

import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.gateway_serve.library import Genre, Lamp, Person, Shelf, a_shelf, schema

CORE = schema._schema
VARIABLES = {
    "$yes": "Boolean! = true", "$no": "Boolean!", "$id": "ID!",
    "$n": "Int! = 2", "$genre": "Genre", "$t": "String",
}  # fmt: skip
GIVEN = st.fixed_dictionaries(
    {"no": st.booleans(), "id": st.sampled_from(["b1", "b9"])},
    optional={
        "yes": st.booleans(),
        "n": st.sampled_from([0, 1, 3]),
        "genre": st.sampled_from(["CRIME", None]),
        "t": st.sampled_from(["x", None]),
    },
)
ARGUMENTS = {
    "Query.book": ['(id: "b2")', "(id: $id)"],
    "Query.books": ["", "(first: 2)", "(first: $n, genre: CRIME)", "(genre: $genre)"],
    "Query.echo": [
        "",
        '(text: "hi")',
        "(text: $t)",
        "(text: null, numbers: [1, 2])",
        "(numbers: 3)",
    ],
    "Shelf.top": ["", "(first: 2)", "(first: $n)"],
}
UNPLANNED = ["later", "top"]
"""Fields that make a plan impossible; half of the documents do without."""

CONDITIONS = ["", "", "", "", " @include(if: $yes)", " @skip(if: $no)", " @skip(if: true)"]


@st.composite
def selections(draw: st.DrawFn, type_: Any, without: list[str], depth: int = 4) -> str:
    """A selection set over ``type_``, at most ``depth`` objects deep."""
    parts: list[str] = []
    fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields
    names = [
        name
        for name, field in fields.items()
        if name not in without and (depth > 1 or is_leaf_type(get_named_type(field.type)))
    ]
    if names:
        for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=4)):
            below = get_named_type(fields[name].type)
            inner = draw(selections(below, without, depth - 1)) if is_composite_type(below) else ""
            choices = ARGUMENTS.get(f"{type_.name}.{name}", [""])
            given = draw(st.sampled_from(choices))
            number = choices.index(given)  # one key always asks with the same arguments
            alias = f"{name}_{number}: " if number or draw(st.booleans()) else ""
            parts.append(f"{alias}{name}{given}{draw(st.sampled_from(CONDITIONS))}{inner}")
    if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
        possible = CORE.get_possible_types(type_)
        parts += [
            f"... on {each.name} {draw(selections(each, without, depth - 1))}" for each in possible
        ]
    elif depth > 2 and draw(st.integers(0, 4)) == 0:
        assert isinstance(type_, GraphQLObjectType)
        condition = draw(st.sampled_from(CONDITIONS))
        parts.append(f"...{condition} {draw(selections(type_, without, depth - 1))}")
    if draw(st.booleans()) or not parts:
        parts.append("__typename")
    return "{ " + " ".join(parts) + " }"


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query that may use the fragment ``Some`` of a book."""
    assert CORE.query_type is not None
    without = draw(st.sampled_from([[], UNPLANNED]))
    body = draw(selections(CORE.query_type, without))
    fragment = draw(selections(CORE.type_map["Book"], without, 3))
    spread = "{ some: book(id: $id) { ...Some } " + body[1:]
    return f"query {_named('Q', spread + fragment)} {spread} fragment Some on Book {fragment}"


@st.composite
def subscriptions(draw: st.DrawFn) -> str:
    body = draw(selections(CORE.type_map["ShelfUpdate"], UNPLANNED))
    return f"subscription {_named('S', body)} {{ shelfChanged {body} }}"


def _named(name: str, body: str) -> str:
    used = [
        f"{variable}: {type_}"
        for variable, type_ in VARIABLES.items()
        if re.search(rf"\{variable}\b", body)
    ]
    return f"{name}({', '.join(used)})" if used else name


class Odd(str):
    """A string, but not exactly one."""


LAMP = Lamp(id=strawberry.ID("l9"))
WRONG: dict[str, list[Any]] = {
    "title": [None, "", Odd("odd"), 7, ValueError("kept"), ["x"]],
    "label": [ValueError("kept"), 3.5],
    "pages": [None, 2**40, True, 1.5, "12"],
    "weight": [float("nan"), 3, None],
    "genre": ["poetry", "POETRY", 3, Genre],
    "printed_at": [None, "yesterday"],
    "author": ["nobody", None, LAMP, ValueError("kept")],
    "readers": [None, [None], (Person(name="Tup"),), "abc", {Person: 1}.keys(), [ValueError("x")]],
    "tags": ["abc", None, (1, "b"), [Odd("odd"), [1]]],
    "grid": [None, [None], [[None]], [[1], 2], ((1,), (2,))],
    "id": [None, 5],
}


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    """A shelf on which up to three things went wrong."""
    shelf = a_shelf()
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(WRONG)))
        book = draw(st.sampled_from(shelf.books))
        setattr(book, name, draw(st.sampled_from(WRONG[name])))
    if draw(st.integers(0, 5)) == 0:
        lists: list[list[Any]] = [shelf.books, shelf.items, shelf.things]
        where = draw(st.sampled_from(lists))
        where.insert(1, draw(st.sampled_from([None, Person(name="Cuckoo"), "cuckoo"])))
    return shelf
