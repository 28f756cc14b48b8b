"""Single occurrences an iCalendar file moves or calls off: none is dropped in silence."""

from datetime import date, timedelta

import pytest

from services.booking.ical import parse
from services.booking.ical_rows import Parsed
from tests.domain.booking.ical_files import HOUR, START, ZONE, event, file


def test_a_moved_occurrence_leaves_its_series_and_stands_for_itself() -> None:
    series = event(START, HOUR, "RRULE:FREQ=WEEKLY")
    moved = event(
        "RECURRENCE-ID;TZID=America/New_York:20260308T090000",
        "DTSTART;TZID=America/New_York:20260308T110000", HOUR,
    )  # fmt: skip
    first, second = parse(file(series, moved), ZONE).rows
    assert first.except_dates == (date(2026, 3, 8),)
    assert (second.moved_from, second.weekdays) == (date(2026, 3, 8), ())


SERIES = event(START, HOUR, "RRULE:FREQ=WEEKLY")
SECOND = "RECURRENCE-ID;TZID=America/New_York:20260308T090000"


def rejections(parsed: Parsed) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in parsed.rejected]


@pytest.mark.parametrize(
    "second",
    [SECOND, "RECURRENCE-ID:20260308T130000Z", "RECURRENCE-ID;VALUE=DATE:20260308",
     "RECURRENCE-ID:20260308T\n 090000"],
    ids=["there", "UTC", "a day", "folded"],
)  # fmt: skip
def test_an_occurrence_that_is_called_off_leaves_its_series(second: str) -> None:
    for off in ("STATUS:CANCELLED", "STATUS:Cancelled", "STATUS;X-BY=coach:CANCELLED"):
        gone = event(second, START.replace("0301", "0308"), HOUR, off)
        parsed = parse(file(SERIES, gone), ZONE)
        (series,) = parsed.rows
        assert (series.except_dates, parsed.rejected) == ((date(2026, 3, 8),), ())


@pytest.mark.parametrize(
    "uid", [r"UID:a\,b\;c", "UID;X-ID=7:1", "UID: 1 ", "UID:long\n  id", "uid:1"],
    ids=["escaped", "with a parameter", "spaced", "folded", "small"],
)  # fmt: skip
def test_an_occurrence_is_of_its_series_however_the_uid_is_written(uid: str) -> None:
    moved = event(SECOND, START.replace("0301T09", "0308T11"), HOUR)
    both = file(SERIES, moved).replace("UID:1", uid)
    series, second = parse(both, ZONE).rows
    assert series.uid == second.uid
    assert series.except_dates == (second.moved_from,) == (date(2026, 3, 8),)


UTC_EVENING = event("DTSTART:20260303T000000Z", HOUR, "RRULE:FREQ=WEEKLY;COUNT=1")
"""Mondays at 19:00 in New York; Tuesdays, as the file counts days."""
ANOTHER_DAY = "RECURRENCE-ID is a day, and DTSTART in UTC is of another day there: give its time"


def test_a_day_of_a_series_in_utc_is_the_occurrence_of_that_local_day() -> None:
    morning = event("DTSTART:20260301T140000Z", HOUR, "RRULE:FREQ=WEEKLY;COUNT=1")
    gone = event("RECURRENCE-ID;VALUE=DATE:20260301", START, HOUR, "STATUS:CANCELLED")
    parsed = parse(file(morning, gone), ZONE)
    (series,) = parsed.rows
    assert (series.except_dates, parsed.rejected) == ((date(2026, 3, 1),), ())


@pytest.mark.parametrize("day", ["20260303", "20260302"])
@pytest.mark.parametrize("says", ["STATUS:CANCELLED", "STATUS:CONFIRMED"])
def test_a_day_that_may_be_either_of_two_is_told_and_so_is_its_series(day: str, says: str) -> None:
    """Neither a class at a time nobody meant, nor an exception nobody hears of."""
    second = event(f"RECURRENCE-ID;VALUE=DATE:{day}", "DTSTART:20260303T010000Z", HOUR, says)
    parsed = parse(file(UTC_EVENING, second), ZONE)
    assert parsed.rows == ()
    assert rejections(parsed) == [
        (3, f"the event in line 10 cannot be placed: {ANOTHER_DAY}"), (10, ANOTHER_DAY),
    ]  # fmt: skip


def test_a_cancelled_occurrence_the_series_does_not_have_is_told() -> None:
    gone = event("RECURRENCE-ID;VALUE=DATE:20260309", START, HOUR, "STATUS:CANCELLED")
    parsed = parse(file(SERIES, gone), ZONE)
    assert len(parsed.rows) == 1
    assert rejections(parsed) == [(10, "the event is cancelled")]


def test_a_cancelled_occurrence_of_no_series_is_told() -> None:
    gone = event(SECOND, START.replace("0301", "0308"), HOUR, "STATUS:CANCELLED")
    assert rejections(parse(file(gone), ZONE)) == [(3, "the event is cancelled")]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("DTSTART:20260308T110000",), "DTEND or DURATION is missing"),
        (("DTSTART:nonsense", HOUR), "DTSTART cannot be read"),
        (("DTSTART:20260308T110030", HOUR), "DTSTART has seconds"),
    ],
)
def test_an_occurrence_that_cannot_be_read_leaves_its_series_and_is_told(
    lines: tuple[str, ...], why: str
) -> None:
    parsed = parse(file(SERIES, event(SECOND, *lines)), ZONE)
    assert [one.except_dates for one in parsed.rows] == [(date(2026, 3, 8),)]
    assert rejections(parsed) == [(10, why)]


def test_an_occurrence_nobody_can_name_is_told() -> None:
    lost = event("RECURRENCE-ID:soon", "DTSTART:20260308T110000", HOUR)
    ancient = event("RECURRENCE-ID:00010101T000000Z", "DTSTART:nonsense", HOUR)
    twice_zoned = event(f"{SECOND}Z", "DTSTART:20260308T110000", HOUR)
    parsed = parse(file(SERIES, lost, ancient, twice_zoned), ZONE)
    assert [one.except_dates for one in parsed.rows] == [()]
    assert [line for line, _ in rejections(parsed)] == [10, 17, 24]


def test_a_series_that_is_another_from_a_date_on_is_told_in_both_lines() -> None:
    second = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=America/New_York:20260308T090000"
    later = event(second, "DTSTART;TZID=America/New_York:20260308T110000", HOUR)
    other = event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="2")
    parsed = parse(file(SERIES, later, other), ZONE)
    assert [one.uid for one in parsed.rows] == ["2"]
    assert rejections(parsed) == [
        (3, "the event in line 10 changes it from a date on (RANGE)"),
        (10, "RECURRENCE-ID with RANGE is more than a single occurrence"),
    ]


def test_an_occurrence_that_repeats_itself_is_told() -> None:
    again = event(
        SECOND, "DTSTART;TZID=America/New_York:20260308T110000", HOUR, "RRULE:FREQ=WEEKLY"
    )
    parsed = parse(file(SERIES, again), ZONE)
    assert [one.except_dates for one in parsed.rows] == [(date(2026, 3, 8),)]
    assert rejections(parsed) == [(10, "a single occurrence does not repeat")]


@pytest.mark.parametrize(("many", "taken"), [(1_000, True), (1_001, False)])
def test_a_series_leaves_so_many_dates_out_and_no_more(many: int, taken: bool) -> None:
    """Here by the event itself, and the last by one of its occurrences."""
    days = [date(2026, 3, 1) + timedelta(days=nth) for nth in range(many)]
    by_itself = ",".join(f"{day:%Y%m%d}" for day in days[:-1])
    gone = f"RECURRENCE-ID;VALUE=DATE:{days[-1]:%Y%m%d}"
    parsed = parse(
        file(
            event(START, HOUR, "RRULE:FREQ=DAILY", f"EXDATE;VALUE=DATE:{by_itself}"),
            event(gone, START, HOUR, "STATUS:CANCELLED"),
            event(START, HOUR, uid="2"),
        ),
        ZONE,
    )
    if taken:
        assert [len(one.except_dates) for one in parsed.rows] == [1_000, 0]
        assert rejections(parsed) == []
    else:
        assert [one.uid for one in parsed.rows] == ["2"]
        assert rejections(parsed) == [
            (3, "1001 dates are left out, more than 1000"), (11, "the event is cancelled"),
        ]  # fmt: skip
