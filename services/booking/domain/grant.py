"""One grant: a pack of credits, freedom, or so many reservations a week or month.

What may be done to one, and when, is in ``grants``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Self

from chassis.decider import replace
from contracts.booking import Charge, Coverage, GrantKind, Period, Suspension
from contracts.ids import ProgramId
from services.booking.domain import booking_policy

FOREVER = datetime.max.replace(tzinfo=UTC)
INSTANT = timedelta.resolution  # a grant that ends at midnight does not cover the day that begins


@dataclass(frozen=True)
class Grant:
    """Pays for sessions of its days, wherever they take place, that are within its coverage."""

    kind: GrantKind
    credits: int  # of a pack; of a limited grant reservations a period; 0 when unlimited
    valid_from: datetime  # UTC
    expires_at: datetime | None  # UTC; None never
    held: int = 0
    consumed: int = 0
    forfeited: int = 0
    expired: int = 0
    period: Period | None = None
    early_hours: int = 0  # booking opens this much earlier for whoever pays with it
    suspended: Suspension | None = None
    is_ended: bool = False
    is_over: bool = False  # what was left has expired
    days: Mapping[date, int] = field(default_factory=dict)
    """Reservations it paid for by local date; early cancels and excuses are taken off."""
    programs: Mapping[ProgramId, Mapping[date, int]] = field(default_factory=dict)
    """The same by program, of sessions that have one."""
    coverage: Coverage | None = None  # None: every session
    last_day: date | None = None  # local; None: that of expires_at

    @property
    def available(self) -> int:
        """Credits of a pack that are left."""
        return self.credits - self.held - self.consumed - self.forfeited - self.expired

    @property
    def keeps_seats(self) -> bool:
        """Whether it goes on paying for the seats it holds. A payment past due is often made."""
        return not self.is_ended and self.suspended is not Suspension.HOLD

    def is_valid_on(self, day: date, time_zone: str) -> bool:
        """Whether sessions of that local day are within its dates.

        The day it begins in and the day it ends in are whole ones: what is bought when a class
        has begun pays for it.
        """
        if self.is_ended or day < booking_policy.local_date(self.valid_from, time_zone):
            return False
        if self.last_day is not None or self.expires_at is None:
            return self.last_day is None or day <= self.last_day
        return day <= booking_policy.local_date(self.expires_at - INSTANT, time_zone)

    def pays_on(self, day: date) -> bool:
        """Whether a credit, or room in the period of ``day``, is left."""
        match self.kind:
            case GrantKind.UNLIMITED:
                return True
            case GrantKind.PACK:
                return self.available > 0
            case GrantKind.LIMITED:
                return self.used_around(day) < self.credits

    def used_around(self, day: date) -> int:
        """Reservations in the calendar week or month of ``day``."""
        if self.period is Period.MONTH:
            first = day.replace(day=1)
            last = (first + timedelta(days=31)).replace(day=1)
        else:
            first = day - timedelta(days=day.weekday())
            last = first + timedelta(days=7)
        return sum(count for one, count in self.days.items() if first <= one < last)

    def charged(self, charge: Charge, credits: int) -> Self:  # noqa: A002 - the contract's word
        """With so many more credits consumed or forfeited; released ones count nowhere."""
        match charge:
            case Charge.CONSUMED:
                return replace(self, consumed=self.consumed + credits)
            case Charge.FORFEITED:
                return replace(self, forfeited=self.forfeited + credits)
            case Charge.RELEASED:
                return self

    def counting(self, day: date | None, more: int, program: ProgramId | None = None) -> Self:
        """With so many reservations more on ``day``."""
        if day is None or more == 0:
            return self
        days = _counted(self.days, day, more)
        if program is None:
            return replace(self, days=days)
        of_program = _counted(self.programs.get(program, {}), day, more)
        return replace(self, days=days, programs={**self.programs, program: of_program})


def _counted(days: Mapping[date, int], day: date, more: int) -> Mapping[date, int]:
    counted = {**days, day: days.get(day, 0) + more}
    if counted[day] <= 0:
        del counted[day]
    return counted


def utc(at: datetime | None) -> datetime | None:
    """The instant in UTC; ``None`` stays ``None``."""
    return at.astimezone(UTC) if at else None
