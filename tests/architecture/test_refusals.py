"""Every way to refuse is asserted by some test: a code that no test expects nobody looked at."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from graphql import GraphQLEnumType

from contracts.access import AccessCode
from contracts.billing import BillingCode
from contracts.booking import BookingCode
from contracts.members import MembersCode
from contracts.timetable import TimetableCode
from gateway import schema

TESTS = Path(__file__).parents[1]
CODES: dict[type[StrEnum], str] = {
    AccessCode: "access", BillingCode: "billing", BookingCode: "booking", MembersCode: "members",
    TimetableCode: "booking",
}  # fmt: skip
"""What a service refuses with -> the service."""

EXPECTS = ("refused", "refusal", "raises", "then", "parametrize")
"""Parts of names: what is called so says what it expects."""

SAID_BY_NONE = {"OTHER"}
"""Of the schema: what an app is told when a service is newer than the gateway."""


def _expected(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a test file that say what must come out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if any(part in name for part in EXPECTS):
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


@pytest.fixture(scope="module")
def expected() -> dict[Path, set[str]]:
    """Test file -> the words it expects."""
    files = (path for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    return {
        path: {word for one in _expected(ast.parse(path.read_text())) for word in _words(one)}
        for path in files
    }


@pytest.mark.parametrize("codes", CODES, ids=lambda codes: codes.__name__)
def test_every_code_of_a_service_is_expected_by_a_test(
    expected: dict[Path, set[str]], codes: type[StrEnum]
) -> None:
    """Its own rules' tests, or those of the whole: another service may have a code of that name."""
    others = {*CODES.values()} - {CODES[codes]}
    own = [
        words for path, words in expected.items() if not others & {*path.relative_to(TESTS).parts}
    ]
    named = set[str]().union(*own)

    assert [
        code for code in codes if not {str(code), f"{codes.__name__}.{code.name}"} & named
    ] == []


def test_every_code_of_the_schema_is_expected_by_a_test(expected: dict[Path, set[str]]) -> None:
    named = {word.rpartition(".")[2] for words in expected.values() for word in words}
    kinds = schema.build()._schema.type_map.values()
    errors = [one for one in kinds if isinstance(one, GraphQLEnumType)]

    told = {
        code for one in errors if one.name.endswith("ErrorCode") for code in one.values
    } - SAID_BY_NONE
    assert sorted(told - named) == []
