"""Programs of the machine that a test cannot bring along."""

import shutil

import pytest


def must_have(*programs: str) -> None:
    """Skip the test, and name them, where some of ``programs`` are missing."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}, which this machine does not have")
