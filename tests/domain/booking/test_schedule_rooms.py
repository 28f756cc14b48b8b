"""Rooms of a series' sessions: one placed without, because the room was taken, goes on with it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from contracts.booking import ScheduleSession
from contracts.ids import SessionId
from contracts.timetable import (
    AssignRoom,
    OccurrencesPlaced,
    RescheduleSession,
    RoomAssigned,
    SessionPart,
    TimetableCode,
)
from services.booking.domain.class_session import ClassSession, class_session
from tests.domain.booking.test_schedules import (
    BLUE,
    LOCATION,
    RED,
    SERIES,
    SUNDAYS,
    changing,
    running,
    session_on,
    weekly,
)
from tests.scenario import Scenario, fact

TAKEN = date(2026, 3, 29)
LATER = datetime(2026, 3, 2, 5, tzinfo=UTC)  # that Sunday is within sight


def party(at: datetime) -> ScheduleSession:
    """A class by itself in the red room, at nine there for an hour."""
    return ScheduleSession(
        session_id=SessionId(UUID(int=5)), title="Party", location_id=LOCATION, room_id=RED,
        starts_at=at, ends_at=at + timedelta(hours=1), time_zone="America/New_York", capacity=9,
    )  # fmt: skip


def roomless() -> Scenario:
    """The series has the red room, but on one date: that was taken before it came within sight."""
    scenario = running(pattern=weekly(room_id=RED))
    at, place = scenario.gym.deadlines[f"place_occurrences:{SERIES}"]
    scenario.when(party(datetime(2026, 3, 29, 13, tzinfo=UTC)), at).then_answered()
    scenario.when(place, at).then_answered()
    assert on(scenario, TAKEN).slot.room_id is None
    return scenario


def on(scenario: Scenario, day: date) -> ClassSession:
    found: ClassSession = scenario.gym.state(class_session, session_on(scenario.gym, day))
    return found


def test_a_date_without_its_room_blocks_no_change_of_the_series_and_is_told_again() -> None:
    scenario = roomless().when(changing(SUNDAYS[1], room_id=RED, title="Ride"), LATER)
    scenario.then_answered(cancelled=(), kept=())
    assert (on(scenario, TAKEN).slot.title, on(scenario, TAKEN).slot.room_id) == ("Ride", None)
    assert on(scenario, SUNDAYS[1]).slot.room_id == RED
    assert not isinstance(scenario.outcome, Exception)
    told = [one for one in scenario.outcome if isinstance(one, OccurrencesPlaced)]
    assert [(one.placed, one.without_room) for one in told] == [((), (TAKEN,))]


def test_it_has_the_room_as_soon_as_it_can() -> None:
    """At another hour nobody else has it; at the old one once the party is elsewhere."""
    moved = roomless().when(changing(SUNDAYS[1], room_id=RED, starts_at="10:00"), LATER)
    assert on(moved, TAKEN).slot.room_id == RED
    assert on(moved, TAKEN).slot.own == ()
    freed = roomless().when(AssignRoom(session_id=SessionId(UUID(int=5)), room_id=BLUE), LATER)
    freed.when(changing(SUNDAYS[1], room_id=RED), LATER)
    assert on(freed, TAKEN).slot.room_id == RED


def test_at_a_time_of_its_own_it_is_looked_at_then() -> None:
    scenario = roomless()
    at = datetime(2026, 3, 29, 13, 30, tzinfo=UTC)
    own = RescheduleSession(
        session_id=session_on(scenario.gym, TAKEN), starts_at=at, ends_at=at + timedelta(hours=1)
    )
    scenario.when(own, LATER).when(changing(SUNDAYS[1], room_id=RED, starts_at="12:00"), LATER)
    scenario.then_answered(cancelled=())
    assert on(scenario, TAKEN).slot.room_id is None


def test_a_session_with_a_room_does_not_lose_it_to_a_change() -> None:
    scenario = roomless()
    scenario.when(changing(SUNDAYS[1], room_id=BLUE), LATER)
    assert on(scenario, TAKEN).slot.room_id == BLUE
    scenario.when(changing(SUNDAYS[1], room_id=RED), LATER)
    scenario.then_refused(TimetableCode.ROOM_TAKEN, field="room_id")


def test_the_room_it_has_said_for_a_session_alone_is_its_own_from_then_on() -> None:
    scenario = running(pattern=weekly(room_id=RED))
    first = AssignRoom(session_id=session_on(scenario.gym, SUNDAYS[0]), room_id=RED)
    scenario.when(first, LATER - timedelta(days=2)).then(
        fact(RoomAssigned, room_id=RED, previous=RED)
    )
    scenario.when(first, LATER - timedelta(days=2)).then_nothing()
    scenario.when(changing(SUNDAYS[0], room_id=BLUE), LATER - timedelta(days=2))
    assert on(scenario, SUNDAYS[0]).slot.room_id == RED
    assert on(scenario, SUNDAYS[0]).slot.own == (SessionPart.ROOM,)
    without = roomless()
    none = AssignRoom(session_id=session_on(without.gym, TAKEN), room_id=None)
    without.when(none, LATER).when(changing(SUNDAYS[1], room_id=BLUE), LATER)
    assert on(without, TAKEN).slot.room_id is None
