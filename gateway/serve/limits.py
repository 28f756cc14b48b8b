"""How much one document may ask for, judged in one walk before anything expensive looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from gateway.serve.faults import BEYOND, TooComplex

PAGE_SIZES = ("first", "last")


@dataclass(frozen=True, slots=True)
class Limits:
    """Highest allowed values, all inclusive. Generous to people, tight to floods."""

    characters: int = 32_768
    tokens: int = 1_000
    depth: int = 15
    aliases: int = 30
    directives: int = 16
    fragments: int = 30
    root_fields: int = 20
    fields: int = 600  # with every fragment written out
    cost: int = 5_000  # objects the answer may hold
    list_size: int = 10  # assumed length of a list that cannot be paged
    page_size: int = 100  # assumed ``first`` when a variable leaves it open


@dataclass(frozen=True, slots=True)
class Cost:
    """Objects an answer may hold: ``fixed``, plus parts that grow with a page-size variable."""

    fixed: int = 0
    paged: tuple[tuple[str, "Cost"], ...] = ()

    def plus(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.paged + other.paged)

    def times(self, factor: int) -> "Cost":
        paged = tuple((name, part.times(factor)) for name, part in self.paged)
        return Cost(self.fixed * factor, paged)

    def of(self, variables: Mapping[str, Any], otherwise: int) -> int:
        """With these page sizes; ``otherwise`` stands in for one that is missing or no number."""
        total = self.fixed
        for name, part in self.paged:
            size = variables.get(name)
            often = size if isinstance(size, int) and size >= 0 else otherwise
            total += often * part.of(variables, otherwise)
        return total


@dataclass(frozen=True, slots=True)
class _Size:
    fields: int = 0
    depth: int = 0
    cost: Cost = Cost()

    def beside(self, other: "_Size") -> "_Size":
        deepest = max(self.depth, other.depth)
        return _Size(self.fields + other.fields, deepest, self.cost.plus(other.cost))


def measure(
    document: DocumentNode, schema: GraphQLSchema, limits: Limits, *, introspection: bool = False
) -> Mapping[str | None, Cost]:
    """The cost of each operation by name. Raises ``TooComplex`` naming the limit broken.

    Works on documents that were not validated: what is unknown counts as one plain field.
    ``introspection`` leaves ``__schema`` and ``__type`` uncounted.
    """
    walk = _Walk(document, schema, limits, introspection)
    costs: dict[str | None, Cost] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            walk.count_directives(node)
            walk.check("root fields", limits.root_fields, len(node.selection_set.selections))
            size = walk.selections(node.selection_set, schema.get_root_type(node.operation), 1)
            cost = size.cost
            walk.check("cost", limits.cost, cost.of({}, 0))
            costs[node.name.value if node.name else None] = cost
    return costs


class _Walk:
    def __init__(
        self, document: DocumentNode, schema: GraphQLSchema, limits: Limits, introspection: bool
    ) -> None:
        self.schema, self.limits, self.introspection = schema, limits, introspection
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self.check("fragments", limits.fragments, len(self.fragments))
        self.sizes: dict[tuple[str, bool], _Size] = {}
        self.aliases = self.directives = 0

    def check(self, limit: str, allowed: int, asked: int) -> None:
        if asked > allowed:
            raise TooComplex(limit, allowed, asked)

    def count_directives(self, node: object) -> None:
        self.directives += len(getattr(node, "directives", None) or ())
        self.check("directives", self.limits.directives, self.directives)

    def selections(
        self, chosen: SelectionSetNode, parent: object, level: int, *, page: bool = False
    ) -> _Size:
        """Everything below ``chosen``; ``parent`` is the schema's type or None if unknown.

        ``page`` says that the length of a list right here was counted with its connection.
        """
        self.check("depth", self.limits.depth, level)
        total = _Size(depth=level)
        for node in chosen.selections:
            self.count_directives(node)
            if isinstance(node, FieldNode):
                part = self.field(node, parent, level, page=page)
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition
                inner = self.schema.get_type(on.name.value) if on else parent
                part = self.selections(node.selection_set, inner, level, page=page)
            elif isinstance(node, FragmentSpreadNode):
                part = self.spread(node.name.value, level, page=page)
            total = total.beside(part)
            self.check("fields", self.limits.fields, total.fields)
        return total

    def spread(self, name: str, level: int, *, page: bool) -> _Size:
        """A fragment's size, measured once; a cycle counts nothing (validation refuses it)."""
        key = (name, page)
        if key not in self.sizes:
            self.sizes[key] = _Size()
            fragment = self.fragments.get(name)
            if fragment is not None:
                self.count_directives(fragment)
                on = self.schema.get_type(fragment.type_condition.name.value)
                size = self.selections(fragment.selection_set, on, level, page=page)
                self.sizes[key] = _Size(size.fields, size.depth - level, size.cost)
        size = self.sizes[key]
        self.check("depth", self.limits.depth, size.depth + level)
        return _Size(size.fields, size.depth + level, size.cost)

    def field(self, node: FieldNode, parent: object, level: int, *, page: bool) -> _Size:
        if node.alias is not None:
            self.aliases += 1
            self.check("aliases", self.limits.aliases, self.aliases)
        name = node.name.value
        if self.introspection and name in {"__schema", "__type"}:
            return _Size(1, level)
        known: GraphQLField | None = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            known = parent.fields.get(name)
        if node.selection_set is None or (known and is_leaf_type(get_named_type(known.type))):
            return _Size(1, level)
        inner = get_named_type(known.type) if known else None
        sized = next((a for a in node.arguments or () if a.name.value in PAGE_SIZES), None)
        pages = sized is not None or _takes_a_page_size(known)
        is_list = known is not None and isinstance(get_nullable_type(known.type), GraphQLList)
        connection = pages and not is_list  # the list it pages through is below
        below = self.selections(node.selection_set, inner, level + 1, page=connection)
        each = Cost(1).plus(below.cost)
        if sized is not None and isinstance(sized.value, IntValueNode):
            cost = each.times(_number(sized.value))
        elif sized is not None and isinstance(sized.value, VariableNode):
            cost = Cost(0, ((sized.value.name.value, each),))
        elif pages:
            cost = each.times(self.limits.page_size)
        elif is_list and not page:
            cost = each.times(self.limits.list_size)
        else:
            cost = each
        return _Size(below.fields + 1, below.depth, cost)


def _number(node: IntValueNode) -> int:
    """Not below 0. A number of thousands of digits is not worth reading."""
    digits = node.value
    return max(0, int(digits)) if len(digits) <= len(str(BEYOND)) else BEYOND


def _takes_a_page_size(field: GraphQLField | None) -> bool:
    return field is not None and any(size in field.args for size in PAGE_SIZES)
