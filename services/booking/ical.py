"""Reading an iCalendar file: every VEVENT becomes a series, a single session, or a reason why not.

Events are read one by one, each with the number of its first line, so that a bad one spoils
nothing but itself. Understood: DTSTART with TZID, UTC (a series only while the clocks there stand
still) or floating (then the location's zone), DTEND or DURATION, RRULE of weekly and daily rules,
EXDATE, and single occurrences moved elsewhere or called off (RECURRENCE-ID). What a series cannot
say is rejected, never approximated.

Loaded when the first file is read: the library is 5 MB of a process, and most never read one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from chassis.decider import Refused
from contracts.times import FIRST_DAY, LAST_DAY
from contracts.timetable import RejectedRow, TimetableCode
from services.booking.domain import booking_policy
from services.booking.ical_exceptions import (
    ANOTHER_DAY,
    Excepted,
    excepted,
    is_left_out,
    is_twice_zoned,
    is_unclear,
    uid_of,
    without,
)
from services.booking.ical_rows import SPOILT, Parsed, Row, Unreadable, local_time
from services.booking.ical_rules import left_out, repeated

MOST_EVENTS = 200  # VEVENTs a file
LONGEST_TITLE = 80
BYTE_ORDER = "\ufeff"  # some systems begin their files with it
BEYOND = {"RDATE", "EXRULE"}
"""What may stand beside a rule, or without one, and says other dates."""


def parse(ics: str, time_zone: str) -> Parsed:
    """Read the file. Raises ``Refused(UNREADABLE_CALENDAR)`` when it is none or too long."""
    lines = ics.removeprefix(BYTE_ORDER).replace("\r\n", "\n").split("\n")
    blocks = list(_blocks(lines))
    if "BEGIN:VCALENDAR" not in (line.strip().upper() for line in lines) or not blocks:
        raise Refused(
            TimetableCode.UNREADABLE_CALENDAR, "This is not an iCalendar file with events.",
            field="ics",
        )  # fmt: skip
    if len(blocks) > MOST_EVENTS:
        raise Refused(
            TimetableCode.UNREADABLE_CALENDAR, "The file has too many events.", field="ics",
            events=len(blocks), most=MOST_EVENTS,
        )  # fmt: skip
    rows, rejected = [], []
    for number, block in blocks:
        try:
            if is_twice_zoned(block):
                raise Unreadable("a time is in UTC and has a TZID")
            rows.append(_row(number, Event.from_ical(block), time_zone))
        except Unreadable as reason:
            rejected.append(RejectedRow(line=number, uid=uid_of(block), reason=str(reason)))
        except SPOILT:
            rejected.append(RejectedRow(line=number, uid=uid_of(block), reason="not iCalendar"))
    exceptions = [found for number, block in blocks if (found := excepted(number, block))]
    return _with_exceptions(Parsed(tuple(rows), tuple(rejected)), exceptions)


def _with_exceptions(file: Parsed, exceptions: list[Excepted]) -> Parsed:
    """The file with its series as the exceptions change them."""
    rows, rejected = [], {one.line: one for one in file.rejected}
    unclear = [
        one for one in exceptions if any(is_unclear(row, one) for row in file.rows if row.weekdays)
    ]
    for one in unclear:
        rejected[one.line] = RejectedRow(line=one.line, uid=one.uid, reason=ANOTHER_DAY)
    for row in file.rows:
        if row.line in rejected:
            continue
        try:
            rows.append(without(row, exceptions) if row.weekdays else row)
        except Unreadable as reason:
            rejected[row.line] = RejectedRow(line=row.line, uid=row.uid, reason=str(reason))
    for n, row in enumerate(rows):
        if row.weekdays:
            gone = [one.line for one in exceptions if one.is_cancelled and is_left_out(row, one)]
            rows[n] = replace(row, called_off=tuple(gone))
            for line in gone:
                rejected.pop(line, None)  # it is said: the series leaves the date out
    return Parsed(tuple(rows), tuple(rejected[line] for line in sorted(rejected)))


def _blocks(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Each VEVENT's text with the number of its first line."""
    begun: int | None = None
    for number, line in enumerate(lines, start=1):
        match line.strip().upper():
            case "BEGIN:VEVENT":
                begun = number
            case "END:VEVENT" if begun is not None:
                yield begun, "\r\n".join(lines[begun - 1 : number]) + "\r\n"
                begun = None
    if begun is not None:
        yield begun, "\r\n".join(lines[begun - 1 :])


def _row(number: int, event: Any, time_zone: str) -> Row:
    if event.errors:
        raise Unreadable(f"{event.errors[0][0]} cannot be read")
    uid, title = _said(event, "UID").strip(), " ".join(_said(event, "SUMMARY").split())
    if not uid or not title:
        raise Unreadable("UID or SUMMARY is missing")
    if _said(event, "STATUS").strip().upper() == "CANCELLED":
        raise Unreadable("the event is cancelled")
    if BEYOND & set(event):
        raise Unreadable("RDATE and EXRULE say more than a weekly series can")
    starts_at, zone = _start(event, time_zone)
    row = Row(
        line=number, uid=uid, title=title[:LONGEST_TITLE], time_zone=zone, starts_at=starts_at,
        minutes=_minutes(event, starts_at),
    )  # fmt: skip
    if "RECURRENCE-ID" in event:
        return replace(row, moved_from=_moved_from(event, ZoneInfo(zone)))
    if "RRULE" in event:
        return repeated(row, event)
    if starts_at.date() in left_out(row, event):
        raise Unreadable("EXDATE leaves its only date out")
    return row


def _moved_from(event: Any, local: ZoneInfo) -> date:
    """The day of the single occurrence the event is about."""
    if "RANGE" in event["RECURRENCE-ID"].params:
        raise Unreadable("RECURRENCE-ID with RANGE is more than a single occurrence")
    if "RRULE" in event:
        raise Unreadable("a single occurrence does not repeat")
    day = local_time(event["RECURRENCE-ID"].dt, local).date()
    if not FIRST_DAY < day < LAST_DAY:
        raise Unreadable("RECURRENCE-ID is too far away")
    return day


def _said(event: Any, name: str) -> str:
    """The text of that name; none is empty."""
    told = event.get(name) or ""
    if isinstance(told, list):
        raise Unreadable(f"{name} is there more than once")
    return str(told)


def _start(event: Any, time_zone: str) -> tuple[datetime, str]:
    """The start as clocks show it, and the zone they are in."""
    if "DTSTART" not in event:
        raise Unreadable("DTSTART is missing")
    named, at = event["DTSTART"].params.get("TZID"), event["DTSTART"].dt
    if not isinstance(at, datetime):
        raise Unreadable("an event that takes the whole day is no class")
    if not FIRST_DAY < at.date() < LAST_DAY:
        raise Unreadable("DTSTART is too far away")
    if at.second:
        raise Unreadable("DTSTART has seconds")
    zone = named or time_zone
    try:
        local = booking_policy.zone(zone)
    except Refused:
        raise Unreadable(f"TZID {zone} is not in the IANA database") from None
    return (at.replace(tzinfo=local) if named else local_time(at, local)), zone


def _minutes(event: Any, starts_at: datetime) -> int:
    if "DTEND" in event:
        local = ZoneInfo(str(starts_at.tzinfo))
        ends_at = local_time(event["DTEND"].dt, local)
        span = ends_at.astimezone(UTC) - starts_at.astimezone(UTC)
    elif "DURATION" in event:
        span = event["DURATION"].dt
    else:
        raise Unreadable("DTEND or DURATION is missing")
    minutes, rest = divmod(span, timedelta(minutes=1))
    if rest or not 5 <= minutes <= 1_440:  # noqa: PLR2004 - the contract's limits
        raise Unreadable("a class takes 5 minutes to 24 hours")
    return minutes
