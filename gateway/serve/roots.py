"""Root fields: calling their resolvers, and keeping what they answered."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from graphql.type.definition import GraphQLResolveInfoHelpers

from gateway.serve.live import Value
from gateway.serve.plan import Complete


async def _gathered(awaitables: Sequence[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*awaitables))


def _is_awaitable(value: Value) -> TypeGuard[Awaitable[Any]]:
    return inspect.isawaitable(value)


HELPERS = GraphQLResolveInfoHelpers(gather=_gathered, track=lambda _values: None)


@dataclass(frozen=True, slots=True)
class Root:
    """One field of the root type, as one plan asks for it."""

    key: str
    nodes: list[FieldNode]
    definition: GraphQLField
    complete: Complete


Plan: TypeAlias = tuple[Root, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls root resolvers of one operation as graphql-core would."""

    schema: GraphQLSchema
    root_type: GraphQLObjectType
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    hide_suggestions: bool

    async def resolved(self, root: Root, values: VariableValues, context: object) -> Value:
        """What the resolver answers, or the exception it raised: completion tells."""
        try:
            answer = self.call(root, root.definition.resolve, values, context)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            return error

    def call(
        self,
        root: Root,
        resolver: Callable[..., Value] | None,
        values: VariableValues,
        context: object,
    ) -> Value:
        """What ``resolver`` answers to the field's arguments; maybe an awaitable."""
        if resolver is None:
            raise TypeError(f"{root.key} has no resolver")
        arguments: dict[str, Any] = {}
        if root.definition.args:
            arguments = get_argument_values(
                root.definition, root.nodes[0], values, hide_suggestions=self.hide_suggestions
            )
        return resolver(None, self._info(root, values, context), **arguments)

    def _info(
        self, root: Root, values: VariableValues, context: object
    ) -> GraphQLResolveInfo[object]:
        return GraphQLResolveInfo(
            field_name=root.nodes[0].name.value,
            field_nodes=root.nodes,
            return_type=root.definition.type,
            parent_type=self.root_type,
            path=Path(None, root.key, self.root_type.name),
            schema=self.schema,
            fragments=self.fragments,
            root_value=None,
            operation=self.node,
            variable_values=values,
            context=context,
            is_awaitable=_is_awaitable,
            abort_signal=None,
            async_helpers=HELPERS,
        )


def known_roots(known: Mapping[str, Value]) -> Callable[..., Value]:
    """Middleware that answers root fields from what was resolved before, exceptions included."""

    def resolve(following: Callable[..., Value], source: Value, info: Any, **given: Value) -> Value:
        if info.path.prev is not None or info.path.key not in known:
            return following(source, info, **given)
        value = known[info.path.key]
        if isinstance(value, Exception):
            raise value
        return value

    return resolve
