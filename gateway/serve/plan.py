"""Compiles what an operation selects below a root field into one plain Python function.

The functions hold the happy case only: attributes read, values checked, a dict built. Whatever
else happens (an exception, a null where none may be, an awaitable, a type nobody expected) raises,
and the caller lets graphql-core complete the same root value with all its care.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    SelectionSetNode,
    Undefined,
    is_abstract_type,
)
from strawberry.types.field import StrawberryField

from gateway.serve.leaves import Retreat, converter, enum_names, must_pass
from gateway.serve.live import Value
from gateway.serve.selection import NotPlanned, Selection

Complete: TypeAlias = Callable[[Value], Value]
"""A root field's resolved value -> what goes into ``data``. Raises anything to retreat."""

DEFINITION = "strawberry-definition"


def compile_field(
    selection: Selection, field_def: GraphQLField, nodes: Sequence[FieldNode]
) -> Complete:
    """The function that completes one root field. Raises ``NotPlanned``."""
    return _Writer(selection).completer(field_def.type, nodes)


@dataclass
class _Writer:
    selection: Selection
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: {"Retreat": Retreat, "iskind": _is_kind})

    def completer(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode]) -> Complete:
        below = self.value(type_, nodes, "value")
        self.lines += ["def complete(value):", f"    return {below}"]
        exec(compile("\n".join(self.lines), "<plan>", "exec"), self.names)  # noqa: S102
        complete: Complete = self.names["complete"]
        return complete

    def name(self, kind: str, value: object = None) -> str:
        """A fresh name, bound to ``value`` where the plan runs."""
        name = f"{kind}{len(self.names)}"
        self.names[name] = value
        return name

    def value(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode], x: str) -> str:
        """Source of the completed value of the variable ``x``."""
        nullable = not isinstance(type_, GraphQLNonNull)
        inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(inner, GraphQLScalarType):
            done = f"{self.name('leaf', converter(inner))}({x})"
            passes = must_pass(inner, x)
            if passes is not None:
                unchanged = f"{x} is None or {passes}" if nullable else passes
                return f"({x} if {unchanged} else {done})"
        elif isinstance(inner, GraphQLEnumType):
            names = enum_names(inner)
            done = (
                f"{self.name('enum', names)}[{x}]"
                if names is not None
                else f"{self.name('leaf', converter(inner))}({x})"
            )
        elif isinstance(inner, GraphQLList):
            done = f"{self.list(inner, nodes)}({x})"
        elif isinstance(inner, GraphQLObjectType):
            done = f"{self.object(inner, nodes)}({x})"
        elif is_abstract_type(inner):
            done = f"{self.abstract(inner, nodes)}({x})"
        return f"(None if {x} is None else {done})" if nullable else done

    def list(self, type_: GraphQLList[GraphQLOutputType], nodes: Sequence[FieldNode]) -> str:
        item = self.value(type_.of_type, nodes, "item")
        name = self.name("list")
        self.lines += [
            f"def {name}(values):",
            "    if values.__class__ is not list and values.__class__ is not tuple:",
            "        raise Retreat",
            f"    return [{item} for item in values]",
        ]
        return name

    def object(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> str:
        origin = getattr(type_.extensions.get(DEFINITION), "origin", None)
        body: list[str] = []
        pairs: list[str] = []
        fields = self.selection.of(type_, _below(nodes))
        for number, (key, asked) in enumerate(fields.items()):
            if asked[0].name.value == "__typename":
                pairs.append(f"{key!r}: {type_.name!r}")
                continue
            field_def = type_.fields[asked[0].name.value]
            x = f"x{number}"
            body.append(f"    {x} = {self.read(field_def, asked[0])}")
            pairs.append(f"{key!r}: {self.value(field_def.type, asked, x)}")
        name = self.name("object")
        self.lines += [
            f"def {name}(o):",
            f"    if o.__class__ is not {self.name('Kind', origin)}:",
            f"        iskind(o, {self.name('is_type_of', type_.is_type_of)})",
            *body,
            f"    return {{{', '.join(pairs)}}}",
        ]
        return name

    def read(self, field_def: GraphQLField, node: FieldNode) -> str:
        """Source that reads a field of ``o`` as Strawberry's resolver for it would."""
        definition = field_def.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryField) or definition.extensions:
            raise NotPlanned(f"{node.name.value} has a resolver of its own kind")
        resolver = definition.base_resolver
        if resolver is None:
            python_name = definition.python_name
            plain = getattr(field_def.resolve, "_is_default", False)
            if not plain or definition.default_resolver is not getattr or iskeyword(python_name):
                raise NotPlanned(f"{node.name.value} is not read as an attribute")
            return f"o.{python_name}"
        if resolver.is_async or resolver.arguments or resolver.info_parameter:
            raise NotPlanned(f"{node.name.value} needs more than its object")
        call = self.name("call", resolver.wrapped_func)
        if resolver.self_parameter:
            return f"{call}(o)"
        given = resolver.parent_parameter or resolver.root_parameter
        return f"{call}({given.name}=o)" if given else f"{call}()"

    def abstract(self, type_: GraphQLAbstractType, nodes: Sequence[FieldNode]) -> str:
        """Picks by the exact Python class; any other object is left to graphql-core."""
        by_class: dict[type, str] = {}
        for possible in self.selection.schema.get_possible_types(type_):
            definition = possible.extensions.get(DEFINITION)
            origin = getattr(definition, "origin", None)
            if origin is None or origin in by_class or getattr(definition, "is_type_of", None):
                raise NotPlanned(f"{type_.name} is told apart by more than classes")
            by_class[origin] = self.object(possible, nodes)
        choices = ", ".join(f"{self.name('Kind', kind)}: {f}" for kind, f in by_class.items())
        table, name = self.name("choice"), self.name("abstract")
        self.lines += [
            f"{table} = {{{choices}}}",
            f"def {name}(o):",
            f"    return {table}[o.__class__](o)",
        ]
        return name


def _below(nodes: Sequence[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set is not None]


def _is_kind(value: Value, is_type_of: Callable[[Value, Any], Any] | None) -> None:
    """Retreat unless an object of another class may stand for this type."""
    if value is None or value is Undefined or isinstance(value, Exception):
        raise Retreat
    if hasattr(value, "__await__") or (is_type_of and is_type_of(value, None) is not True):
        raise Retreat
