"""One gym per connection: what leaves ``tenant()`` aside is named here, with its reason."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("services", "gateway") for path in (ROOT / folder).rglob("*.py")
)
ON_A_POOL = {"acquire", "fetch", "fetchrow", "fetchval", "execute", "executemany"}

UNSCOPED = {
    "services/projections/reading.py": "its functions set the gym they are given, in the database",
    "services/members/attempts.py": "attempts are counted by hash, before a gym is known",
    "services/members/credentials.py": "the register of gyms itself",
    "services/members/erasures.py": "erasures left half done, of every gym",
    "services/members/signing_keys.py": "the platform's keys",
    "services/members/vault.py": "keys of every gym, in a database only members may enter",
}
"""Modules that use a pool directly, and why they may."""


def _used_directly(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            on = ast.unparse(node.func.value)
            alive = [ast.unparse(argument) for argument in node.args] == ["'SELECT true'"]
            if node.func.attr in ON_A_POOL and on.endswith("pool") and not alive:
                found.append(f"line {node.lineno}: {on}.{node.func.attr}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_connection_without_a_gym(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in UNSCOPED:
        assert not _used_directly(path), "use tenant(pool, gym_id)"


@pytest.mark.parametrize("name", UNSCOPED)
def test_every_exception_is_still_needed(name: str) -> None:
    assert _used_directly(ROOT / name)
