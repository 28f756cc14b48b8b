"""The schema apps generate from is the schema we serve."""

from pathlib import Path

from gateway import schema

PRINT = Path(schema.__file__).with_name("schema.graphql")


def test_the_committed_print_is_the_schema() -> None:
    printed = schema.build().as_str()

    assert PRINT.read_text(encoding="utf-8") == printed + "\n", (
        "the schema changed: python -m gateway.schema > gateway/schema.graphql"
    )
