"""Reading an event's RRULE and EXDATE: which dates it repeats on, if a series can say them.

The days of a rule are those of DTSTART's own zone: 00:00 UTC on Tuesdays is Monday evening in New
York. A rule in UTC also keeps to UTC when the clocks change, and a series to the clocks. The two
say the same only where the clocks stand still as long as the series lasts: elsewhere it is
rejected, also one without an end, which is to name its zone by TZID.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.times import FIRST_DAY, LAST_DAY
from services.booking.domain import recurrence
from services.booking.ical_rows import Row, Unreadable, local_time

WEEKDAYS = {"MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6, "SU": 7}
UNDERSTOOD = {"FREQ", "INTERVAL", "BYDAY", "UNTIL", "COUNT", "WKST"}
MOST_REPEATS = 1_000  # COUNT of a rule
MOST_WEEKS = 52  # INTERVAL of a rule
FARTHEST = timedelta(days=3_650)
MONDAY = 1


def repeated(row: Row, event: Any) -> Row:
    """The row as the series its rule makes it. Raises ``Unreadable``."""
    rule = event["RRULE"]
    if isinstance(rule, list) or not rule.keys() <= UNDERSTOOD:
        raise Unreadable("RRULE says more than a weekly series can")
    every = int(rule.get("INTERVAL", [1])[0])
    named = [str(one) for one in rule.get("BYDAY", [])]
    if not set(named) <= WEEKDAYS.keys() or not 1 <= every <= MOST_WEEKS:
        raise Unreadable("RRULE says more than a weekly series can")
    shift = _days_apart(row, event)
    on = {_weekday(WEEKDAYS[one] + shift) for one in named}
    match str(rule.get("FREQ", [""])[0]):
        case "WEEKLY":
            days = on or {row.starts_at.isoweekday()}
            begins = _weekday(WEEKDAYS[str(rule.get("WKST", ["MO"])[0])] + shift)
            _weeks_must_be_ours(row, begins, days, every)
        case "DAILY" if every == 1:
            days = on or set(WEEKDAYS.values())
        case other:
            raise Unreadable(f"RRULE FREQ={other} with this INTERVAL is no weekly series")
    repeats = replace(
        row, weekdays=tuple(sorted(days)), every_weeks=every, days_apart=shift
    )  # fmt: skip
    until = _until(repeats, rule, shift)
    if until is not None and not FIRST_DAY <= until <= LAST_DAY:
        raise Unreadable("RRULE ends too far away")
    series = replace(repeats, until_date=until, except_dates=left_out(row, event))
    if event["DTSTART"].dt.tzinfo is not None and "TZID" not in event["DTSTART"].params:
        _clocks_must_stand_still(series)
    return series


def _days_apart(row: Row, event: Any) -> int:
    """Days from the date DTSTART says to the one clocks there show."""
    said: date = event["DTSTART"].dt.date()
    return (row.starts_at.date() - said).days


def _weekday(day: int) -> int:
    return (day - 1) % 7 + 1


def _clocks_must_stand_still(series: Row) -> None:
    """Raise ``Unreadable`` when the series, told in UTC, is at another time of day after a while.

    One without an end is looked at for ten years.
    """
    begins, local = series.starts_at.date(), ZoneInfo(series.time_zone)
    first, offset = series.starts_at.astimezone(UTC), series.starts_at.utcoffset()
    last = min(series.until_date or LAST_DAY, begins + FARTHEST)
    for day in recurrence.dates(series.pattern, begins, begins, last):
        at = (first + (day - begins)).astimezone(local)
        if at.utcoffset() != offset:
            raise Unreadable(
                f"DTSTART in UTC keeps to UTC, but the clocks there change by {day}: give it a TZID"
            )


def _until(row: Row, rule: Any, shift: int) -> date | None:
    """The last date: the rule's, or the one its COUNT comes to."""
    if "UNTIL" in rule and "COUNT" in rule:
        raise Unreadable("RRULE has both UNTIL and COUNT")
    if "UNTIL" in rule:
        told = rule["UNTIL"][0]
        if not isinstance(told, datetime):
            return date(told.year, told.month, told.day) + shift * recurrence.DAY
        until = local_time(told, ZoneInfo(row.time_zone))
        before = until.timetz() < row.starts_at.timetz().replace(tzinfo=until.tzinfo)
        return until.date() - recurrence.DAY if before else until.date()
    return _last_of(row, int(rule["COUNT"][0])) if "COUNT" in rule else None


def _last_of(row: Row, count: int) -> date:
    """The date the rule repeats on for the last of so many times."""
    if count > MOST_REPEATS:
        raise Unreadable(f"RRULE COUNT={count} is more than {MOST_REPEATS}")
    begins = row.starts_at.date()
    coming = recurrence.dates(row.pattern, begins, begins, begins + FARTHEST)
    found = [day for _, day in zip(range(count), coming, strict=False)]
    if not found:
        raise Unreadable("RRULE has no dates")
    if len(found) < count:
        raise Unreadable(f"RRULE COUNT={count} takes more than ten years")
    return found[-1]


def _weeks_must_be_ours(row: Row, begins: int, days: set[int], every: int) -> None:
    """Raise ``Unreadable`` when weeks that begin on another day than Monday mean other dates."""
    starts_on = row.starts_at.isoweekday()

    def ahead(day: int, first: int) -> int:
        """Days from the start to ``day`` of the same week."""
        return (day - first) % 7 - (starts_on - first) % 7

    if every > 1 and any(ahead(day, begins) != ahead(day, MONDAY) for day in days):
        raise Unreadable("RRULE WKST counts other weeks than a series does")


def left_out(row: Row, event: Any) -> tuple[date, ...]:
    """The local days the event's EXDATE leaves out."""
    said, shift = event.get("EXDATE", []), _days_apart(row, event)
    lists = said if isinstance(said, list) else [said]
    local = ZoneInfo(row.time_zone)
    told = [one.dt for each in lists for one in each.dts]
    days = {
        local_time(one, local).date() if isinstance(one, datetime) else one + shift * recurrence.DAY
        for one in told
    }
    return tuple(sorted(day for day in days if FIRST_DAY < day < LAST_DAY))
