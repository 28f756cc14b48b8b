"""Importing iCalendar: good events go in, bad ones are told with their line and reason."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import SessionScheduled
from contracts.ids import LocationId, RoomId
from contracts.timetable import (
    HearLocation,
    ImportOutcome,
    ImportTimetable,
    ScheduleCreated,
    TimetableCode,
)
from services.booking.api import RULES
from services.booking.ical import parse
from services.booking.timetable_import import import_timetable
from tests.domain.booking.ical_files import HOUR, START, ZONE, event, file
from tests.domain.booking.language import home
from tests.scenario import Gym

NOW = datetime(2026, 2, 25, 15, tzinfo=UTC)
LOCATION, RED = LocationId(UUID(int=99)), RoomId(UUID(int=91))


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


SUNDAYS = event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="weekly")
OPEN_DAY = event("DTSTART:20260302T150000Z", HOUR, uid="once")


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ((event(START.replace("0301T09", "0303T10"), HOUR, "RRULE:FREQ=WEEKLY", uid="weekly"),),
         ["ALREADY_DEFINED"]),
        ((SUNDAYS, event(
            "RECURRENCE-ID;TZID=America/New_York:20260308T090000",
            "DTSTART;TZID=America/New_York:20260308T110000", HOUR, uid="weekly",
        )), ["ALREADY_DEFINED"] * 2),
        ((SUNDAYS, event(
            "RECURRENCE-ID;TZID=America/New_York:20260308T090000", START.replace("0301", "0308"),
            HOUR, "STATUS:CANCELLED", uid="weekly",
        )), ["ALREADY_DEFINED"] * 2),
        ((event(START.replace("0301", "0305"), HOUR, uid="weekly"),), ["ALREADY_DEFINED"]),
        ((event("DTSTART:20260304T180000Z", HOUR, uid="once"),), ["ALREADY_SCHEDULED"]),
        ((event("DTSTART:20260302T150000Z", HOUR, "RRULE:FREQ=DAILY;COUNT=2", uid="once"),),
         ["ALREADY_SCHEDULED"]),
    ],
    ids=[
        "begins on another day", "a date moved", "a date called off", "no series any more",
        "another day", "repeats",
    ],
)  # fmt: skip
def test_what_a_changed_file_says_of_an_event_that_is_in_is_told_and_puts_nothing_in_twice(
    again: tuple[str, ...], told: list[str]
) -> None:
    gym = a_gym()
    assert importing(gym, file(SUNDAYS, OPEN_DAY)).rejected == ()
    before = len(gym.log)
    changed = importing(gym, file(*again))
    assert [one.reason.split(":")[0] for one in changed.rejected] == told
    assert len(gym.log) == before


def test_a_date_that_was_moved_goes_in_with_its_series_wherever_it_stands_in_the_file() -> None:
    moved = event(
        "RECURRENCE-ID;TZID=America/New_York:20260308T090000",
        "DTSTART;TZID=America/New_York:20260308T110000", HOUR, uid="weekly",
    )  # fmt: skip
    for events in ((SUNDAYS, moved), (moved, SUNDAYS)):
        outcome = importing(a_gym(), file(*events))
        assert (len(outcome.imported), outcome.rejected) == (2, ())


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=WEEKLY;UNTIL=19990101",),
        ("RRULE:FREQ=WEEKLY;UNTIL=19990101T000000Z",),
        ("RECURRENCE-ID;VALUE=DATE:19600101",),
        ("RECURRENCE-ID:99990101T090000",),
        ("RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:" + ",".join(
            f"{date(2026, 3, 1) + timedelta(days=nth):%Y%m%d}" for nth in range(1_001)
        )),
    ],
    ids=[
        "ended long ago", "the same in UTC", "a date long ago", "one far ahead",
        "most dates left out",
    ],
)  # fmt: skip
def test_a_series_no_command_can_say_keeps_nothing_else_out(lines: tuple[str, ...]) -> None:
    one = event(START, HOUR, uid="good")
    outcome = importing(a_gym(), file(event(START, HOUR, *lines, uid="bad"), one))
    assert [one.uid for one in outcome.imported] == ["good"]
    assert [(one.line, one.uid) for one in outcome.rejected] == [(3, "bad")]


def test_two_events_of_one_file_cannot_have_one_room_at_one_time() -> None:
    gym = a_gym()
    both = file(
        event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="a"), event(START, HOUR, uid="b"),
        event(START, HOUR, "RRULE:FREQ=WEEKLY", uid="c"),
    )  # fmt: skip
    outcome = importing(gym, both, room_id=RED)
    assert [one.uid for one in outcome.imported] == ["a"]
    assert [one.reason.split(":")[0] for one in outcome.rejected] == ["ROOM_TAKEN"] * 2


def test_a_file_is_read_by_the_clocks_of_the_location() -> None:
    gym, floating = a_gym(), file(event("DTSTART:20260302T090000", HOUR))
    gym.do(HearLocation(location_id=LOCATION, time_zone=ZONE), NOW)
    with pytest.raises(Refused) as refusal:
        importing(gym, floating, time_zone="America/Chicago")
    assert refusal.value.code == TimetableCode.OTHER_TIME_ZONE
    assert len(importing(gym, floating).imported) == 1


def test_without_a_capacity_and_without_a_class_type_nothing_goes_in() -> None:
    outcome = importing(a_gym(), WEEK, capacity=None)
    assert outcome.imported == ()


SCRAPS = [
    "", "RRULE:FREQ=", "INTERVAL=", "BYDAY=1MO", "UNTIL=2026", "UNTIL=19990101",
    "DURATION:-PT1H", "TZID=", "Z", ";", ":", ",", "9", "0", "-", "\n", "\r\n ",
    "RDATE:20260101T000000Z", "BEGIN:VEVENT\n", "END:VEVENT\n", "UID:\n", "é",
    "DTSTART;VALUE=PERIOD:20260301T090000Z/PT1H", "DTEND;VALUE=DATE:20260302",
    "EXDATE;VALUE=DATE:20260308\n", "TZID=Etc/../../x:",
]  # fmt: skip


@settings(deadline=None)  # a file takes a fifth of a second where its machine is busy
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
