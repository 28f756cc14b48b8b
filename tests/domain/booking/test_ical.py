"""Reading iCalendar: what an event says, or why it cannot be taken."""

import pytest

from chassis.decider import Refused
from contracts.timetable import TimetableCode
from services.booking.ical import parse
from tests.domain.booking.ical_files import HOUR, START, ZONE, event, file, reason, row


@pytest.mark.parametrize(
    ("start", "shown", "zone"),
    [
        ("DTSTART:20260308T130000Z", "09:00", ZONE),  # the location's zone, in summer time
        ("DTSTART:20260308T090000", "09:00", ZONE),  # floating
        ("DTSTART;TZID=Europe/Berlin:20260308T090000", "09:00", "Europe/Berlin"),
    ],
)
def test_a_start_is_told_by_the_clocks_of_its_zone(start: str, shown: str, zone: str) -> None:
    found = row(start, HOUR)
    assert (f"{found.starts_at:%H:%M}", found.time_zone) == (shown, zone)


def test_an_end_is_as_good_as_a_duration_across_a_change_of_clocks() -> None:
    night = "DTSTART;TZID=America/New_York:20260308T013000"
    assert row(night, "DTEND;TZID=America/New_York:20260308T033000").minutes == 60


def test_a_zone_that_is_a_folder_is_no_zone() -> None:
    assert reason("DTSTART;TZID=Europe:20260301T090000", HOUR)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((HOUR,), "DTSTART is missing"),
        (("DTSTART:20260301T090030", HOUR), "DTSTART has seconds"),
        ((START, HOUR, "RRULE:FREQ=DAILY;COUNT=1500"), "COUNT=1500 is more than 1000"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;COUNT=600"), "COUNT=600 takes more than ten years"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;COUNT=2;UNTIL=20260401"), "both UNTIL and COUNT"),
        ((START,), "DTEND or DURATION is missing"),
        (("DTSTART;VALUE=DATE:20260301", HOUR), "takes the whole day"),
        (("DTSTART;TZID=Mars/Olympus:20260301T090000", HOUR), "TZID Mars/Olympus"),
        (("DTSTART:tomorrow", HOUR), "DTSTART"),
        (("DTSTART;TZID=America/New_York:20260301T140000Z", HOUR), "in UTC and has a TZID"),
        ((START, 'DTEND;X="a:b;";TZID="America/New_York":20260301T150000Z'), "has a TZID"),
        ((START, HOUR, f"EXDATE;TZID={ZONE}:20260308T090000,20260315T130000Z"), "has a TZID"),
        ((START, "DURATION:PT0S"), "5 minutes to 24 hours"),
        ((START, HOUR, "RRULE:FREQ=MONTHLY"), "FREQ=MONTHLY"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;BYSETPOS=1;BYDAY=MO"), "more than a weekly series"),
        ((START, HOUR, "RRULE:FREQ=DAILY;INTERVAL=2"), "FREQ=DAILY"),
        ((START, HOUR, "STATUS:CANCELLED"), "cancelled"),
        ((START, HOUR, "status:cancelled"), "cancelled"),
        ((START, HOUR, "SUMMARY:Pilates"), "SUMMARY is there more than once"),
        ((START, HOUR, "UID:2"), "UID is there more than once"),
        ((START, HOUR, "RDATE:20260305T090000"), "RDATE and EXRULE say more"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY", "RDATE:20260305T090000"), "RDATE and EXRULE say more"),
        ((START, HOUR, "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), "RDATE and EXRULE say more"),
        ((START, HOUR, "EXDATE:20260301T140000Z"), "EXDATE leaves its only date out"),
        (("DTSTART:99991231T090000Z", HOUR), "too far away"),
        (("DTSTART:00010101T000000Z", HOUR), "too far away"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z"), "too far away"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;UNTIL=19991231"), "too far away"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;UNTIL=20000101T000000Z"), "too far away"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;COUNT=0"), ""),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;INTERVAL=0"), ""),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;INTERVAL=99"), ""),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;INTERVAL=-1;COUNT=3"), ""),
    ],
)
def test_what_a_series_cannot_say_is_rejected_with_a_reason(
    lines: tuple[str, ...], told: str
) -> None:
    assert told in reason(*lines)


def test_a_bad_event_is_told_by_its_line_and_spoils_nothing_else() -> None:
    good = event(START, HOUR, uid="good")
    parsed = parse(file(event("DTSTART:nonsense", uid="bad"), good), ZONE)
    assert [(one.line, one.uid) for one in parsed.rejected] == [(3, "bad")]
    assert [(one.line, one.uid) for one in parsed.rows] == [(8, "good")]


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    assert len(parse("\ufeff" + file(event(START, HOUR)), ZONE).rows) == 1


@pytest.mark.parametrize("text", ["", "hello", file(), "BEGIN:VEVENT\nEND:VEVENT\n"])
def test_a_text_that_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(text, ZONE)
    assert refusal.value.code == TimetableCode.UNREADABLE_CALENDAR
