"""A session of a series that was called off comes back as the series has it now, or not at all."""

from datetime import UTC, datetime

import pytest

from contracts.booking import BookingCode, CancelSession, PolicyOverrides
from contracts.envelope import Command
from contracts.timetable import (
    EndSchedule,
    ReinstateSession,
    RemoveClosure,
    SessionReinstated,
    SessionsPlaced,
    SubstituteInstructor,
    TimetableCode,
)
from services.booking import deadlines
from services.booking.domain.class_session import Stage
from tests.domain.booking.test_schedule_edits import first_of, sessions
from tests.domain.booking.test_schedules import (
    BLUE,
    KIM,
    LOCATION,
    NOW,
    OTHER_SERIES,
    RED,
    SAM,
    SERIES,
    SUNDAYS,
    changing,
    closing,
    creating,
    running,
    session_on,
    weekly,
)
from tests.scenario import Scenario, fact


def called_off(**pattern: object) -> Scenario:
    """The first date of the series, by itself."""
    scenario = running(pattern=weekly(**pattern))
    off = CancelSession(session_id=first_of(scenario), reason="storm")
    return scenario.when(off, NOW)


def back(scenario: Scenario) -> ReinstateSession:
    return ReinstateSession(session_id=first_of(scenario))


def test_sessions_of_a_closure_come_back_with_what_the_series_says_since() -> None:
    scenario = running(pattern=weekly(room_id=RED, instructor_id=SAM))
    closed = closing(SUNDAYS[0], SUNDAYS[1])
    scenario.when(closed, NOW)
    for name in [one for one in scenario.gym.deadlines if one.startswith("call_off:")]:
        at, command = scenario.gym.deadlines.pop(name)
        scenario.when(command, at).then_answered()
    said = {
        "starts_at": "10:00", "room_id": BLUE, "instructor_id": KIM, "title": "Ride",
        "capacity": 4, "waiver_required": True,
        "overrides": PolicyOverrides(late_cancel_minutes=600),
    }  # fmt: skip
    scenario.when(changing(SUNDAYS[0], **said), NOW)
    scenario.when(RemoveClosure(closure_id=closed.closure_id, location_id=LOCATION), NOW)
    for day in SUNDAYS[:2]:
        scenario.when(ReinstateSession(session_id=session_on(scenario.gym, day)), NOW)
    first, *others = sessions(scenario)
    assert first.starts_at == datetime(2026, 3, 1, 15, tzinfo=UTC)
    looks = [
        (one.stage, one.slot.title, one.slot.room_id, one.slot.instructor_id, one.capacity,
         one.waiver_required, one.policy.late_cancel_minutes, one.slot.own)
        for one in (first, *others)
    ]  # fmt: skip
    assert looks == [(Stage.SCHEDULED, "Ride", BLUE, KIM, 4, True, 600, ())] * len(SUNDAYS)
    at, _ = scenario.gym.deadlines[deadlines.waitlist_closes(first_of(scenario))]
    assert at == first.starts_at


def test_a_session_of_a_series_that_says_the_same_comes_back_as_it_was() -> None:
    scenario = called_off(room_id=RED)
    scenario.when(back(scenario), NOW).then(fact(SessionReinstated), fact(SessionsPlaced))


@pytest.mark.parametrize(
    "said",
    [
        [changing(SUNDAYS[0], weekdays=(1,))],
        [changing(SUNDAYS[0], weekdays=(1,)), changing(SUNDAYS[0], weekdays=(3,))],
        [EndSchedule(schedule_id=SERIES, from_date=SUNDAYS[0], reason="summer")],
    ],
    ids=["another weekday", "another again", "ended"],
)
def test_a_date_the_series_has_no_more_does_not_come_back(said: list[Command]) -> None:
    """The old Sunday would stand beside the new Monday."""
    scenario = called_off()
    for command in said:
        scenario.when(command, NOW).then_answered()
    scenario.when(back(scenario), NOW).then_refused(
        TimetableCode.NOT_IN_SERIES, field="session_id", schedule_id=str(SERIES)
    )


def test_a_date_given_up_and_placed_anew_has_one_session() -> None:
    scenario = running()
    old = back(scenario)
    scenario.when(changing(SUNDAYS[0], weekdays=(1,)), NOW)
    scenario.when(changing(SUNDAYS[0]), NOW)
    scenario.when(old, NOW).then_refused(TimetableCode.NOT_IN_SERIES)


def seen_to() -> Scenario:
    """The first date has a substitute of its own and is then called off."""
    scenario = running(pattern=weekly(instructor_id=SAM))
    first = first_of(scenario)
    scenario.when(SubstituteInstructor(session_id=first, instructor_id=KIM), NOW)
    return scenario.when(CancelSession(session_id=first, reason="storm"), NOW)


def test_what_was_said_for_it_alone_is_still_its_own_when_it_comes_back() -> None:
    scenario = seen_to().when(changing(SUNDAYS[0], instructor_id=SAM, title="Ride"), NOW)
    scenario.when(back(scenario), NOW).then_answered()
    slot = sessions(scenario)[0].slot
    assert (slot.instructor_id, slot.title) == (KIM, "Ride")


def test_a_session_seen_to_by_itself_comes_back_on_its_day_as_it_would_have_stayed() -> None:
    scenario = seen_to().when(changing(SUNDAYS[0], weekdays=(1,)), NOW)
    scenario.when(back(scenario), NOW).then(fact(SessionReinstated), fact(SessionsPlaced))
    ended = seen_to().when(
        EndSchedule(schedule_id=SERIES, from_date=SUNDAYS[0], reason="summer"), NOW
    )
    ended.when(back(ended), NOW).then_refused(TimetableCode.NOT_IN_SERIES)


def test_it_does_not_come_back_to_a_time_that_is_over_or_a_room_that_is_taken() -> None:
    scenario = called_off(room_id=RED).when(changing(SUNDAYS[0], starts_at="07:30"), NOW)
    scenario.when(back(scenario), datetime(2026, 3, 1, 13, tzinfo=UTC))
    scenario.then_refused(BookingCode.STARTS_IN_THE_PAST)
    taken = called_off(room_id=RED)
    command = back(taken)
    other = creating(
        OTHER_SERIES, pattern=weekly(room_id=RED), from_date=SUNDAYS[0], until_date=SUNDAYS[0]
    )
    taken.when(other, NOW).then_answered()
    taken.when(command, NOW).then_refused(TimetableCode.ROOM_TAKEN)
