"""Which fields an operation asks of a type, fragments written out and conditions settled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

CONDITIONS = {"skip": False, "include": True}
"""Directive -> the value of ``if`` that keeps a selection."""


class NotPlanned(Exception):
    """graphql-core must run this itself: it uses what plans do not cover."""


@dataclass(slots=True)
class Selection:
    """Collects fields as the specification's CollectFields does, for one set of conditions."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]
    """Values of the variables used in ``@skip`` and ``@include``."""
    _seen: set[str] = field(default_factory=set)

    def of(
        self, type_: GraphQLObjectType, chosen: Sequence[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Response key -> the nodes that ask for it, in the order of the answer."""
        self._seen = set()
        fields: dict[str, list[FieldNode]] = {}
        for selection_set in chosen:
            for node in self._flat(type_, selection_set):
                key = node.alias.value if node.alias else node.name.value
                fields.setdefault(key, []).append(node)
        return fields

    def _flat(self, type_: GraphQLObjectType, chosen: SelectionSetNode) -> Iterator[FieldNode]:
        for node in chosen.selections:
            if not self._kept(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition
                if on is None or self._fits(type_, on.name.value):
                    yield from self._flat(type_, node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in self._seen:
                self._seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._fits(type_, fragment.type_condition.name.value):
                    yield from self._flat(type_, fragment.selection_set)

    def _kept(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value not in CONDITIONS:
                raise NotPlanned(f"@{directive.name.value}")
            if self._value(directive) is not CONDITIONS[directive.name.value]:
                return False
        return True

    def _value(self, directive: DirectiveNode) -> bool:
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                return self.conditions[argument.value.name.value]
            if isinstance(argument.value, BooleanValueNode):
                return argument.value.value
        raise NotPlanned(f"@{directive.name.value} without a value")

    def _fits(self, type_: GraphQLObjectType, condition: str) -> bool:
        if type_.name == condition:
            return True
        wanted = self.schema.get_type(condition)
        return is_abstract_type(wanted) and self.schema.is_sub_type(wanted, type_)


def conditional_variables(document: DocumentNode) -> frozenset[str]:
    """Names of the variables that ``@skip`` and ``@include`` read anywhere in the document."""
    names: set[str] = set()
    waiting: list[SelectionSetNode] = [
        chosen
        for node in document.definitions
        if (chosen := getattr(node, "selection_set", None)) is not None
    ]
    while waiting:
        for node in waiting.pop().selections:
            for directive in node.directives or ():
                if directive.name.value in CONDITIONS:
                    names.update(
                        argument.value.name.value
                        for argument in directive.arguments or ()
                        if isinstance(argument.value, VariableNode)
                    )
            below = getattr(node, "selection_set", None)
            if below is not None:
                waiting.append(below)
    return frozenset(names)
