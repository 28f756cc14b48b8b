"""Input types make their values as Strawberry would, only sooner."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import strawberry
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryObjectDefinition

from gateway.serve import inputs


@strawberry.enum
class Binding(Enum):
    PAPER = "paper"
    CLOTH = "cloth"


@strawberry.input
class PageInput:
    number: int
    torn: bool = False


@strawberry.input
class BookInput:
    book_id: UUID
    printed_at: datetime | None
    binding: Binding | None = None
    first_page: PageInput | None = None
    loose_pages: list[PageInput] = strawberry.field(default_factory=list)
    known_as: list[str] | None = None
    note: str | None = strawberry.field(name="remark", default="none")
    lent: strawberry.Maybe[str] = None


@strawberry.type
class Query:
    @strawberry.field
    def shelve(self, book: BookInput, again: bool = False) -> str:
        return f"{book} {again}"


ONE = UUID(int=1)
FULL = {
    "bookId": ONE, "printedAt": datetime(2026, 1, 1), "binding": Binding.CLOTH,  # noqa: DTZ001
    "firstPage": {"number": 1}, "loosePages": [{"number": 2, "torn": True}, {"number": 3}],
    "knownAs": ["Ann", "Bob"], "remark": "x", "lent": "Cy",
}  # fmt: skip
NULLS = {"binding": None, "firstPage": None, "knownAs": None, "remark": None}


GIVEN = [{"bookId": ONE}, {"bookId": ONE, **NULLS}, FULL, {**FULL, **NULLS}]


def definition(of: Any) -> StrawberryObjectDefinition:
    """Strawberry's, of a type it decorated."""
    found: StrawberryObjectDefinition = of.__strawberry_definition__
    return found


@pytest.mark.parametrize("given", GIVEN)
def test_a_prepared_input_is_what_strawberry_makes(given: dict[str, Any]) -> None:
    schema = strawberry.Schema(Query)
    [field] = definition(Query).fields

    def made() -> dict[str, Any]:
        registry = schema.schema_converter.scalar_registry
        asked = {"book": given, "again": True}
        return convert_arguments(asked, field.arguments, registry, schema.config)

    definition(BookInput).from_input = None
    before = made()
    inputs.prepare(schema)

    assert made() == before
    assert type(made()["book"]) is BookInput


def test_every_input_type_is_prepared() -> None:
    schema = strawberry.Schema(Query)
    for kind in (BookInput, PageInput):
        definition(kind).from_input = None

    inputs.prepare(schema)

    for kind in (BookInput, PageInput):
        assert definition(kind).from_input
