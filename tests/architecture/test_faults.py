"""Each fault tells what it did and ends with the invariants; what need not is named here."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests import conftest
from tests.world.chronicle import Chronicle

ROOT = Path(__file__).parents[2]
MARKS = {"faults", "chaos"}
INVARIANTS = {"must_be_right", "every_invariant_holds"}

OF_ONE_PART = {
    "tests/component/messaging/test_relay_faults.py": "a relay alone: compares stream and store",
    "tests/component/messaging/test_process_faults.py": "one worker: compares stream and history",
    "tests/component/messaging/test_projection.py": "a read model alone: compares what it has seen",
    "tests/component/messaging/test_projection_poison.py": "the same, where it must stand still",
    "tests/component/messaging/test_reader.py": "a reader alone: compares what it handed out",
    "tests/component/messaging/test_relay.py": "as the relay's other faults",
    "tests/component/bus/test_reactions.py": "a desk alone: counts what was heard",
}
"""Files without a system whose invariants could hold; they tell what they compared."""
BREAK_NOTHING = {
    "test_all_parts_are_there_and_well": "what is told while nothing is wrong",
    "test_members_and_other_staff_are_not_told": "who may see what is told",
    "test_a_disk_of_ones_own_is_really_full": "the tool of other faults, without a system",
    "test_all_seeds_together_kill_every_process": "who dies, without a system",
}
"""Tests among faults that plant none."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _is_marked(node: ast.expr) -> bool:
    """Whether ``pytest.mark.faults`` or ``pytest.mark.chaos`` is in it, as it is or as a part."""
    return any(
        isinstance(one, ast.Attribute)
        and one.attr in MARKS
        and ast.unparse(one.value) == "pytest.mark"
        for one in ast.walk(node)
    )


def _is_marked_as_a_whole(module: ast.Module) -> bool:
    return any(
        _is_marked(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )


def _called(function: Function, functions: dict[str, Function], seen: set[str]) -> set[str]:
    """Names of what it calls, and of what those of its own file call."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name not in seen:
                seen.add(name)
                if name in functions:
                    _called(functions[name], functions, seen)
    return seen


def faults(path: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    """(test, its arguments, what it calls) of every fault in a file."""
    module = ast.parse(path.read_text())
    functions = {one.name: one for one in module.body if isinstance(one, Function)}
    whole = _is_marked_as_a_whole(module)
    for name, function in functions.items():
        if name.startswith("test_") and (whole or any(map(_is_marked, function.decorator_list))):
            given = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
            yield name, given, _called(function, functions, set())


FAULTS = [
    (path.relative_to(ROOT).as_posix(), *fault)
    for path in sorted((ROOT / "tests").rglob("test_*.py"))
    if "node_modules" not in path.parts
    for fault in faults(path)
]


@pytest.mark.parametrize(
    ("path", "name", "given", "called"), FAULTS, ids=[f"{one[0]}::{one[1]}" for one in FAULTS]
)
def test_a_fault_tells_what_it_did_and_ends_with_the_invariants(
    path: str, name: str, given: set[str], called: set[str]
) -> None:
    if name in BREAK_NOTHING:
        return
    assert "tell" in given, "take `tell`"
    assert "tell" in called or called & INVARIANTS, "tell what was done"
    if path not in OF_ONE_PART:
        assert called & INVARIANTS, "end with `must_be_right` or `every_invariant_holds`"


def test_every_exception_is_still_needed() -> None:
    assert set(OF_ONE_PART) <= {path for path, *_ in FAULTS}
    assert set(BREAK_NOTHING) <= {name for _, name, *_ in FAULTS}
    for path, name, given, called in FAULTS:
        if path in OF_ONE_PART or name in BREAK_NOTHING:
            assert not called & INVARIANTS, f"{path}::{name}"
        if name in BREAK_NOTHING:
            assert "tell" not in given, name


def test_a_fault_that_keeps_silent_would_be_noticed(tmp_path: Path) -> None:
    written = tmp_path / "test_silent.py"
    written.write_text(
        "pytestmark = [pytest.mark.faults]\n"
        "async def test_one(system): await _ends(system)\n"
        "async def test_two(tell): tell('killed')\n"
        "async def _ends(system): await every_invariant_holds(system)\n"
    )

    (one, given, called), (two, given_two, called_two) = faults(written)

    assert (one, given, called & INVARIANTS) == ("test_one", {"system"}, {"every_invariant_holds"})
    assert (two, given_two, called_two & INVARIANTS) == ("test_two", {"tell"}, set())


@pytest.mark.parametrize(
    ("chosen", "are_told"),
    [("faults or chaos", True), ("chaos", True), ("not chaos", False), ("", False),
     ("faults and not chaos", False)],
)  # fmt: skip
def test_what_faults_did_is_told_where_somebody_asked_for_chaos(
    chosen: str, are_told: bool
) -> None:
    one, said = Chronicle("test_one"), list[str]()
    one("killed")
    terminal = SimpleNamespace(section=said.append, line=said.append, stats={})
    stash = {conftest._TOLD: [one]}
    config = SimpleNamespace(option=SimpleNamespace(markexpr=chosen), stash=stash)

    conftest.pytest_terminal_summary(
        cast(pytest.TerminalReporter, terminal), cast(pytest.Config, config)
    )

    assert said == ([one.test, *one.lines] if are_told else [])
