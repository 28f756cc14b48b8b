"""Recurrence: which dates a weekly pattern means, and which instants those are.

A series is wall-clock time in the location's zone, true across changes of clocks: a time the
clocks skip is moved on by the gap, of a time they repeat the first is meant. Everything here is
pure arithmetic.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.ids import ScheduleId, SessionId, id_of
from contracts.timetable import Pattern

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def dates(pattern: Pattern, begins: date, first: date, last: date) -> Iterator[date]:
    """The pattern's dates in [first, last]; weeks are counted from the one of ``begins``."""
    monday = begins - (begins.isoweekday() - 1) * DAY
    day = max(first, begins)
    while day <= last:
        week = (day - monday) // WEEK
        if day.isoweekday() in pattern.weekdays and week % pattern.every_weeks == 0:
            yield day
        day += DAY


def instant(day: date, wall_clock: str, local: ZoneInfo) -> datetime:
    """The UTC instant at which clocks in ``local`` show ``wall_clock`` on ``day``."""
    return datetime.combine(day, time.fromisoformat(wall_clock), tzinfo=local).astimezone(UTC)


def midnight(day: date, local: ZoneInfo) -> datetime:
    """The UTC instant the local day begins."""
    return datetime.combine(day, time(), tzinfo=local).astimezone(UTC)


def local_day(at: datetime, local: ZoneInfo) -> date:
    """The date clocks in ``local`` show at ``at``."""
    return at.astimezone(local).date()


def session_id(schedule_id: ScheduleId, day: date, nth: int) -> SessionId:
    """The id of the session on ``day``: a UUIDv7 of that date, the same however often asked.

    ``nth`` counts how often the series has given the date up before.
    """
    digest = hashlib.sha256(f"{schedule_id.hex}\n{day.isoformat()}\n{nth}".encode()).digest()
    return SessionId(id_of(datetime.combine(day, time(), tzinfo=UTC), digest))
