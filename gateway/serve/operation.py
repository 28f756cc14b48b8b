"""One operation of a document, ready to run: by its plan, or by graphql-core where plans end."""

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    TypeNameMetaFieldDef,
    execute,
    get_variable_values,
)
from graphql.execution.values import VariableValues

from gateway.serve import metrics
from gateway.serve.faults import TooComplex
from gateway.serve.limits import Cost, Limits
from gateway.serve.live import Value
from gateway.serve.plan import compile_field
from gateway.serve.roots import Caller, Plan, Root, known_roots
from gateway.serve.selection import NotPlanned, Selection, conditional_variables

VARIANTS = 16
"""Plans kept per operation: one for each combination of the variables in its conditions."""

BY_PLAN = metrics.EXECUTIONS.labels("plan")
BY_CORE = metrics.EXECUTIONS.labels("graphql_core")
RETREATED = metrics.EXECUTIONS.labels("retreat")
"""Planned, then completed by graphql-core: an error, or a value the plan does not know."""

Inputs: TypeAlias = Mapping[str, Any]


class InvalidVariables(Exception):
    """The variables do not fit the operation; ``errors`` say which."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(eq=False)
class Operation:
    """Runs with the semantics of ``graphql.execute``, usually without its cost."""

    schema: GraphQLSchema
    document: DocumentNode
    node: OperationDefinitionNode
    cost: Cost
    limits: Limits
    hide_suggestions: bool
    caller: Caller = field(init=False)
    _conditions: tuple[str, ...] = ()
    _plans: dict[tuple[Any, ...], Plan | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root_type = self.schema.get_root_type(self.node.operation)
        if root_type is None:
            raise TypeError(f"the schema has no {self.kind}")
        fragments = {
            node.name.value: node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self.caller = Caller(
            self.schema, root_type, self.node, fragments, hide_suggestions=self.hide_suggestions
        )
        self._conditions = tuple(sorted(conditional_variables(self.document)))

    @property
    def kind(self) -> str:
        """``query``, ``mutation`` or ``subscription``."""
        return self.node.operation.value

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None

    def variables(self, inputs: Inputs) -> VariableValues:
        """Coerced by graphql-core. Raises ``InvalidVariables`` and ``TooComplex``."""
        values = get_variable_values(
            self.schema,
            self.node.variable_definitions or (),
            dict(inputs),
            max_errors=20,
            hide_suggestions=self.hide_suggestions,
        )
        if isinstance(values, list):
            raise InvalidVariables(values)
        if self.cost.paged:
            asked = self.cost.of(values.coerced, self.limits.page_size)
            if asked > self.limits.cost:
                raise TooComplex("cost", self.limits.cost, asked)
        return values

    def plan(self, values: VariableValues) -> Plan | None:
        """The plan for these values of the conditions; None where graphql-core must run."""
        conditions = tuple(values.coerced.get(name) for name in self._conditions)
        try:
            return self._plans[conditions]
        except KeyError:
            plan = self._compile(dict(zip(self._conditions, conditions, strict=True)))
            if len(self._plans) < VARIANTS:
                self._plans[conditions] = plan
            return plan

    def _compile(self, conditions: dict[str, Any]) -> Plan | None:
        selection = Selection(self.schema, self.caller.fragments, conditions)
        roots: list[Root] = []
        try:
            fields = selection.of(self.caller.root_type, [self.node.selection_set])
            for key, nodes in fields.items():
                name = nodes[0].name.value
                definition = self.caller.root_type.fields.get(name)
                if name == "__typename":
                    definition = TypeNameMetaFieldDef
                if definition is None:  # __schema, __type
                    return None
                complete = compile_field(selection, definition, nodes)
                roots.append(Root(key, nodes, definition, complete))
        except NotPlanned:
            return None
        return tuple(roots)

    async def run(self, inputs: Inputs, context: object) -> ExecutionResult:
        """Run a query or mutation. Raises ``InvalidVariables`` and ``TooComplex``."""
        values = self.variables(inputs)
        plan = self.plan(values)
        if plan is None:
            BY_CORE.inc()
            return await self.execute(inputs, context)
        if self.node.operation is OperationType.MUTATION:
            return await self._one_after_the_other(plan, values, inputs, context)
        if len(plan) == 1:
            resolved = [await self.caller.resolved(plan[0], values, context)]
        else:
            asked = (self.caller.resolved(root, values, context) for root in plan)
            resolved = await asyncio.gather(*asked)
        known = {root.key: value for root, value in zip(plan, resolved, strict=True)}
        return await self.completed(plan, known, inputs, context)

    async def _one_after_the_other(
        self, plan: Plan, values: VariableValues, inputs: Inputs, context: object
    ) -> ExecutionResult:
        """Mutations: whether the next runs after a failure is for graphql-core to say."""
        known: dict[str, Value] = {}
        data: dict[str, Value] = {}
        for root in plan:
            value = known[root.key] = await self.caller.resolved(root, values, context)
            try:
                data[root.key] = root.complete(_unless_raised(value))
            except Exception:
                RETREATED.inc()
                return await self.execute(inputs, context, known)
        BY_PLAN.inc()
        return ExecutionResult(data=data)

    async def completed(
        self, plan: Plan, known: Mapping[str, Value], inputs: Inputs, context: object
    ) -> ExecutionResult:
        """The answer made of root values: by the plan if all is well, else by graphql-core."""
        try:
            data = {root.key: root.complete(_unless_raised(known[root.key])) for root in plan}
        except Exception:  # graphql-core finds out what it was, and where
            RETREATED.inc()
            return await self.execute(inputs, context, known)
        BY_PLAN.inc()
        return ExecutionResult(data=data)

    async def execute(
        self, inputs: Inputs, context: object, known: Mapping[str, Value] | None = None
    ) -> ExecutionResult:
        """Let graphql-core run it; root fields in ``known`` are not resolved again."""
        answer = execute(
            self.schema,
            self.document,
            context_value=context,
            variable_values=dict(inputs),
            operation_name=self.name,
            hide_suggestions=self.hide_suggestions,
            middleware=None if known is None else [known_roots(known)],
        )
        return await answer if inspect.isawaitable(answer) else answer


def _unless_raised(value: Value) -> Value:
    if isinstance(value, Exception):
        raise value
    return value
