"""iCalendar files of a few lines, and what is read of the one event they hold."""

from services.booking.ical import parse
from services.booking.ical_rows import Row

ZONE = "America/New_York"
START = "DTSTART;TZID=America/New_York:20260301T090000"
HOUR = "DURATION:PT1H"


def event(*lines: str, uid: str = "1", title: str = "Spin") -> str:
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT"))


def file(*events: str) -> str:
    return "\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""))


def row(*lines: str) -> Row:
    parsed = parse(file(event(*lines)), ZONE)
    assert parsed.rejected == ()
    return parsed.rows[0]


def reason(*lines: str) -> str:
    parsed = parse(file(event(*lines)), ZONE)
    assert parsed.rows == ()
    return parsed.rejected[0].reason
