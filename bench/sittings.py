"""A whole run takes long and may be cut short: what it had measured is kept for the next sitting.

Kept is only what the same code measured at the same sizes; a change of either begins anew.
"""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.sizes import Sizes

MEASURED = ("bench", "chassis", "contracts", "deploy", "gateway", "services", "requirements.txt")
"""What a figure depends on."""


class Sitting:
    """Figures so far."""

    def __init__(self, file: Path, of: dict[str, Any] | None) -> None:
        """``of`` names what is measured; None: it has no name, and nothing is kept."""
        self._file, self._of = file, of
        self.figures: dict[str, Figure] = {}
        if of is not None and file.exists():
            kept = json.loads(file.read_text())
            if kept["of"] == of:
                self.figures = {key: Figure(**told) for key, told in kept["figures"].items()}
        self.earlier = frozenset(self.figures)
        """Measured in an earlier sitting."""

    def keep(self, key: str, figure: Figure) -> None:
        """Have it outlive this process."""
        self.figures[key] = figure
        if self._of is not None:
            told = {key: asdict(figure) for key, figure in self.figures.items()}
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps({"of": self._of, "figures": told}))
            new.replace(self._file)  # whoever is cut short here has the file of before

    def end(self) -> None:
        """Nothing is left to measure."""
        self._file.unlink(missing_ok=True)


def committed(root: Path, sizes: Sizes) -> dict[str, Any] | None:
    """What a run of this checkout measures; None when it is no commit's, or git cannot say."""
    try:
        if _git(root, "status", "--porcelain", "--", *MEASURED, ":!bench/RESULTS.md",
                ":!bench/results.json"):  # fmt: skip
            return None
        trees = _git(root, "ls-tree", "HEAD", "--", *(one for one in MEASURED if one != "bench"))
        benches = _git(root, "ls-tree", "-r", "HEAD", "--", "bench")
    except (OSError, subprocess.CalledProcessError):
        return None
    own = [line for line in benches.splitlines() if not line.endswith(("RESULTS.md", ".json"))]
    return {"code": trees.splitlines() + own, "sizes": asdict(sizes)}


def _git(root: Path, *words: str) -> str:
    asked = ("git", "-C", str(root), *words)
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout
