"""How the drill tells what it does: a line a step, with its time and its figures."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deploy.trouble import Trouble

Say = Callable[[str], None]


class Failed(Trouble):
    """Something is not as it was, or does not work. The text says what."""


class Steps:
    """Counts and times them."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = time.monotonic()
        self._done = 0

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """One step; what is put into the list is told with it."""
        began, figures = time.monotonic(), list[str]()
        try:
            yield figures
        except Exception:
            self._say(f"FAIL {self._line(title, began)}")
            raise
        self._done += 1
        self._say(f"ok   {self._line(title, began)}{', '.join(figures)}")

    def finish(self) -> None:
        """The last line."""
        took = time.monotonic() - self._began
        self._say(f"the drill held: {self._done} steps in {took:.0f} s")

    def _line(self, title: str, began: float) -> str:
        return f"{title:<58} {time.monotonic() - began:6.1f} s  "
