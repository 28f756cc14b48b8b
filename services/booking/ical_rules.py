"""Reading an event's RRULE and EXDATE: which dates it repeats on, if a series can say them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
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
    if isinstance(rule, list) or not rule.keys() <= UNDERSTOOD or "RDATE" in event:
        raise Unreadable("RRULE says more than a weekly series can")
    every = int(rule.get("INTERVAL", [1])[0])
    named = [str(one) for one in rule.get("BYDAY", [])]
    if not set(named) <= WEEKDAYS.keys() or not 1 <= every <= MOST_WEEKS:
        raise Unreadable("RRULE says more than a weekly series can")
    match str(rule.get("FREQ", [""])[0]):
        case "WEEKLY":
            days = {WEEKDAYS[one] for one in named} or {row.starts_at.isoweekday()}
            _weeks_must_be_ours(row, rule, days, every)
        case "DAILY" if every == 1:
            days = {WEEKDAYS[one] for one in named} or set(WEEKDAYS.values())
        case other:
            raise Unreadable(f"RRULE FREQ={other} with this INTERVAL is no weekly series")
    repeats = replace(row, weekdays=tuple(sorted(days)), every_weeks=every)
    until = _until(repeats, rule)
    if until is not None and until > LAST_DAY:
        raise Unreadable("RRULE ends too far away")
    return replace(repeats, until_date=until, except_dates=_excepted(row, event))


def _until(row: Row, rule: Any) -> date | None:
    """The last date: the rule's, or the one its COUNT comes to."""
    if "UNTIL" in rule and "COUNT" in rule:
        raise Unreadable("RRULE has both UNTIL and COUNT")
    if "UNTIL" in rule:
        told = rule["UNTIL"][0]
        if not isinstance(told, datetime):
            return date(told.year, told.month, told.day)
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


def _weeks_must_be_ours(row: Row, rule: Any, days: set[int], every: int) -> None:
    """Raise ``Unreadable`` when weeks that begin on another day than Monday mean other dates."""
    begins = WEEKDAYS[str(rule.get("WKST", ["MO"])[0])]
    starts_on = row.starts_at.isoweekday()

    def ahead(day: int, first: int) -> int:
        """Days from the start to ``day`` of the same week."""
        return (day - first) % 7 - (starts_on - first) % 7

    if every > 1 and any(ahead(day, begins) != ahead(day, MONDAY) for day in days):
        raise Unreadable("RRULE WKST counts other weeks than a series does")


def _excepted(row: Row, event: Any) -> tuple[date, ...]:
    said = event.get("EXDATE", [])
    lists = said if isinstance(said, list) else [said]
    local = ZoneInfo(row.time_zone)
    days = {local_time(one.dt, local).date() for each in lists for one in each.dts}
    return tuple(sorted(day for day in days if FIRST_DAY < day < LAST_DAY))
