"""Leaf values on their way out: what may pass as it is, and what graphql-core must convert."""

from collections.abc import Callable
from typing import TypeAlias

from graphql import GraphQLEnumType, GraphQLLeafType, GraphQLScalarType, Undefined

from gateway.serve.live import Value

Leaf: TypeAlias = Callable[[Value], Value]


class Retreat(Exception):
    """The plan met something it leaves to graphql-core: a null too many, an error, an awaitable."""


CLASSES = 256
"""Python classes remembered per leaf: those made at run time must not pile up."""

PASSES = {"String": "str", "ID": "str", "Boolean": "bool"}
"""Built-in scalar -> the Python class whose values go out unchanged."""


def converter(type_: GraphQLLeafType) -> Leaf:
    """Converts one value as graphql-core would. Retreats from whatever may go wrong."""
    convert = type_.coerce_output_value
    plain: set[type] = set()

    def leaf(value: Value) -> Value:
        kind = value.__class__
        if kind not in plain:
            if value is None or value is Undefined or not _is_plain(kind):
                raise Retreat
            if len(plain) < CLASSES:
                plain.add(kind)
        converted = convert(value)
        if converted is None or converted is Undefined:
            raise Retreat
        return converted

    return leaf


def _is_plain(kind: type) -> bool:
    return not issubclass(kind, Exception) and not hasattr(kind, "__await__")


def enum_names(type_: GraphQLEnumType) -> dict[Value, str] | None:
    """Python member -> name in the schema; None for an enum that is not a plain Python one."""
    cls = getattr(type_, "wrapped_cls", None)
    if cls is None:
        return None
    return {member: type_.coerce_output_value(member) for member in cls}


def must_pass(type_: GraphQLScalarType, value: str) -> str | None:
    """Python source of the test that ``value`` may go out as it is; None: always convert."""
    kind = PASSES.get(type_.name)
    if kind is not None:
        return f"{value}.__class__ is {kind}"
    if type_.name == "Int":
        return f"{value}.__class__ is int and -2147483648 <= {value} <= 2147483647"
    return None
