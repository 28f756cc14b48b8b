"""Reads a clone of the PyPA advisory database: which locked versions have known vulnerabilities.

A script of ``.venv-security``: ``advisories.py CLONE REQUIREMENTS`` prints JSON. Works on a bare
clone too.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


def main(clone: str, requirements: str) -> None:
    """Print ``{"found": [...], "advisories": n, "packages": n}``."""
    import yaml  # noqa: PLC0415 - of .venv-security only

    locked = dict(pins(Path(requirements)))
    found, read, about = [], 0, set()
    for text in _advisories(clone, set(locked)):
        advisory = yaml.safe_load(text)
        read += 1
        for affected in advisory.get("affected") or ():
            name = canonicalize_name(affected["package"]["name"])
            if name not in locked or advisory.get("withdrawn"):
                continue
            about.add(name)
            if _is_affected(locked[name], affected):
                found.append(f"{name} {locked[name]}: {advisory['id']}")
    sys.stdout.write(json.dumps({"found": found, "advisories": read, "packages": len(about)}))


def pins(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text().splitlines():
        name, is_pinned, rest = line.partition("==")
        if is_pinned and not line.startswith((" ", "#")):
            yield canonicalize_name(name), rest.split(" ")[0]


def _advisories(clone: str, names: set[str]) -> Iterator[str]:
    """The texts about ``names``; read from git, so that a clone without files will do."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", clone, *words], check=True, capture_output=True, text=True
        ).stdout

    for path in git("ls-tree", "-r", "--name-only", "HEAD", "vulns/").splitlines():
        if canonicalize_name(path.split("/")[1]) in names:
            yield git("show", f"HEAD:{path}")


def _is_affected(version: str, affected: dict[str, Any]) -> bool:
    if version in (affected.get("versions") or ()):
        return True
    ranges = (one for one in affected.get("ranges") or () if one["type"] == "ECOSYSTEM")
    return any(_is_inside(Version(version), one["events"]) for one in ranges)


def _is_inside(version: Version, events: list[dict[str, str]]) -> bool:
    """OSV: introduced at or before, and not fixed at or before."""
    inside = False
    for event in events:
        for kind, told in event.items():
            try:
                at = Version("0" if told == "0" else told)
            except InvalidVersion:
                continue
            if kind == "introduced" and version >= at:
                inside = True
            if kind == "fixed" and version >= at:
                inside = False
            if kind == "last_affected" and version > at:
                inside = False
    return inside


if __name__ == "__main__":
    main(*sys.argv[1:])
