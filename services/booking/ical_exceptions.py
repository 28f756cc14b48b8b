"""Single occurrences an iCalendar file excepts from their series, and the series without them.

Which date an event takes out of its series is read by itself: one that cannot be taken for another
reason takes it out all the same, rather than leave a class at a time nobody meant. One that names
a day and no time means the occurrence of that day; where days of the file are others than days
there, nobody can say which.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from contracts.times import FIRST_DAY, LAST_DAY
from contracts.timetable import MOST_EXCEPT_DATES
from services.booking.domain import recurrence
from services.booking.ical_rows import SPOILT, Row, Unreadable, local_time

ANOTHER_DAY = "RECURRENCE-ID is a day, and DTSTART in UTC is of another day there: give its time"
FOLD = re.compile(r"\r?\n[ \t]")
TIMES = {"DTSTART", "DTEND", "EXDATE", "RECURRENCE-ID"}


@dataclass(frozen=True, slots=True)
class Excepted:
    """What one event says of an occurrence of a series."""

    line: int  # of its BEGIN:VEVENT, from 1
    uid: str
    of: datetime | date  # the occurrence, as the series has it
    is_cancelled: bool
    and_future: bool  # and all after it


def excepted(line: int, block: str) -> Excepted | None:
    """The occurrence the event excepts from its series; ``None``: none, or nobody can say which."""
    named, uid = _line(block, "RECURRENCE-ID"), uid_of(block)
    if named is None or uid is None or _is_twice_zoned(named):
        return None
    try:
        event = _alone(named)
        of, and_future = event["RECURRENCE-ID"].dt, "RANGE" in event["RECURRENCE-ID"].params
        known = FIRST_DAY < (of.date() if isinstance(of, datetime) else of) < LAST_DAY
    except SPOILT:
        return None  # whoever reads the whole event says what is wrong with it
    if not known:
        return None
    status = (_line(block, "STATUS") or "").rpartition(":")[2]
    cancelled = status.strip().upper() == "CANCELLED"
    return Excepted(line, uid, of, cancelled, and_future)


def uid_of(block: str) -> str | None:
    """The event's UID, as reading the whole event has it."""
    named = _line(block, "UID")
    try:
        return None if named is None else str(_alone(named)["UID"]).strip() or None
    except SPOILT:
        return None


def is_twice_zoned(block: str) -> bool:
    """Whether it says of a time that it is in UTC, and in a zone."""
    return any(_is_twice_zoned(line) for line in unfolded(block))


def _is_twice_zoned(line: str) -> bool:
    head, _, told = line.upper().rpartition(":")
    name, *parameters = head.split(";")
    named = any(one.startswith("TZID=") for one in parameters)
    return named and name in TIMES and any(one.strip().endswith("Z") for one in told.split(","))


def unfolded(block: str) -> list[str]:
    """The event's lines."""
    return FOLD.sub("", block).splitlines()


def _line(block: str, name: str) -> str | None:
    """The first line of that name."""
    starts = (f"{name}:", f"{name};")
    return next((one for one in unfolded(block) if one.upper().startswith(starts)), None)


def _alone(line: str) -> Any:
    """An event of that line alone."""
    return Event.from_ical("\r\n".join(("BEGIN:VEVENT", line, "END:VEVENT", "")))


def without(series: Row, exceptions: list[Excepted]) -> Row:
    """The series without the dates the file says otherwise about.

    Raises ``Unreadable`` when it says so of all dates from one on, which is another series, of a
    day that may be either of two, or of more dates than a series leaves out.
    """
    own = [one for one in exceptions if one.uid == series.uid]
    for one in own:
        if one.and_future:
            raise Unreadable(f"the event in line {one.line} changes it from a date on (RANGE)")
        if is_unclear(series, one):
            raise Unreadable(f"the event in line {one.line} cannot be placed: {ANOTHER_DAY}")
    days = {*series.except_dates, *(_day(series, one) for one in own)}
    if len(days) > MOST_EXCEPT_DATES:
        raise Unreadable(f"{len(days)} dates are left out, more than {MOST_EXCEPT_DATES}")
    return replace(series, except_dates=tuple(sorted(days)))


def is_unclear(series: Row, one: Excepted) -> bool:
    """Whether the day it names may be either of two of the series."""
    is_day = not isinstance(one.of, datetime)
    return one.uid == series.uid and is_day and series.days_apart != 0


def is_left_out(series: Row, one: Excepted) -> bool:
    """Whether the series has that occurrence, and is put in without it."""
    day = _day(series, one)
    if one.uid != series.uid or day > (series.until_date or day):
        return False
    return day in recurrence.dates(series.pattern, series.starts_at.date(), day, day)


def _day(series: Row, one: Excepted) -> date:
    """The local day of the occurrence."""
    return local_time(one.of, ZoneInfo(series.time_zone)).date()
