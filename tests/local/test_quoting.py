"""What is quoted means itself to Postgres, whatever stands in it."""

import asyncpg
import pytest

from deploy.local.installation import Installation
from deploy.quoting import identifier, literal

AWKWARD = ["plain", "two words", 'a"b', "it's", "back\\slash", "x'; DROP TABLE y; --", "é\n\t"]


@pytest.mark.parametrize("text", AWKWARD)
async def test_what_is_quoted_means_itself(installation: Installation, text: str) -> None:
    db = await asyncpg.connect(installation.admin_dsn)
    try:
        row = await db.fetchrow(f"SELECT {literal(text)} AS {identifier(text)}")
    finally:
        await db.close()
    assert row is not None
    assert dict(row) == {text: text}


def test_a_text_postgres_cannot_keep_is_refused() -> None:
    with pytest.raises(ValueError, match="zero byte"):
        literal("a\0b")
