"""Moves the development clock through the demo's days, stopping where a deadline falls due.

Services' own deadline workers carry deadlines out, as ever; here we only wait until they have.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from chassis.clock import LOOK_EVERY
from deploy.trouble import Trouble

ASK_EVERY = 0.003  # seconds between looks whether all that is due is done
PATIENCE = 60.0  # seconds
ROUND = 1800.0  # seconds: deadlines that fall due so close together share a stop
SOON = timedelta(minutes=30)
"""A deadline waits for a stop that comes so soon anyhow."""
HARMLESS = ("booking.close_waitlist", "booking.open_claims", "booking.place_occurrences")
"""They wait for the next stop, since nothing comes between: nobody claims a seat or stands in line
before it, and sessions come on the calendar four weeks ahead."""

NEXT = "SELECT min(due_at) FROM es.deadlines WHERE command_type <> ALL ($1) AND due_at > $2"
OVERDUE = "SELECT command_type FROM es.deadlines WHERE due_at <= $1 LIMIT 1"


class Timeline:
    """Holds the clock; leaving gives it back as it was found, at the real present."""

    def __init__(
        self, clock_file: Path, settled: Callable[[], Awaitable[None]], *deadlines: str
    ) -> None:
        """``settled`` returns when others have heard what happened: the clock goes on only then.

        ``deadlines``: DSNs that may read the deadlines of services; the first is booking's.
        """
        self._file, self._settled = clock_file, settled
        self._dsns = deadlines
        self._services: list[asyncpg.Connection[asyncpg.Record]] = []
        self._before = float(clock_file.read_text() or 0) if clock_file.exists() else None
        self.stops = 0

    async def __aenter__(self) -> Self:
        self._services = [await asyncpg.connect(dsn, timeout=10) for dsn in self._dsns]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._services:
            each.terminate()
        if self._before is None:
            self._file.unlink(missing_ok=True)
        else:
            self._write(self._before)
        await asyncio.sleep(LOOK_EVERY)

    @property
    def present(self) -> datetime:
        """The time it really is for this installation, as its clock was found."""
        return datetime.now(UTC) + timedelta(seconds=self._before or 0.0)

    async def go_to(self, at: datetime) -> None:
        """Move on to ``at``, stopping at deadlines on the way, until all due by then is done.

        Others have heard of it, too.
        """
        await self._settled()
        while (stop := await self._stop_before(at)) is not None:
            await self._move(stop)
        await self._move(at)

    async def begin_at(self, at: datetime) -> None:
        """Move to the beginning."""
        self._set(at)
        await asyncio.sleep(LOOK_EVERY)

    async def _stop_before(self, at: datetime) -> datetime | None:
        now = self._now()
        due: datetime | None = await self._services[0].fetchval(NEXT, HARMLESS, now)
        if due is None:
            return None
        seconds = due.timestamp()
        stop = datetime.fromtimestamp(seconds + ROUND - seconds % ROUND, UTC)
        return stop if now < stop < at - SOON else None

    async def _move(self, at: datetime) -> None:
        self._set(at)
        self.stops += 1
        await asyncio.sleep(LOOK_EVERY)
        until = time.monotonic() + PATIENCE
        for service in self._services:
            while (late := await service.fetchval(OVERDUE, at)) is not None:
                if time.monotonic() > until:
                    raise Trouble(f"{late} fell due at {at:%F %T} UTC and is not done")
                await asyncio.sleep(ASK_EVERY)
        await self._settled()

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))

    def _set(self, at: datetime) -> None:
        self._write((at - datetime.now(UTC)).total_seconds())

    def _write(self, offset: float) -> None:
        """A reader never sees half a number, and sees every move by the file's time."""
        new = self._file.with_suffix(".new")
        new.write_text(str(offset))
        written = time.time_ns()
        os.utime(new, ns=(written, written))
        new.rename(self._file)
