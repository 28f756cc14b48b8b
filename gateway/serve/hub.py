"""Subscriptions multiplexed: who asks the same question shares one execution and its bytes."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLField,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_scalar_type,
    visit,
)

from gateway.serve import metrics
from gateway.serve.answers import body_of, encoded, refusal
from gateway.serve.calls import Call, MakeContext
from gateway.serve.faults import BadRequest
from gateway.serve.group import Frame, Group, Look, Sink
from gateway.serve.live import AFTER, Position, Principal, Value, Watch
from gateway.serve.operation import Inputs, Operation
from gateway.serve.roots import Root
from gateway.serve.selection import Selection

Leave = Callable[[], None]
AT = "position"


@dataclass(eq=False)
class Hub:
    """All live operations of this process."""

    make_context: MakeContext
    look_every: float
    """Seconds after which a group looks that heard no hint."""
    _groups: dict[Hashable, Group] = field(default_factory=dict)
    _streams: set[asyncio.Task[None]] = field(default_factory=set)

    async def join(
        self, operation: Operation, inputs: Inputs, principal: Principal, sink: Sink,
        complete: Callable[[], None],
    ) -> Leave:  # fmt: skip
        """Show ``sink`` every change from now on, until the returned function is called.

        ``complete`` is called when a subscription ends by itself, which live views never do.
        Raises ``InvalidVariables``, ``TooComplex``, or what the field refuses with.
        """
        question = Question(operation, inputs, principal, self.make_context)
        source = await question.source()
        if not isinstance(source, Watch):
            return self._follow(question, source, sink, complete)
        key = (operation, question.variables_key(), source.scope)
        group = self._groups.get(key)
        if group is None:
            group = Group(
                question.field, source, question.execute, lambda: self._drop(key), self.look_every
            )
            self._groups[key] = group
            metrics.GROUPS.inc()
        group.join(sink, source.after)
        metrics.SUBSCRIBERS.inc()
        joined = group

        def leave() -> None:
            metrics.SUBSCRIBERS.dec()
            joined.leave(sink)

        return leave

    def _drop(self, key: Hashable) -> None:
        if self._groups.pop(key, None) is not None:
            metrics.GROUPS.dec()

    def _follow(
        self, question: "Question", source: Value, sink: Sink, complete: Callable[[], None]
    ) -> Leave:
        """A subscription that is no live view: its own stream, for one client."""
        task = asyncio.create_task(self._stream(question, source, sink, complete))
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        return lambda: None if task is asyncio.current_task() else _cancel(task)

    async def _stream(
        self, question: "Question", source: AsyncIterator[Value], sink: Sink,
        complete: Callable[[], None],
    ) -> None:  # fmt: skip
        try:
            async for event in source:
                sink.show(Frame(await question.answered(event, question.context())))
        except Exception as error:
            sink.fail(refusal(error))
        else:
            complete()
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


class Question:
    """One subscription operation with its variables, as one principal may ask it."""

    def __init__(
        self, operation: Operation, inputs: Inputs, principal: Principal, make_context: MakeContext
    ) -> None:
        self._operation, self._inputs = operation, inputs
        self._principal, self._make_context = principal, make_context
        self._values = operation.variables(inputs)
        self._plan = operation.plan(self._values)
        self._root = _only_root(operation, self._values.coerced)

    @property
    def field(self) -> str:
        """The subscription's name in the schema."""
        return self._root.nodes[0].name.value

    def context(self) -> object:
        """Fresh for each execution: what it loads must not outlive it."""
        call = Call(headers={}, operation=self._operation.kind, name=self._operation.name)
        return self._make_context(self._principal, call)

    async def source(self) -> Value:
        """What the field's subscriber answers: a ``Watch``, or any other stream of events."""
        return await self._subscribed(self.context())

    async def _subscribed(self, context: object) -> Value:
        subscriber = self._root.definition.subscribe
        called = self._operation.caller.call(self._root, subscriber, self._values, context)
        source = await called if inspect.isawaitable(called) else called
        if not hasattr(source, "__aiter__"):
            raise BadRequest("This field cannot be subscribed to.")
        return source

    async def execute(self) -> Look:
        """Read the view anew, for everybody who asks this."""
        context = self.context()
        watch: Watch = await self._subscribed(context)
        snapshot = await watch.snapshot()
        payload = await self.answered(snapshot, context)
        return Look(snapshot.position, Frame(payload, self._written(snapshot.position)))

    def _written(self, position: Position) -> bytes:
        """``position`` as an answer has it; nothing where the schema does not show it."""
        shown = getattr(get_named_type(self._root.definition.type), "fields", {}).get(AT)
        kind = get_named_type(shown.type) if shown else None
        return encoded(kind.coerce_output_value(position)) if is_scalar_type(kind) else b""

    async def answered(self, event: Value, context: object) -> bytes:
        known = {self._root.key: event}
        result: ExecutionResult
        if self._plan is None:
            result = await self._operation.execute(self._inputs, context, known)
        else:
            result = await self._operation.completed(self._plan, known, self._inputs, context)
        return body_of(result)

    def variables_key(self) -> bytes:
        """The declared variables in one spelling, but those that only say ``after``."""
        declared = {
            node.variable.name.value for node in self._operation.node.variable_definitions or ()
        }
        asked = declared - _only_after(self._operation, self._root.nodes[0])
        kept = {name: self._inputs[name] for name in asked if name in self._inputs}
        return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def _only_root(operation: Operation, conditions: dict[str, Any]) -> Root:
    caller = operation.caller
    selection = Selection(caller.schema, caller.fragments, conditions)
    fields = selection.of(caller.root_type, [operation.node.selection_set])
    for key, nodes in fields.items():
        definition: GraphQLField | None = caller.root_type.fields.get(nodes[0].name.value)
        if definition is not None:
            return Root(key, nodes, definition, lambda value: value)
    raise BadRequest("This subscription selects nothing.")


class _Uses(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, int] = {}

    def enter_variable_definition(self, node: VariableDefinitionNode, *_where: Any) -> None:
        self.seen[node.variable.name.value] = -1  # its own name is visited too

    def enter_variable(self, node: VariableNode, *_where: Any) -> None:
        self.seen[node.name.value] += 1


def _only_after(operation: Operation, root: FieldNode) -> set[str]:
    """Variables used as the root field's ``after`` and nowhere else: no part of the question."""
    given = {
        argument.value.name.value
        for argument in root.arguments or ()
        if argument.name.value == AFTER and isinstance(argument.value, VariableNode)
    }
    if not given:
        return given
    uses = _uses(operation)
    return {name for name in given if uses[name] == 1}


@lru_cache(maxsize=1_000)
def _uses(operation: Operation) -> dict[str, int]:
    """How often the document reads each variable."""
    counter = _Uses()
    visit(operation.document, counter)
    return counter.seen
