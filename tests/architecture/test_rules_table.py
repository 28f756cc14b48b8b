"""The page of rules is complete, leads to files that are there, and has what code cites of it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/rules.md"
ROWS = re.findall(
    r"^\| ([^|]+) \| \[(.+?)\]\(\.\./(.+?)\) \| \[(.+?)\]\(\.\./(.+?)\) \|$",
    PAGE.read_text(), re.MULTILINE,
)  # fmt: skip
NUMBERS = [*(f"B{n}" for n in range(1, 13)), *(f"W{n}" for n in range(1, 9))]
WITH_RULES = ("booking", "access", "billing", "members")
SECTIONS = re.findall(r"^## \d+\. (\w+)$", PAGE.read_text(), re.MULTILINE)
SOURCES = sorted((ROOT / "services").rglob("*.py"))
CITES = re.compile(r"docs/rules\.md(?:,\s(?P<section>\w+))?")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_leads_to_a_rule_and_its_specification(row: tuple[str, ...]) -> None:
    _, *links = row
    for name, path in zip(links[::2], links[1::2], strict=True):
        assert (ROOT / path).is_file()
        assert Path(path).name == name


def test_every_rule_with_a_number_has_a_row() -> None:
    told = {number for row in ROWS for number in re.findall(r"\b[BW]\d+\b", row[0])}
    assert told == set(NUMBERS)


@pytest.mark.parametrize("service", WITH_RULES)
def test_every_file_of_rules_has_a_row(service: str) -> None:
    files = (ROOT / "services" / service / "domain").glob("*.py")
    there = {str(path.relative_to(ROOT)) for path in files if path.name != "__init__.py"}
    assert there <= {row[2] for row in ROWS}


def cited(path: Path) -> list[str]:
    """The sections the file cites; an empty name where it cites the page as a whole."""
    return [found["section"] or "" for found in CITES.finditer(path.read_text())]


@pytest.mark.parametrize(
    "path", [one for one in SOURCES if cited(one)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_section_that_code_cites_is_there(path: Path) -> None:
    assert set(cited(path)) <= set(SECTIONS)


def test_code_cites_every_section() -> None:
    assert {section for path in SOURCES for section in cited(path)} == set(SECTIONS)


def test_code_cites_no_page_that_is_elsewhere() -> None:
    """What a newcomer's clone lacks is no source."""
    for path in SOURCES:
        assert not re.search(
            r"(?im)\bdomain\s+rules\b|^Source\s+(design|domain)\b", path.read_text()
        )
