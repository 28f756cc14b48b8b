"""Inputs of operations, made of what graphql-core has coerced.

Strawberry finds out anew for every request how each field of an input is called and what type it
has: a seventh of what a booking costs the gateway. Here that is found out once for each type, by
the hook Strawberry has for types that build their own values.
"""

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from strawberry.scalars import is_scalar
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    StrawberryType,
)
from strawberry.types.enum import StrawberryEnumDefinition

Kind = StrawberryType | type


def prepare(schema: strawberry.Schema) -> None:
    """Have ``schema``'s input types made by what is known of them now."""
    for known in schema.schema_converter.type_map.values():
        definition = known.definition
        if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
            definition.from_input = _Maker(definition, schema)


class _Maker:
    """Makes values of one input type, as ``strawberry.types.arguments.convert_argument`` would."""

    def __init__(self, definition: StrawberryObjectDefinition, schema: strawberry.Schema) -> None:
        self._absent: dict[str, Any] = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        names, scalars = schema.config.name_converter, schema.schema_converter.scalar_registry
        kinds = [field.resolve_type(type_definition=definition) for field in definition.fields]
        self._fields = [
            (names.from_field(field), field.python_name, None if _is_leaf(kind, scalars) else kind)
            for field, kind in zip(definition.fields, kinds, strict=True)
        ]

    def __call__(self, made: type, value: Mapping[str, Any], context: InputContext) -> object:
        given = dict(self._absent)
        for told, name, kind in self._fields:
            if told in value:
                one = value[told]
                given[name] = one if kind is None else context.convert(one, kind, told)
        return made(**given)


def _is_leaf(kind: Kind, scalars: Mapping[Any, Any]) -> bool:
    """Whether graphql-core's value of it is ours."""
    if isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
        kind = kind.of_type
    if kind is strawberry.relay.GlobalID:
        return False
    return isinstance(kind, StrawberryEnumDefinition) or is_scalar(kind, scalars)
