"""The threat model names tests that are there, and parts of `make security` that are there."""

import re
from pathlib import Path

import pytest

from deploy.security.__main__ import PARTS

ROOT = Path(__file__).parents[2]
TOLD = (ROOT / "docs/threat-model.md").read_text()
ROWS = [
    line for line in TOLD.partition("| shown by |")[2].partition("## Open")[0].splitlines()
    if line.startswith("| ")
]  # fmt: skip


def test_every_threat_has_a_control_and_something_that_shows_it() -> None:
    assert len(ROWS) > 20
    for row in ROWS:
        _, threat, control, shown_by, _ = (cell.strip() for cell in row.split("|"))
        assert threat, row
        assert control, row
        assert "`tests/" in shown_by or "make security" in shown_by, row


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:tests|gateway|chassis)/[^`]+)`", TOLD)))
)
def test_what_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_part_of_make_security_that_is_named_is_there() -> None:
    named = {part for parts in re.findall(r"PARTS=([a-z,]+)", TOLD) for part in parts.split(",")}

    assert named
    assert named <= set(PARTS)
