"""What tests expect: the words in the expressions that say what must come out."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
EXPECTS = {"refused", "refusal", "raises", "then", "parametrize", "shows"}
"""Words of names: what is called so says what it expects."""


@cache
def expected() -> dict[Path, set[str]]:
    """Test file -> the words it expects, but for those that look at the others."""
    files = (path for path in TESTS.rglob("test_*.py") if path.parent != Path(__file__).parent)
    return {
        path: {word for one in _expected(ast.parse(path.read_text())) for word in _words(one)}
        for path in files
    }


def _expected(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a test file that say what must come out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if EXPECTS & set(name.split("_")):
                yield node
    for node in getattr(tree, "body", ()):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield node.value  # tables that tests go through


def _words(expression: ast.expr) -> Iterator[str]:
    """Texts, and members of enums as ``Enum.MEMBER``."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            yield f"{node.value.attr}.{node.attr}"
