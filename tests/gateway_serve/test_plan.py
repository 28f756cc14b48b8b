from typing import Any

import pytest
from graphql import ExecutionResult, execute, parse, subscribe, validate
from graphql.execution.execute import assert_event_stream
from hypothesis import HealthCheck, assume, given, settings

from gateway.serve.documents import Documents
from gateway.serve.hints import Hints
from gateway.serve.limits import Limits
from gateway.serve.operation import Operation
from tests.gateway_serve.generated import CORE, GIVEN, queries, shelves, subscriptions
from tests.gateway_serve.library import Room, Shelf, a_shelf
from tests.gateway_serve.readers import Reader

WIDE = Limits(tokens=10_000, fields=10_000, cost=10_000_000, aliases=1_000, directives=1_000)
CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.large_base_example]
LAW = settings(max_examples=200, deadline=None, suppress_health_check=CHECKS)


def operation(text: str) -> Operation:
    return Documents(CORE, limits=WIDE).find(text, None).operation(None)


def room(shelf: Shelf | None = None) -> Room:
    return Room(Reader("ann"), Hints(), a_shelf() if shelf is None else shelf)


def seen(result: ExecutionResult) -> tuple[Any, list[str]]:
    """Data and errors, the errors in an order that does not depend on timing."""
    errors = [f"{error.path} {error.locations} {error.message}" for error in result.errors or ()]
    return result.data, sorted(errors)


async def by_graphql_core(text: str, inputs: dict[str, Any], context: Room) -> ExecutionResult:
    answer = execute(
        CORE, parse(text), context_value=context, variable_values=inputs, hide_suggestions=True
    )
    return answer if isinstance(answer, ExecutionResult) else await answer


@LAW
@given(text=queries(), inputs=GIVEN, shelf=shelves())
async def test_a_query_answers_what_graphql_core_answers(
    text: str, inputs: dict[str, Any], shelf: Shelf
) -> None:
    assume(not validate(CORE, parse(text)))
    ours, theirs = room(shelf), room(shelf)

    answer = await operation(text).run(inputs, ours)

    expected = await by_graphql_core(text, inputs, theirs)
    if expected.data is None:
        # The whole answer is lost. Which of several errors are told then depends on timing, and
        # graphql-core may stop asking; we ask all at once, and once.
        assert answer.data is None
        assert answer.errors
    else:
        assert seen(answer) == seen(expected)
        assert sorted(ours.calls) == sorted(theirs.calls)


@LAW
@given(text=subscriptions(), inputs=GIVEN, shelf=shelves())
async def test_a_subscription_shows_what_graphql_core_shows(
    text: str, inputs: dict[str, Any], shelf: Shelf
) -> None:
    assume(not validate(CORE, parse(text)))
    stream: Any = subscribe(CORE, parse(text), context_value=room(shelf), variable_values=inputs,
                            hide_suggestions=True)  # fmt: skip
    events = assert_event_stream(await stream if hasattr(stream, "__await__") else stream)
    theirs: ExecutionResult = await anext(aiter(events))

    op = operation(text)
    values = op.variables(inputs)
    plan = op.plan(values)
    watch = op.caller.call(plan[0], plan[0].definition.subscribe, values, room(shelf)) \
        if plan else None  # fmt: skip
    assume(plan is not None and watch is not None)
    assert plan is not None
    assert watch is not None
    ours = await op.completed(plan, {plan[0].key: await watch.snapshot()}, inputs, room(shelf))

    assert seen(ours) == seen(theirs)


ROSTER = "query R($first: Int = 2) { books(first: $first) { id title genre author { name } } }"


async def test_a_plain_query_runs_by_its_plan() -> None:
    op = operation(ROSTER)
    plan = op.plan(op.variables({}))
    assert plan is not None

    books = a_shelf().books[:1]
    assert plan[0].complete(books) == [
        {"id": "b1", "title": "One", "genre": "POETRY", "author": {"name": "Ann"}}
    ]


@pytest.mark.parametrize("field", ["later", "top: shout later"])
async def test_an_async_field_below_the_root_is_left_to_graphql_core(field: str) -> None:
    op = operation(f"{{ books {{ {field} }} }}")

    assert op.plan(op.variables({})) is None
    answer = await op.run({}, room())
    assert answer.errors is None
    assert answer.data is not None
    assert answer.data["books"][0]["later"] == "One later"


@pytest.mark.parametrize(
    "text",
    [
        'mutation { a: shelve(input: {title: "x"}) { book { title shout } } fall'
        ' b: shelve(input: {title: "y"}) { position } }',
        'mutation { fall a: shelve(input: {title: "forbidden"}) { position } crash }',
        'mutation { crash a: shelve(input: {title: "x"}) { position } }',
        'mutation { a: shelve(input: {title: ""}) { book { shout } } fall }',
        'mutation { a: shelve(input: {title: "x"}) { book { later } } }',
    ],
)
async def test_a_mutation_runs_each_resolver_as_often_as_graphql_core_does(text: str) -> None:
    ours, theirs = room(), room()

    answer = await operation(text).run({}, ours)

    assert seen(answer) == seen(await by_graphql_core(text, {}, theirs))
    assert ours.calls == theirs.calls
