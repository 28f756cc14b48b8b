"""The schema apps generate from is the schema we serve."""

import re
from datetime import date
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, parse, validate

from deploy.demo.guide import guide, samples
from gateway import schema
from services.members.tokens import ACCESS_LIFE

BUILT = schema.build()._schema
WITHOUT_VERSION = {
    "Viewer": "who asks: of the token",
    "Note": "never changes",
    "InvoiceLine": "never changes",
    "Entry": "what a door decided never changes",
}
"""What has an id and no version -> why."""
PRINT = Path(schema.__file__).with_name("schema.graphql")


def test_the_committed_print_is_the_schema() -> None:
    printed = schema.build().as_str()

    assert PRINT.read_text(encoding="utf-8") == printed + "\n", (
        "the schema changed: python -m gateway.schema > gateway/schema.graphql"
    )


def test_whatever_has_an_id_has_a_version() -> None:
    """So that a screen knows which of two answers about it is the newer one."""
    kinds = [one for one in BUILT.type_map.values() if isinstance(one, GraphQLObjectType)]

    without = {one.name for one in kinds if "id" in one.fields and "version" not in one.fields}

    assert without == WITHOUT_VERSION.keys()


def test_what_is_said_of_a_tokens_life_is_its_life() -> None:
    minutes = int(ACCESS_LIFE.total_seconds() // 60)

    told = re.findall(r"lives at most (\d+) minutes", PRINT.read_text(encoding="utf-8"))

    assert told == [str(minutes)]


@pytest.mark.parametrize("sample", samples(date(2027, 3, 3)))
def test_what_newcomers_are_told_to_paste_can_be_asked(sample: str) -> None:
    told = guide(date(2027, 3, 3))

    assert [line for line in told if sample in line], "it is told"
    assert validate(BUILT, parse(sample)) == []
