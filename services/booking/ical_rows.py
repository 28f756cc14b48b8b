"""What an iCalendar event says, as far as a timetable can say it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contracts.timetable import Pattern, RejectedRow

SPOILT = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError)
"""What reading an event raises that is not what it should be; OSError: a zone that is no file."""


class Unreadable(Exception):
    """Why an event cannot be taken."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the file: a series when it repeats, else a single session."""

    line: int  # of its BEGIN:VEVENT, from 1
    uid: str
    title: str
    time_zone: str
    starts_at: datetime  # with the zone
    minutes: int
    weekdays: tuple[int, ...] = ()
    every_weeks: int = 1
    until_date: date | None = None
    except_dates: tuple[date, ...] = ()
    days_apart: int = 0  # from the date DTSTART says to the one clocks there show
    moved_from: date | None = None  # a single occurrence of the series with this uid
    called_off: tuple[int, ...] = ()  # lines of events that are said by leaving their dates out

    @property
    def pattern(self) -> Pattern:
        """What the series repeats."""
        return Pattern(
            title=self.title, weekdays=self.weekdays, every_weeks=self.every_weeks,
            starts_at=f"{self.starts_at:%H:%M}", minutes=self.minutes,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file says; ``rows`` in its order."""

    rows: tuple[Row, ...]
    rejected: tuple[RejectedRow, ...]


def local_time(at: datetime | date, local: ZoneInfo) -> datetime:
    """The instant as clocks in ``local`` show it; a floating time is theirs."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, tzinfo=local)
    return at.astimezone(local) if at.tzinfo else at.replace(tzinfo=local)
