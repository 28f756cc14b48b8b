"""Looks at the invariants all day, and tells by its metrics.

A look from zero at the start and every night; between them looks at what is new. While everything
is looked at from zero once more, looks at what is new go on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import anyio
import asyncpg
import structlog
from prometheus_client import Counter, Gauge, Histogram

from chassis.clock import Clock, SystemClock
from chassis.projection import NotYet
from chassis.reader import BUS_ERRORS, Doubt
from chassis.tenancy import CONNECTION_LOST
from contracts.health import AuditTold
from deploy.check.checker import Watch
from deploy.check.verdict import Verdict

PASSING = (NotYet, Doubt, *BUS_ERRORS)
"""Why it cannot look just now; what it has seen until then stays seen."""
CANNOT_LOOK = (*PASSING, asyncpg.PostgresError, *CONNECTION_LOST)
SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)

OFFENCES = Gauge("b2b_invariant_offences", "Offences against an invariant that stand.", ["code"])
CHECKED_AT = Gauge("b2b_invariant_checked_at_seconds", "When a look last came to its end.")
WHOLE_AT = Gauge("b2b_invariant_whole_at_seconds", "When a look from zero last came to its end.")
LOOKS = Histogram("b2b_invariant_look_seconds", "A look took.", ["kind"], buckets=SECONDS)
FAILED = Counter("b2b_invariant_looks_failed", "Looks that could not be taken.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it looks."""

    every: float
    """Seconds from one look's begin to the next."""
    again: float
    """Seconds between looks from zero while one must take back what is mended."""
    night: int
    """Hour, UTC, of the daily look from zero."""


class Auditor:
    """Looks until it is cancelled."""

    def __init__(self, begin: Callable[[], Awaitable[Watch]], pace: Pace, clock: Clock) -> None:
        self._begin, self._pace, self._clock = begin, pace, clock
        self._watch: Watch | None = None
        self._turn = anyio.Lock()
        self._is_renewing = False
        self._renewed: tuple[float, date] = 0.0, date.min
        """When the last look from zero ended, by the loop's clock; and the day it was of."""
        self._wrong: dict[str, int] = {}
        self._looked_at: datetime | None = None
        self._whole_at: datetime | None = None
        self.can_look = True
        """Whether the last attempt to look succeeded."""

    async def run(self) -> None:
        """Look, and look again."""
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    began = anyio.current_time()
                    if self._watch is None:
                        await self._renew()
                    else:
                        await self._look()
                    if self._watch is not None and self._is_due() and not self._is_renewing:
                        self._is_renewing = True
                        tasks.start_soon(self._renew)
                    await anyio.sleep(max(0.0, began + self._pace.every - anyio.current_time()))
        finally:
            self._drop()

    def told(self) -> AuditTold:
        """What is known, for the process's pulse."""
        return AuditTold(
            looked_at=self._looked_at, whole_at=self._whole_at, offences=dict(self._wrong)
        )

    def _is_due(self) -> bool:
        at, day = self._renewed
        mended = self._watch is not None and self._watch.must_begin_anew
        return day != self._day() or (mended and anyio.current_time() - at >= self._pace.again)

    def _day(self) -> date:
        return (self._clock.now() - timedelta(hours=self._pace.night)).date()

    async def _look(self) -> None:
        async with self._turn:
            watch = self._watch
            if watch is None:
                return
            try:
                with LOOKS.labels("new").time():
                    verdicts = await watch.look()
            except CANNOT_LOOK as error:
                self._note_failure(error)
                if not isinstance(error, PASSING):
                    self._drop()
            else:
                self._tell(verdicts)

    async def _renew(self) -> None:
        """Look from zero, beside the looks at what is new; what follows goes on from there."""
        day, watch = self._day(), None
        try:
            with LOOKS.labels("whole").time():
                watch = await self._begin()
                await watch.look()
        except CANNOT_LOOK as error:
            self._note_failure(error)
        else:
            async with self._turn:
                self._drop()
                self._watch, watch = watch, None
            self._renewed = anyio.current_time(), day
            self._whole_at = SystemClock().now()
            WHOLE_AT.set(self._whole_at.timestamp())
            await self._look()  # what came meanwhile; that is what is told
        finally:
            self._is_renewing = False
            if watch is not None:
                watch.close()

    def _drop(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _note_failure(self, error: Exception) -> None:
        self.can_look = False
        FAILED.inc()
        log.warning("cannot look", why=type(error).__name__)

    def _tell(self, verdicts: list[Verdict]) -> None:
        self.can_look = True
        self._looked_at = SystemClock().now()
        CHECKED_AT.set(self._looked_at.timestamp())
        for one in verdicts:
            OFFENCES.labels(one.code).set(one.offences)
            if one.offences != self._wrong.get(one.code, 0):
                say = log.info if one.holds else log.error
                say(
                    "invariant_holds_again" if one.holds else "invariant_broken",
                    code=one.code, says=one.says, offences=one.offences, offenders=one.offenders,
                )  # fmt: skip
            self._wrong[one.code] = one.offences
