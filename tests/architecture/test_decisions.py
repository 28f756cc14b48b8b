"""Decisions have one form, and all of them are in the index."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/adr"
INDEX = (FOLDER / "README.md").read_text()
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ("**Context.**", "**Decision.**", "**Rejected.**")
AMENDS = re.compile(r"^Amends (\d+)\b", re.MULTILINE)


def number(page: Path) -> int:
    return int(page.name[:4])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_decision_has_its_parts_and_a_row(page: Path) -> None:
    text = page.read_text()
    title = text.partition("\n")[0].removeprefix(f"# {number(page)}. ")
    assert [part for part in PARTS if text.count(part) != 1] == []
    assert f"| [{number(page)}]({page.name}) | {title} |" in INDEX


def test_a_number_without_a_decision_is_said() -> None:
    there = {number(page) for page in PAGES}
    missing = [str(n) for n in range(1, max(there)) if n not in there]
    assert f"under {' and '.join(missing)}." in INDEX


def test_an_amended_decision_says_by_which() -> None:
    amended = {
        (number(page), int(one)) for page in PAGES for one in AMENDS.findall(page.read_text())
    }
    assert amended
    for later, earlier in amended:
        [page] = FOLDER.glob(f"{earlier:04d}-*.md")
        assert re.search(rf"^Amended by {later}\b", page.read_text(), re.MULTILINE)
        assert f"Amended by {later}." in INDEX
