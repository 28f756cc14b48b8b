"""The threat model names tests that are there, and parts of `make security` that are there."""

import re
from pathlib import Path

import pytest

from deploy.security.__main__ import PARTS
from deploy.security.walls import TESTS

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


def test_every_test_that_shows_a_control_is_run_by_a_part_of_make_security() -> None:
    named = {
        path for row in ROWS for path in re.findall(r"`(tests/[^`]+)`", row.split("|")[3])
    }  # fmt: skip
    shown_by = {
        str(file.relative_to(ROOT))
        for path in named
        for file in ((ROOT / path).rglob("test_*.py") if (ROOT / path).is_dir() else [ROOT / path])
    }

    assert len(shown_by) > 20
    assert shown_by <= {path for paths in TESTS.values() for path in paths}


@pytest.mark.parametrize(("part", "paths"), TESTS.items())
def test_a_part_runs_tests_that_are_there(part: str, paths: tuple[str, ...]) -> None:
    assert part in PARTS
    for path in paths:
        assert (ROOT / path).is_file()
