"""The one place that reads the time. Everything else gets a ``Clock`` or an instant.

In development the clock can be moved for all processes at once: ``B2B_CLOCK_FILE`` names a file
that holds an offset in seconds, re-read whenever it changes.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """The machine's time plus the offset in a file; no file, no offset. Development only."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at: float | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        try:
            changed_at = self._file.stat().st_mtime
        except FileNotFoundError:
            return datetime.now(UTC)
        if changed_at != self._read_at:
            self._offset = timedelta(seconds=float(self._file.read_text() or 0))
            self._read_at = changed_at
        return datetime.now(UTC) + self._offset


class FixedClock:
    """Stands still until told otherwise. Tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move on by ``by``."""
        self.at += by
