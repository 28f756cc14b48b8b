"""What a fault did and what came of it, in the words of the test that planted it."""

import time
from collections.abc import Iterable

from deploy.check.verdict import Verdict


class Chronicle:
    """Lines with the seconds since the test began; told at the end of ``make chaos``."""

    def __init__(self, test: str) -> None:
        self.test = test
        self.lines: list[str] = []
        self._began = time.monotonic()

    def __call__(self, line: str) -> None:
        self.lines.append(f"{time.monotonic() - self._began:6.1f} s  {line}")

    def hold(self, verdicts: Iterable[Verdict]) -> None:
        """Tell that these invariants hold, and over how much."""
        told = [f"{one.code} {one.looked_at} {one.unit}" for one in verdicts]
        self(f"{len(told)} invariants hold: {', '.join(told)}")
