"""Seconds that count against a promise: not those in which this machine stood still."""

import threading
import time
from types import TracebackType
from typing import Self

TICK = 0.05  # seconds


class Stopwatch:
    """``seconds`` of the block so far. Between two looks at most two ticks have passed."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._is_over = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._looking.join()

    def _look(self) -> None:
        before, is_over = time.monotonic(), False
        while not is_over:
            is_over = self._is_over.wait(TICK)
            now = time.monotonic()
            self.seconds += min(now - before, 2 * TICK)
            before = now
