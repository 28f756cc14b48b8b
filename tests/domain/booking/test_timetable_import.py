"""Importing iCalendar: good events go in, bad ones are told with their line and reason."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import SessionScheduled
from contracts.ids import LocationId, RoomId
from contracts.timetable import ImportOutcome, ImportTimetable, ScheduleCreated, TimetableCode
from services.booking.api import RULES
from services.booking.ical import Parsed, parse
from services.booking.ical_rows import Row
from services.booking.timetable_import import import_timetable
from tests.domain.booking.language import home
from tests.scenario import Gym

NOW = datetime(2026, 2, 25, 15, tzinfo=UTC)
LOCATION, RED = LocationId(UUID(int=99)), RoomId(UUID(int=91))
ZONE = "America/New_York"


def event(*lines: str, uid: str = "1", title: str = "Spin") -> str:
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT"))


def file(*events: str) -> str:
    return "\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""))


START = "DTSTART;TZID=America/New_York:20260301T090000"
HOUR = "DURATION:PT1H"


def row(*lines: str) -> Row:
    parsed = parse(file(event(*lines)), ZONE)
    assert parsed.rejected == ()
    return parsed.rows[0]


def reason(*lines: str) -> str:
    parsed = parse(file(event(*lines)), ZONE)
    assert parsed.rows == ()
    return parsed.rejected[0].reason


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
    gone = event(second, START.replace("0301", "0308"), HOUR, "STATUS:CANCELLED")
    parsed = parse(file(SERIES, gone), ZONE)
    (series,) = parsed.rows
    assert (series.except_dates, parsed.rejected) == ((date(2026, 3, 8),), ())


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
    parsed = parse(file(SERIES, lost, ancient), ZONE)
    assert [one.except_dates for one in parsed.rows] == [()]
    assert [line for line, _ in rejections(parsed)] == [10, 17]


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
        ((START, "DURATION:PT0S"), "5 minutes to 24 hours"),
        ((START, HOUR, "RRULE:FREQ=MONTHLY"), "FREQ=MONTHLY"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;BYSETPOS=1;BYDAY=MO"), "more than a weekly series"),
        ((START, HOUR, "RRULE:FREQ=DAILY;INTERVAL=2"), "FREQ=DAILY"),
        ((START, HOUR, "STATUS:CANCELLED"), "cancelled"),
        (("DTSTART:99991231T090000Z", HOUR), "too far away"),
        (("DTSTART:00010101T000000Z", HOUR), "too far away"),
        ((START, HOUR, "RRULE:FREQ=WEEKLY;UNTIL=99991231T235959Z"), "too far away"),
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


@pytest.mark.parametrize("text", ["", "hello", file(), "BEGIN:VEVENT\nEND:VEVENT\n"])
def test_a_text_that_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(text, ZONE)
    assert refusal.value.code == TimetableCode.UNREADABLE_CALENDAR


def importing(gym: Gym, ics: str, **other: object) -> ImportOutcome:
    asked = {"location_id": LOCATION, "time_zone": ZONE, "capacity": 9, "ics": ics}
    outcome, _ = gym.do(ImportTimetable.model_validate(asked | other), NOW)
    assert isinstance(outcome, ImportOutcome)
    return outcome


def a_gym() -> Gym:
    def imported(command: ImportTimetable, unit: Unit) -> ImportOutcome:
        return import_timetable(command, unit, parse(command.ics, command.time_zone))

    return Gym({**RULES, ImportTimetable: imported}, home)


WEEK = file(
    event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="weekly"),
    event("DTSTART:20260302T150000Z", HOUR, uid="once", title="Open day"),
    event("DTSTART:20260101T150000Z", HOUR, uid="over"),
    event(START, HOUR, "RRULE:FREQ=YEARLY", uid="yearly"),
)


def test_good_events_go_in_and_bad_ones_are_told_in_the_order_of_the_file() -> None:
    gym = a_gym()
    outcome = importing(gym, WEEK)
    assert [one.uid for one in outcome.imported] == ["weekly", "once"]
    assert [(one.line, one.uid) for one in outcome.rejected] == [(16, "over"), (22, "yearly")]
    assert "STARTS_IN_THE_PAST" in outcome.rejected[0].reason
    assert "FREQ=YEARLY" in outcome.rejected[1].reason
    assert sum(isinstance(one, ScheduleCreated) for one in gym.log) == 1
    assert sum(isinstance(one, SessionScheduled) for one in gym.log) == 5


def test_the_same_file_again_puts_nothing_in_twice() -> None:
    gym = a_gym()
    importing(gym, WEEK)
    before = len(gym.log)
    again = importing(gym, WEEK)
    assert again.imported == ()
    assert {one.reason.split(":")[0] for one in again.rejected[:2]} == {
        "ALREADY_DEFINED", "ALREADY_SCHEDULED",
    }  # fmt: skip
    assert len(gym.log) == before


def test_two_events_of_one_file_cannot_have_one_room_at_one_time() -> None:
    gym = a_gym()
    both = file(
        event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="a"), event(START, HOUR, uid="b"),
        event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="c"),
    )  # fmt: skip
    outcome = importing(gym, both, room_id=RED)
    assert [one.uid for one in outcome.imported] == ["a"]
    assert [one.reason.split(":")[0] for one in outcome.rejected] == ["ROOM_TAKEN"] * 2


def test_without_a_capacity_and_without_a_class_type_nothing_goes_in() -> None:
    outcome = importing(a_gym(), WEEK, capacity=None)
    assert outcome.imported == ()


SCRAPS = [
    "", "RRULE:FREQ=", "INTERVAL=", "BYDAY=1MO", "UNTIL=2026", "DURATION:-PT1H", "TZID=", "Z", ";",
    ":", ",", "9", "0", "-", "\n", "\r\n ", "RDATE:20260101T000000Z", "BEGIN:VEVENT\n",
    "END:VEVENT\n", "UID:\n", "é", "DTSTART;VALUE=PERIOD:20260301T090000Z/PT1H",
    "DTEND;VALUE=DATE:20260302", "EXDATE;VALUE=DATE:20260308\n", "TZID=Etc/../../x:",
]  # fmt: skip


@over(st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(SCRAPS)), min_size=1, max_size=4
))  # fmt: skip
def test_whatever_is_broken_in_a_file_every_event_is_either_imported_or_told(
    cuts: list[tuple[float, int, str]],
) -> None:
    text = WEEK
    for where, length, scrap in cuts:
        at = int(where * len(text))
        text = text[:at] + scrap + text[at + length :]
    gym = a_gym()
    try:
        outcome = importing(gym, text)
    except Refused:
        with pytest.raises(Refused, match="iCalendar"):
            parse(text, ZONE)
        return
    begun = sum(isinstance(one, ScheduleCreated) for one in gym.log)
    assert begun == sum(one.schedule_id is not None for one in outcome.imported)
    lines = [one.line for one in outcome.imported] + [one.line for one in outcome.rejected]
    assert len(set(lines)) == len(lines) > 0


def test_a_zone_that_is_a_folder_is_no_zone() -> None:
    assert reason("DTSTART;TZID=Europe:20260301T090000", HOUR)
