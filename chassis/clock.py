"""The one place that reads the time. Everything else gets a ``Clock`` or an instant.

In development the clock can be moved for all processes at once: ``B2B_CLOCK_FILE`` names a file
that holds an offset in seconds, re-read whenever it changes.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

LOOK_EVERY = 0.002  # seconds between looks at the file: a look costs more than most uses


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """The machine's time plus the offset in a file; no file, no offset. Development only.

    A move is seen within ``LOOK_EVERY`` seconds.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at: int | None = None
        self._look_at = 0.0
        self._offset = timedelta()

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's time."""
        if time.monotonic() >= self._look_at:
            self._look()
            self._look_at = time.monotonic() + LOOK_EVERY
        return self._offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def _look(self) -> None:
        try:
            changed_at = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            self._offset, self._read_at = timedelta(), None
            return
        if changed_at != self._read_at:
            self._offset = timedelta(seconds=float(self._file.read_text() or 0))
            self._read_at = changed_at


class FixedClock:
    """Stands still until told otherwise. Tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move on by ``by``."""
        self.at += by
