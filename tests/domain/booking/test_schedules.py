"""Weekly series: put on the calendar four weeks ahead, changed, ended, kept out of closures."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.booking import (
    BookingCode,
    CancelSession,
    PolicyOverrides,
    SessionCancelled,
    SessionScheduled,
)
from contracts.envelope import Event
from contracts.ids import (
    ClassTypeId,
    ClosureId,
    LocationId,
    ProgramId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)
from contracts.timetable import (
    AddClosure,
    ChangeScheduleFrom,
    ClosureAdded,
    ClosureRemoved,
    CreateSchedule,
    DefineClassType,
    DefineProgram,
    EndSchedule,
    OccurrencesDropped,
    OccurrencesPlaced,
    Pattern,
    PlaceOccurrences,
    RemoveClosure,
    RescheduleSession,
    ScheduleChanged,
    ScheduleCreated,
    ScheduleEnded,
    SessionRescheduled,
    SessionsPlaced,
    TimetableCode,
)
from services.booking.domain.class_schedule import ScheduleEvent, class_schedule
from tests.domain.booking.language import given
from tests.scenario import Gym, Scenario, fact

SERIES, OTHER_SERIES = ScheduleId(UUID(int=70)), ScheduleId(UUID(int=71))
LOCATION = LocationId(UUID(int=99))
RED, BLUE = RoomId(UUID(int=91)), RoomId(UUID(int=92))
SAM, KIM = StaffId(UUID(int=81)), StaffId(UUID(int=82))
PROGRAM, SPIN = ProgramId(UUID(int=61)), ClassTypeId(UUID(int=62))
NOW = datetime(2026, 2, 25, 15, tzinfo=UTC)  # a Wednesday morning in New York
SUNDAYS = [date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 22)]


def weekly(**other: Any) -> Pattern:
    usual = {"title": "Spin", "weekdays": (7,), "starts_at": "09:00", "minutes": 60, "capacity": 9}
    return Pattern.model_validate(usual | other)


def creating(series: ScheduleId = SERIES, **other: Any) -> CreateSchedule:
    pattern = other.pop("pattern", weekly())
    usual = {
        "schedule_id": series, "location_id": LOCATION, "time_zone": "America/New_York",
        "pattern": pattern, "from_date": date(2026, 2, 25),
    }  # fmt: skip
    return CreateSchedule.model_validate(usual | other)


def changing(from_date: date, **other: Any) -> ChangeScheduleFrom:
    return ChangeScheduleFrom(schedule_id=SERIES, from_date=from_date, pattern=weekly(**other))


def running(**other: Any) -> Scenario:
    scenario = given().when(creating(**other), NOW)
    scenario.then_answered()
    return scenario


def starts(events: Iterable[Event] | Any) -> list[str]:
    return [
        f"{event.starts_at:%m-%dT%H:%M}" for event in events if isinstance(event, SessionScheduled)
    ]


def session_on(gym: Gym, day: date) -> SessionId:
    for event in gym.log:
        if isinstance(event, OccurrencesPlaced):
            for one in event.placed:
                if one.date == day:
                    found = one.session_id
    return found


def test_a_series_stands_on_the_calendar_four_weeks_ahead_in_one_append() -> None:
    scenario = given().when(creating(), NOW)
    scenario.then(
        fact(ScheduleCreated, schedule_id=SERIES),
        *(fact(SessionScheduled, schedule_id=SERIES, title="Spin", capacity=9) for _ in SUNDAYS),
        fact(SessionsPlaced, location_id=LOCATION),
        fact(OccurrencesPlaced, until=date(2026, 3, 25), left_out=(), without_room=()),
    )
    assert starts(scenario.outcome) == ["03-01T14:00", "03-08T13:00", "03-15T13:00", "03-22T13:00"]


def test_the_next_date_is_placed_when_it_comes_within_sight() -> None:
    gym = running().gym
    at, command = gym.deadlines[f"place_occurrences:{SERIES}"]
    assert at == datetime(2026, 3, 1, 5, tzinfo=UTC)  # midnight there, 28 days before 29 March
    assert isinstance(command, PlaceOccurrences)
    _, events = gym.do(command, at)
    assert starts(events) == ["03-29T13:00"]
    assert gym.deadlines[f"place_occurrences:{SERIES}"][0] == datetime(2026, 3, 8, 5, tzinfo=UTC)


def test_what_was_missed_while_nobody_looked_is_made_up_for() -> None:
    gym = running().gym
    late = NOW + timedelta(days=20)
    _, events = gym.do(PlaceOccurrences(schedule_id=SERIES), late)
    assert starts(events) == ["03-29T13:00", "04-05T13:00", "04-12T13:00"]
    _, again = gym.do(PlaceOccurrences(schedule_id=SERIES), late)
    assert starts(again) == []


def test_a_series_that_is_changed_where_it_is_still_the_day_before_goes_on() -> None:
    gym = running().gym
    at, place = gym.deadlines[f"place_occurrences:{SERIES}"]
    gym.do(place, at)  # by a worker whose clock is ahead
    gym.do(changing(date(2026, 3, 8), starts_at="10:00"), at - timedelta(minutes=1))
    at, place = gym.deadlines[f"place_occurrences:{SERIES}"]
    assert at == datetime(2026, 3, 8, 5, tzinfo=UTC)
    _, events = gym.do(place, at)
    assert starts(events) == ["04-05T14:00"]


def test_a_series_that_is_over_is_looked_at_no_more() -> None:
    gym = running(until_date=date(2026, 3, 8)).gym
    assert starts(gym.log) == ["03-01T14:00", "03-08T13:00"]
    assert f"place_occurrences:{SERIES}" not in gym.deadlines


def test_excepted_dates_are_left_out() -> None:
    gym = running(except_dates=(SUNDAYS[1],)).gym
    assert starts(gym.log) == ["03-01T14:00", "03-15T13:00", "03-22T13:00"]


def test_every_second_week_from_a_day_on_begins_with_that_week() -> None:
    """The first of the dates that change is the one somebody named, in whichever week it is."""
    scenario = running().when(changing(SUNDAYS[1], every_weeks=2), NOW)
    assert not isinstance(scenario.outcome, Exception)
    off = [one.session_id for one in scenario.outcome if isinstance(one, SessionCancelled)]
    assert off == [session_on(scenario.gym, SUNDAYS[2])]


def test_a_change_of_another_kind_leaves_the_weeks_as_they_were() -> None:
    """It is asked for in a week without the class."""
    scenario = running(pattern=weekly(every_weeks=2))
    scenario.when(changing(SUNDAYS[0], every_weeks=2, capacity=20), NOW)
    assert not isinstance(scenario.outcome, Exception)
    assert not [one for one in scenario.outcome if isinstance(one, SessionCancelled)]
    later = datetime(2026, 3, 2, 15, tzinfo=UTC)
    scenario.when(changing(later.date(), every_weeks=2, capacity=21), later)
    assert not isinstance(scenario.outcome, Exception)
    assert not [one for one in scenario.outcome if isinstance(one, SessionCancelled)]


def test_a_series_goes_on_behind_dates_that_are_left_out_however_far_apart_they_are() -> None:
    yearly, weeks = weekly(every_weeks=52), timedelta(weeks=52)
    next_two = (SUNDAYS[0] + weeks, SUNDAYS[0] + 2 * weeks)
    gym = running(pattern=yearly, from_date=SUNDAYS[0], except_dates=next_two).gym
    at, look = gym.deadlines[f"place_occurrences:{SERIES}"]
    assert at.date() == SUNDAYS[0] + 3 * weeks - timedelta(days=28)
    _, events = gym.do(look, at)
    assert starts(events) == ["02-25T14:00"]
    without_its_first = running(
        pattern=yearly, from_date=SUNDAYS[0], except_dates=(SUNDAYS[0], next_two[0])
    )
    assert f"place_occurrences:{SERIES}" in without_its_first.gym.deadlines


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"until_date": date(2026, 2, 1)}, TimetableCode.ENDS_BEFORE_IT_BEGINS),
        ({"time_zone": "Mars/Olympus"}, BookingCode.UNKNOWN_TIME_ZONE),
        ({"until_date": date(2026, 2, 27)}, TimetableCode.INVALID_SCHEDULE),
        ({"pattern": weekly(title=None)}, TimetableCode.INVALID_SCHEDULE),
        ({"pattern": weekly(class_type_id=SPIN)}, TimetableCode.CLASS_TYPE_NOT_FOUND),
    ],
)
def test_an_impossible_series_is_refused(change: dict[str, Any], code: str) -> None:
    given().when(creating(**change), NOW).then_refused(code)


def test_a_series_is_created_once() -> None:
    running().when(creating(), NOW).then_refused(TimetableCode.ALREADY_DEFINED)


def test_a_series_takes_what_it_leaves_open_from_the_class_type() -> None:
    kind = DefineClassType(
        class_type_id=SPIN, program_id=PROGRAM, name="Peak spin", minutes=45, capacity=12,
        overrides=PolicyOverrides(late_cancel_minutes=360),
    )  # fmt: skip
    scenario = given().when(DefineProgram(program_id=PROGRAM, name="Cycling"), NOW).when(kind, NOW)
    open_ = weekly(title=None, minutes=None, capacity=None, class_type_id=SPIN)
    gym = scenario.when(creating(pattern=open_), NOW).gym
    first = next(one for one in gym.log if isinstance(one, SessionScheduled))
    assert (first.title, first.capacity, first.program_id) == ("Peak spin", 12, PROGRAM)
    assert first.ends_at - first.starts_at == timedelta(minutes=45)
    assert first.policy.late_cancel_minutes == 360


def test_a_series_does_not_begin_in_a_room_somebody_else_has() -> None:
    scenario = running(pattern=weekly(room_id=RED))
    clash = creating(OTHER_SERIES, pattern=weekly(room_id=RED, starts_at="09:30"))
    scenario.when(clash, NOW).then_refused(
        TimetableCode.ROOM_TAKEN, session_id=str(session_on(scenario.gym, SUNDAYS[0]))
    )
    beside = creating(OTHER_SERIES, pattern=weekly(room_id=BLUE, starts_at="09:30"))
    scenario.when(beside, NOW).then_answered()
    after = creating(ScheduleId(UUID(int=72)), pattern=weekly(room_id=RED, starts_at="10:00"))
    scenario.when(after, NOW).then_answered()


def test_a_room_taken_meanwhile_leaves_the_later_date_without_one() -> None:
    gym = running(pattern=weekly(room_id=RED)).gym
    one_off = creating(
        OTHER_SERIES, pattern=weekly(room_id=RED), from_date=date(2026, 3, 29),
        until_date=date(2026, 3, 29),
    )  # fmt: skip
    later = datetime(2026, 3, 1, 4, tzinfo=UTC)  # nothing of 29 March is in sight yet
    gym.do(one_off, later)
    for name in (f"place_occurrences:{OTHER_SERIES}", f"place_occurrences:{SERIES}"):
        at, command = gym.deadlines[name]
        _, events = gym.do(command, at)
    placed = next(one for one in events if isinstance(one, OccurrencesPlaced))
    assert placed.without_room == (date(2026, 3, 29),)
    session = next(one for one in events if isinstance(one, SessionScheduled))
    assert session.room_id is None


def test_this_and_following_move_those_before_stay() -> None:
    scenario = running().when(changing(SUNDAYS[2], starts_at="10:30"), NOW)
    scenario.then(
        fact(ScheduleChanged, from_date=SUNDAYS[2]),
        *(
            event
            for day in SUNDAYS[2:]
            for event in (
                fact(SessionRescheduled, session_id=session_on(scenario.gym, day), by_series=True),
                fact(SessionsPlaced),
            )
        ),
    )
    at, command = scenario.gym.deadlines[f"place_occurrences:{SERIES}"]
    _, events = scenario.gym.do(command, at)
    assert starts(events) == ["03-29T14:30"]


def test_another_weekday_calls_the_old_dates_off_and_places_the_new() -> None:
    scenario = running().when(changing(SUNDAYS[1], weekdays=(1,)), NOW)
    outcome = scenario.outcome
    assert not isinstance(outcome, Exception)
    off = [one.session_id for one in outcome if isinstance(one, SessionCancelled)]
    assert off == [session_on(scenario.gym, day) for day in SUNDAYS[1:]]
    assert [one.dates for one in outcome if isinstance(one, OccurrencesDropped)] == [
        tuple(SUNDAYS[1:])
    ]
    assert starts(outcome) == ["03-09T13:00", "03-16T13:00", "03-23T13:00"]


def test_a_date_given_up_and_taken_back_is_another_session() -> None:
    scenario = running().when(changing(SUNDAYS[0], weekdays=(1,)), NOW)
    old = [one.session_id for one in scenario.gym.log if isinstance(one, SessionScheduled)]
    scenario.when(changing(SUNDAYS[0], weekdays=(7,)), NOW)
    assert starts(scenario.outcome) == ["03-01T14:00", "03-08T13:00", "03-15T13:00", "03-22T13:00"]
    every = [one.session_id for one in scenario.gym.log if isinstance(one, SessionScheduled)]
    assert len(set(every)) == len(every) == len(old) + 4


def test_a_session_moved_by_itself_stays_at_its_time() -> None:
    scenario = running()
    edited = session_on(scenario.gym, SUNDAYS[2])
    own = datetime(2026, 3, 15, 18, tzinfo=UTC)
    alone = RescheduleSession(
        session_id=edited, starts_at=own, ends_at=own + timedelta(hours=1)
    )  # fmt: skip
    scenario.when(alone, NOW).when(changing(SUNDAYS[0], starts_at="10:30"), NOW)
    assert not isinstance(scenario.outcome, Exception)
    moved = [one.session_id for one in scenario.outcome if isinstance(one, SessionRescheduled)]
    assert moved == [session_on(scenario.gym, day) for day in SUNDAYS if day != SUNDAYS[2]]


def test_a_session_called_off_by_itself_is_not_brought_back_by_the_series() -> None:
    scenario = running()
    off = CancelSession(session_id=session_on(scenario.gym, SUNDAYS[1]), reason="rain")
    scenario.when(off, NOW).when(changing(SUNDAYS[0], capacity=20), NOW)
    assert not isinstance(scenario.outcome, Exception)
    assert starts(scenario.outcome) == []


def test_an_ended_series_calls_off_what_stands_and_places_no_more() -> None:
    ending = EndSchedule(schedule_id=SERIES, from_date=SUNDAYS[2], reason="summer")
    scenario = running().when(ending, NOW)
    assert not isinstance(scenario.outcome, Exception)
    off = [one for one in scenario.outcome if isinstance(one, SessionCancelled)]
    assert [one.reason for one in off] == ["summer", "summer"]
    assert isinstance(scenario.outcome[0], ScheduleEnded)
    assert f"place_occurrences:{SERIES}" not in scenario.gym.deadlines
    scenario.when(changing(SUNDAYS[3]), NOW).then_refused(TimetableCode.SCHEDULE_ENDED)


def test_a_series_that_is_over_is_neither_changed_nor_ended_from_a_day_that_has_been() -> None:
    """Its last day would have become yesterday."""
    scenario, later = running(until_date=SUNDAYS[1]), NOW + timedelta(days=30)
    ending = EndSchedule(schedule_id=SERIES, from_date=SUNDAYS[0], reason="summer")
    for command in (changing(SUNDAYS[0]), ending):
        scenario.when(command, later).then_refused(TimetableCode.SCHEDULE_ENDED)


def test_a_series_that_is_not_there_is_neither_changed_nor_ended() -> None:
    ending = EndSchedule(schedule_id=SERIES, from_date=SUNDAYS[2], reason="summer")
    for command in (changing(SUNDAYS[1]), ending):
        given().when(command, NOW).then_refused(
            TimetableCode.SCHEDULE_NOT_FOUND, field="schedule_id"
        )


def closing(first: date, last: date) -> AddClosure:
    return AddClosure(
        closure_id=ClosureId(UUID(int=51)), location_id=LOCATION, time_zone="America/New_York",
        from_date=first, until_date=last, reason="painting",
    )  # fmt: skip


def test_a_closure_calls_off_what_is_inside_and_keeps_later_dates_out() -> None:
    scenario = running()
    closed = closing(SUNDAYS[3], date(2026, 3, 29))
    scenario.when(closed, NOW).then(fact(ClosureAdded, reason="painting"))
    inside = session_on(scenario.gym, SUNDAYS[3])
    scenario.then_answered(cancelled=(inside,))
    due, command = scenario.gym.deadlines[f"call_off:{inside}"]
    assert (due, command) == (NOW, CancelSession(session_id=inside, reason="painting"))
    at, place = scenario.gym.deadlines[f"place_occurrences:{SERIES}"]
    _, events = scenario.gym.do(place, at)
    placed = next(one for one in events if isinstance(one, OccurrencesPlaced))
    assert [(one.date, one.reason) for one in placed.left_out] == [(date(2026, 3, 29), "painting")]
    assert starts(events) == []


def test_dates_come_back_once_a_closure_is_removed_but_those_that_were_passed_over() -> None:
    scenario = running()
    closed = closing(date(2026, 3, 29), date(2026, 4, 5))
    scenario.when(closed, NOW)
    at, place = scenario.gym.deadlines[f"place_occurrences:{SERIES}"]
    scenario.when(place, at)
    opened = RemoveClosure(closure_id=closed.closure_id, location_id=LOCATION)
    scenario.when(opened, at).then(fact(ClosureRemoved, closure_id=closed.closure_id))
    scenario.when(opened, at).then_nothing()
    later, place = scenario.gym.deadlines[f"place_occurrences:{SERIES}"]
    scenario.when(place, later)
    placed = scenario.gym.state(class_schedule, SERIES).placed
    assert (date(2026, 3, 29) in placed, date(2026, 4, 5) in placed) == (False, True)
    scenario.when(changing(date(2026, 3, 29)), later)
    assert date(2026, 3, 29) in scenario.gym.state(class_schedule, SERIES).placed


def test_only_a_closure_that_is_there_is_removed() -> None:
    unknown = RemoveClosure(closure_id=ClosureId(UUID(int=59)), location_id=LOCATION)
    given().when(unknown, NOW).then_refused(TimetableCode.CLOSURE_NOT_FOUND, field="closure_id")


def test_a_closure_that_would_be_over_is_refused() -> None:
    past = closing(date(2026, 2, 1), date(2026, 2, 24))
    given().when(past, NOW).then_refused(TimetableCode.ENDS_BEFORE_IT_BEGINS)
    backwards = closing(date(2026, 3, 2), date(2026, 3, 1))
    given().when(backwards, NOW).then_refused(TimetableCode.ENDS_BEFORE_IT_BEGINS)


def test_replaying_the_log_gives_the_same_series() -> None:
    gym = running().when(changing(SUNDAYS[1], weekdays=(1, 7)), NOW).gym
    own = [event for event in gym.log if isinstance(event, ScheduleEvent)]
    assert class_schedule.fold(own) == gym.state(class_schedule, SERIES)
