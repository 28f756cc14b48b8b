"""What came of looking at one part."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from deploy.schema import ROOT

TOOLS = ROOT / ".venv-security" / "bin"


class Verdict(Enum):
    """``NOT_DONE`` is neither: nothing is known."""

    PASSED = "passed"
    FAILED = "FAILED"
    NOT_DONE = "NOT DONE"


@dataclass(frozen=True, slots=True)
class Found:
    """A verdict and what it rests on, in lines for people."""

    verdict: Verdict
    told: tuple[str, ...]


def tool(
    name: str, *words: str, also: Mapping[str, str] | None = None, seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a tool of ``.venv-security`` on the clone, with its output kept."""
    return ran([str(TOOLS / name), *words], also=also, seconds=seconds)


def ours(*words: str, seconds: float = 1800) -> subprocess.CompletedProcess[str]:
    """Run a module of the product's own environment."""
    return ran([sys.executable, "-m", *words], seconds=seconds)


def ran(
    command: Sequence[str], *, also: Mapping[str, str] | None = None, seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` on the clone; the tools see each other."""
    path = f"{TOOLS}:{os.environ.get('PATH', '')}"
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path, **(also or {})}, text=True,
        capture_output=True, timeout=seconds, check=False,
    )  # fmt: skip


def last(text: str, lines: int = 15) -> tuple[str, ...]:
    """The last lines that say something."""
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-lines:]


def locked(file: Path) -> dict[str, str]:
    """Name -> version of everything a requirements file pins."""
    pins = (line.split(" ")[0] for line in file.read_text().splitlines() if "==" in line[:80])
    return dict(pin.split("==", 1) for pin in pins if not pin.startswith(("#", "-")))
