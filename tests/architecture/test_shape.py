"""The shape of the code: small files, small functions, no drawers, one gym per connection."""

import ast
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("contracts", "chassis", "services", "gateway", "deploy", "bench", "tests")
SOURCES = sorted(chain.from_iterable((ROOT / folder).rglob("*.py") for folder in FOLDERS))
SOURCES = [path for path in SOURCES if "node_modules" not in path.parts]
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] not in ("tests", "bench")]
LONGEST_FILE = 250  # lines
LONGEST_TEST_FILE = 450  # given, when and then take room
LONGEST_FUNCTION = 40  # lines of statements, docstring aside
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "shared"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    longest = LONGEST_FILE if path in PRODUCT else LONGEST_TEST_FILE
    assert len(path.read_text().splitlines()) <= longest


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_a_function_does_one_thing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_module_is_named_for_what_it_holds(path: Path) -> None:
    assert not DRAWERS & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


@pytest.mark.parametrize(
    "path", [path for path in PRODUCT if path.name == "__init__.py"], ids=_name
)
def test_a_folder_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


SCOPED = [path for path in PRODUCT if path.relative_to(ROOT).parts[0] in ("services", "gateway")]


@pytest.mark.parametrize("path", SCOPED, ids=_name)
def test_no_setting_outlives_its_transaction(path: Path) -> None:
    """A session-wide gym would leak to the pool's next user."""
    source = path.read_text().replace("'", '"').lower()
    assert "set_config" not in source or ", false)" not in source
    assert "set session" not in source
