"""Which dates a repeated event of an iCalendar file means, if a series can say them."""

from datetime import date

import pytest

from services.booking.ical import parse
from tests.domain.booking.ical_files import HOUR, START, ZONE, event, file, reason, row


def test_a_weekly_rule_is_a_series_on_its_days() -> None:
    found = row(START, HOUR, "RRULE:FREQ=WEEKLY;BYDAY=SU,WE;INTERVAL=2")
    assert (found.weekdays, found.every_weeks, found.until_date) == ((3, 7), 2, None)
    assert (found.pattern.starts_at, found.minutes, found.time_zone) == ("09:00", 60, ZONE)


def test_a_rule_without_days_repeats_the_day_it_starts_on_and_a_daily_one_every_day() -> None:
    assert row(START, HOUR, "RRULE:FREQ=WEEKLY").weekdays == (7,)
    assert row(START, HOUR, "RRULE:FREQ=DAILY").weekdays == (1, 2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("UNTIL=20260322T130000Z", date(2026, 3, 22)),  # at its start: still takes place
        ("UNTIL=20260322T125959Z", date(2026, 3, 21)),
        ("UNTIL=20260322", date(2026, 3, 22)),
        ("COUNT=3", date(2026, 3, 15)),
        ("COUNT=2;BYDAY=TU", date(2026, 3, 10)),
    ],
)
def test_until_and_count_say_the_last_day(rule: str, last: date) -> None:
    assert row(START, HOUR, f"RRULE:FREQ=WEEKLY;{rule}").until_date == last


MIDNIGHT = "DTSTART:20260113T000000Z"  # a Tuesday; Monday 19:00 in New York, in winter


@pytest.mark.parametrize(
    ("rule", "weekdays", "last"),
    [
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=3", (1,), date(2026, 1, 26)),
        ("FREQ=WEEKLY;COUNT=3", (1,), date(2026, 1, 26)),
        ("FREQ=WEEKLY;BYDAY=TU,MO;UNTIL=20260120T000000Z", (1, 7), date(2026, 1, 19)),
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260120", (1,), date(2026, 1, 19)),
        ("FREQ=DAILY;BYDAY=TU,TH;COUNT=3", (1, 3), date(2026, 1, 19)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=3", (1,), date(2026, 2, 9)),
    ],
)
def test_the_days_of_a_rule_in_utc_are_told_by_the_clocks_there(
    rule: str, weekdays: tuple[int, ...], last: date
) -> None:
    found = row(MIDNIGHT, HOUR, f"RRULE:{rule}", "EXDATE;VALUE=DATE:20260120")
    assert (found.weekdays, found.pattern.starts_at) == (weekdays, "19:00")
    assert (found.starts_at.date(), found.until_date) == (date(2026, 1, 12), last)
    assert found.except_dates == (date(2026, 1, 19),)


def test_a_rule_in_utc_east_of_greenwich_may_be_a_day_later() -> None:
    evening = event("DTSTART:20260112T230000Z", HOUR, "RRULE:FREQ=WEEKLY;BYDAY=MO")
    (found,) = parse(file(evening), "Asia/Tokyo").rows
    assert (found.weekdays, found.pattern.starts_at) == ((2,), "08:00")
    assert (found.starts_at.date(), found.until_date) == (date(2026, 1, 13), None)


@pytest.mark.parametrize(
    ("start", "rule", "first"),
    [
        ("DTSTART:20260303T000000Z", "BYDAY=TU", "2026-03-09"),  # without an end
        ("DTSTART:20260303T000000Z", "BYDAY=TU;COUNT=2", "2026-03-09"),
        ("DTSTART:20260303T000000Z", "UNTIL=20260310T000000Z", "2026-03-09"),
        ("DTSTART:20261027T160000Z", "BYDAY=TU", "2026-11-03"),  # on the same date
    ],
)
def test_a_series_in_utc_is_refused_when_the_clocks_there_change(
    start: str, rule: str, first: str
) -> None:
    """A series keeps to 19:00 there, and UTC would not."""
    told = reason(start, HOUR, f"RRULE:FREQ=WEEKLY;{rule}")
    assert told == f"DTSTART in UTC keeps to UTC, but the clocks there change by {first}: " + (
        "give it a TZID"
    )


def test_weeks_in_utc_begin_when_the_clocks_there_say_so() -> None:
    """Tuesdays and Mondays of a week from Monday on are Mondays and Sundays of one from Sunday."""
    rule = "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,MO"
    assert reason(MIDNIGHT, HOUR, rule) == "RRULE WKST counts other weeks than a series does"
    assert row(MIDNIGHT, HOUR, f"{rule};WKST=TU").weekdays == (1, 7)


def test_excepted_dates_are_those_the_clocks_there_show() -> None:
    found = row(
        START, HOUR, "RRULE:FREQ=WEEKLY", "EXDATE:20260309T010000Z",
        "EXDATE;TZID=America/New_York:20260315T090000,20260322T090000",
    )  # fmt: skip
    assert found.except_dates == (date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 22))


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ("INTERVAL=2;BYDAY=TU,SU;WKST=SU", False),
        ("INTERVAL=2;BYDAY=TU,SU;WKST=MO", True),
        ("INTERVAL=2;BYDAY=SU;WKST=SU", True),  # one day: weeks begin where they like
        ("INTERVAL=2;BYDAY=SU,SA;WKST=SU", False),
        ("BYDAY=TU,SU;WKST=SU", True),  # every week
    ],
)
def test_weeks_that_begin_on_another_day_are_refused_where_that_matters(
    rule: str, taken: bool
) -> None:
    lines = (START, HOUR, f"RRULE:FREQ=WEEKLY;{rule}")
    if taken:
        assert row(*lines).weekdays
    else:
        assert reason(*lines) == "RRULE WKST counts other weeks than a series does"
