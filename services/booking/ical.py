"""Reading an iCalendar file: every VEVENT becomes a series, a single session, or a reason why not.

Events are read one by one, each with the number of its first line, so that a bad one spoils
nothing but itself. Understood: DTSTART with TZID, UTC or floating (then the location's zone), DTEND
or DURATION, RRULE of weekly and daily rules, EXDATE, and single occurrences moved elsewhere
(RECURRENCE-ID). What a series cannot say is rejected, never approximated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from chassis.decider import Refused
from contracts.times import FIRST_DAY, LAST_DAY
from contracts.timetable import Pattern, RejectedRow, TimetableCode
from services.booking.domain import booking_policy, recurrence

WEEKDAYS = {"MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6, "SU": 7}
UNDERSTOOD = {"FREQ", "INTERVAL", "BYDAY", "UNTIL", "COUNT", "WKST"}
SPOILT = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError)
"""What reading an event raises that is not what it should be; OSError: a zone that is no file."""
MOST_EVENTS = 200  # VEVENTs a file
MOST_REPEATS = 1_000  # COUNT of a rule
MOST_WEEKS = 52  # INTERVAL of a rule
FARTHEST = timedelta(days=3_650)
LONGEST_TITLE = 80


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
    moved_from: date | None = None  # a single occurrence of the series with this uid

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


def parse(ics: str, time_zone: str) -> Parsed:
    """Read the file. Raises ``Refused(UNREADABLE_CALENDAR)`` when it is none or too long."""
    lines = ics.replace("\r\n", "\n").split("\n")
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
            rows.append(_row(number, Event.from_ical(block), time_zone))
        except Unreadable as reason:
            rejected.append(RejectedRow(line=number, uid=_uid(block), reason=str(reason)))
        except SPOILT:
            rejected.append(RejectedRow(line=number, uid=_uid(block), reason="not iCalendar"))
    return Parsed(_without_moved(rows), tuple(rejected))


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


def _uid(block: str) -> str | None:
    named = (line[4:].strip() for line in block.splitlines() if line.upper().startswith("UID:"))
    return next(named, None)


def _row(number: int, event: Any, time_zone: str) -> Row:
    if event.errors:
        raise Unreadable(f"{event.errors[0][0]} cannot be read")
    uid, title = str(event.get("UID") or ""), " ".join(str(event.get("SUMMARY") or "").split())
    if not uid or not title:
        raise Unreadable("UID or SUMMARY is missing")
    if event.get("STATUS") == "CANCELLED":
        raise Unreadable("the event is cancelled")
    starts_at, zone = _start(event, time_zone)
    row = Row(
        line=number, uid=uid, title=title[:LONGEST_TITLE], time_zone=zone, starts_at=starts_at,
        minutes=_minutes(event, starts_at),
    )  # fmt: skip
    if "RECURRENCE-ID" in event:
        moved = _local(event["RECURRENCE-ID"].dt, ZoneInfo(zone)).date()
        return replace(row, moved_from=moved)
    return _repeated(row, event) if "RRULE" in event else row


def _start(event: Any, time_zone: str) -> tuple[datetime, str]:
    """The start as clocks show it, and the zone they are in."""
    if "DTSTART" not in event:
        raise Unreadable("DTSTART is missing")
    named, at = event["DTSTART"].params.get("TZID"), event["DTSTART"].dt
    if not isinstance(at, datetime):
        raise Unreadable("an event that takes the whole day is no class")
    if not FIRST_DAY < at.date() < LAST_DAY:
        raise Unreadable("DTSTART is too far away")
    zone = named or time_zone
    try:
        local = booking_policy.zone(zone)
    except Refused:
        raise Unreadable(f"TZID {zone} is not in the IANA database") from None
    return (at.replace(tzinfo=local) if named else _local(at, local)), zone


def _local(at: datetime | date, local: ZoneInfo) -> datetime:
    """The instant as clocks in ``local`` show it; a floating time is theirs."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, tzinfo=local)
    return at.astimezone(local) if at.tzinfo else at.replace(tzinfo=local)


def _minutes(event: Any, starts_at: datetime) -> int:
    if "DTEND" in event:
        local = ZoneInfo(str(starts_at.tzinfo))
        ends_at = _local(event["DTEND"].dt, local)
        span = ends_at.astimezone(UTC) - starts_at.astimezone(UTC)
    elif "DURATION" in event:
        span = event["DURATION"].dt
    else:
        raise Unreadable("DTEND or DURATION is missing")
    minutes, rest = divmod(span, timedelta(minutes=1))
    if rest or not 5 <= minutes <= 1_440:  # noqa: PLR2004 - the contract's limits
        raise Unreadable("a class takes 5 minutes to 24 hours")
    return minutes


def _repeated(row: Row, event: Any) -> Row:
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
    begins = row.starts_at.date()
    if "UNTIL" in rule:
        told = rule["UNTIL"][0]
        if not isinstance(told, datetime):
            return date(told.year, told.month, told.day)
        until = _local(told, ZoneInfo(row.time_zone))
        before = until.timetz() < row.starts_at.timetz().replace(tzinfo=until.tzinfo)
        return until.date() - recurrence.DAY if before else until.date()
    if "COUNT" not in rule:
        return None
    count = int(rule["COUNT"][0])
    coming = recurrence.dates(row.pattern, begins, begins, begins + FARTHEST)
    first = [day for _, day in zip(range(min(count, MOST_REPEATS)), coming, strict=False)]
    if not first:
        raise Unreadable("RRULE has no dates")
    return first[-1]


def _excepted(row: Row, event: Any) -> tuple[date, ...]:
    said = event.get("EXDATE", [])
    lists = said if isinstance(said, list) else [said]
    local = ZoneInfo(row.time_zone)
    days = {_local(one.dt, local).date() for each in lists for one in each.dts}
    return tuple(sorted(day for day in days if FIRST_DAY < day < LAST_DAY))


def _without_moved(rows: list[Row]) -> tuple[Row, ...]:
    """A series does not take place on the dates of which the file says otherwise."""
    moved: dict[str, set[date]] = {}
    for row in rows:
        if row.moved_from is not None:
            moved.setdefault(row.uid, set()).add(row.moved_from)
    return tuple(
        replace(row, except_dates=tuple(sorted({*row.except_dates, *moved[row.uid]})))
        if row.weekdays and row.uid in moved else row
        for row in rows
    )  # fmt: skip
