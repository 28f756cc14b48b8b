"""What operators and developers read, and what our files say beside it."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOR_ALL = ("README.md", "docs/rules.md", "docs/scaling.md", "docs/adr/README.md")
PAGES = sorted([*(ROOT / one for one in FOR_ALL), *ROOT.glob("docs/operations/**/*.md")])
OPERATIONS = ROOT / "docs/operations"
MANIFESTS = ROOT / "deploy/kubernetes"
FOLDERS = ("bench", "chassis", "contracts", "deploy", "docs", "gateway", "services", "tests")
TOLD_IN = {".py", ".md", ".yaml", ".conf", ".env", ".sql", ".toml"}
TOLD_IN_TOO = {"Makefile", "Dockerfile", "b2b", "healthy"}
ASIDE = {"node_modules", "__pycache__"}

FENCE = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
SPAN = re.compile(r"`([^`]+)`", re.DOTALL)


def name(path: Path) -> str:
    """As seen from the repository's root."""
    return str(path.relative_to(ROOT))


def blocks(page: Path) -> list[str]:
    """Every block of code, its lines joined as a shell does."""
    return FENCE.findall(page.read_text().replace("\\\n", " "))


def spans(page: Path) -> list[str]:
    """Everything set as code within the text."""
    return SPAN.findall(FENCE.sub("", page.read_text().replace("\\\n", " ")))


def code(page: Path) -> list[str]:
    """Both."""
    return [*blocks(page), *spans(page)]


def ours() -> Iterator[Path]:
    """Every text file of the repository."""
    for path in (*ROOT.glob("*"), *chain.from_iterable((ROOT / one).rglob("*") for one in FOLDERS)):
        is_text = path.suffix in TOLD_IN or path.name in TOLD_IN_TOO
        if is_text and path.is_file() and not ASIDE & set(path.parts):
            yield path


@cache
def said() -> str:
    """All that code and manifests say."""
    return "\n".join(
        path.read_text()
        for path in ours()
        if path.suffix != ".md" and path.relative_to(ROOT).parts[0] not in ("docs", "tests")
    )


@cache
def words() -> set[str]:
    """Each word of it."""
    return set(re.findall(r"\w+", said()))


@cache
def objects() -> set[tuple[str, str]]:
    """(kind, name) of every object in the manifests."""
    found = re.findall(r"^kind: (\w+)\nmetadata:(?:\n  name: | \{name: )([\w-]+)", said(), re.M)
    return {(kind.lower(), name) for kind, name in found}
