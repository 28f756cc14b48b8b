"""Laws of the timetable: whatever is planned, moved, closed and brought back, in any order."""

from collections import Counter
from functools import partial
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis.stateful import invariant

from contracts.ids import ScheduleId
from services.booking.domain.class_schedule import ClassSchedule, class_schedule
from services.booking.domain.class_session import ClassSession, Stage, class_session
from services.booking.domain.rooms import LocationCalendar, location_calendar
from tests.domain.booking.timetable_histories import (
    GOES_ON,
    HALL,
    HOURS,
    MOVES_BY,
    NEW_YORK,
    ROOMS,
    Planned,
)
from tests.domain.walking import missing, walk


class Timetable(Planned):
    """What is so after every step."""

    @invariant()
    def a_room_holds_one_session_at_a_time(self) -> None:
        taken = [one for one in self.sessions().values() if one[3] and one[2] is not None]
        for (a, b, room, _), (c, d, other, _) in combinations(taken, 2):
            assert room != other or b <= c or d <= a

    @invariant()
    def nothing_to_come_takes_place_while_closed(self) -> None:
        for starts, _, _, on in self.sessions().values():
            day = starts.astimezone(NEW_YORK).date()
            assert not (on and self.closed.cover(day) and starts > self.now)

    @invariant()
    def the_location_knows_what_is_to_come(self) -> None:
        calendar: LocationCalendar = self.gym.state(location_calendar, HALL)
        told = self.sessions()
        ahead_of_now = {one for one, (_, ends, _, on) in told.items() if on and ends > self.now}
        placed = {k for k, one in calendar.placed.items() if one.ends_at > self.now}
        assert placed == ahead_of_now
        for session in placed:
            one = calendar.placed[session]
            assert (one.starts_at, one.ends_at, one.room_id) == told[session][:3]

    @invariant()
    def every_date_within_sight_was_looked_at_and_has_one_session_at_most(self) -> None:
        for nth in range(1, self.made + 1):
            schedule = ScheduleId(UUID(int=1_000 + nth))
            state: ClassSchedule = self.gym.state(class_schedule, schedule)
            if not state.segments or state.until_date is not None:
                continue
            assert len(set(state.placed.values())) == len(state.placed)
            at = self.gym.deadlines[f"place_occurrences:{schedule}"][0]
            assert at > self.now

    @invariant()
    def a_date_within_sight_is_placed_unless_it_was_looked_at_while_it_was_closed(self) -> None:
        for nth in range(1, self.made + 1):
            schedule = ScheduleId(UUID(int=1_000 + nth))
            state: ClassSchedule = self.gym.state(class_schedule, schedule)
            if state.placed_until is None:
                continue
            for day in state.dates(self.today, state.placed_until):
                known = day in state.placed or (schedule, day) in self.held_back
                assert known or state.starts_at(day) <= self.now

    @invariant()
    def what_a_series_has_on_the_calendar_is_when_the_series_says(self) -> None:
        """But for what was said of one session alone, and for what has begun."""
        for nth in range(1, self.made + 1):
            state: ClassSchedule = self.gym.state(class_schedule, ScheduleId(UUID(int=1_000 + nth)))
            for day, one in state.placed.items():
                session: ClassSession = self.gym.state(class_session, one)
                is_on = session.stage is Stage.SCHEDULED and session.starts_at > self.now
                if is_on and not session.slot.own:
                    assert state.dates(day, day)
                    assert session.starts_at == state.starts_at(day)


NEEDED = {
    "OccurrencesPlaced", "OccurrencesDropped", "ScheduleChanged", "ScheduleEnded", "ClosureAdded",
    "SessionCancelled", "SessionReinstated", "SessionRescheduled", "RoomAssigned",
    *(f"{command} refused ROOM_TAKEN" for command in (
        "ScheduleSession", "CreateSchedule", "ChangeScheduleFrom", "RescheduleSession",
    )),
    *(f"ReinstateSession refused {code}" for code in (
        "NOT_IN_SERIES", "LOCATION_CLOSED", "SESSION_NOT_CANCELLED", "STARTS_IN_THE_PAST",
    )),
    "ScheduleSession refused LOCATION_CLOSED", "RescheduleSession refused SESSION_STARTED",
    "ClosureRemoved", "RemoveClosure refused CLOSURE_NOT_FOUND", "opened where the clocks change",
    "held back, and placed when it was open",
    *(f"{event} on a day that was closed" for event in (
        "SessionScheduled", "SessionReinstated", "SessionRescheduled",
    )),
}  # fmt: skip
"""What walks together come to."""

TestTimetable = Timetable.TestCase
TestTimetable.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def drawn(week: Timetable, dice: Random) -> dict[str, Any]:
    return {
        "schedule": ScheduleId(UUID(int=1_000 + dice.randint(1, week.made))),
        "days": set(dice.sample(range(1, 8), dice.choice([1, 2, 3]))), "nth": dice.randrange(100),
        "hour": dice.choice(HOURS), "room": dice.choice(ROOMS),
        "nights": dice.randrange(4), "after": dice.choice([1, 2, 5, 9, 20, 35]),
        "by": dice.choice(GOES_ON), "away": dice.choice(MOVES_BY),
    }  # fmt: skip


def walked(seed: int) -> Counter[str]:
    dice, week = Random(seed), Timetable()
    week.begin(dice.choice(ROOMS))
    walk(week, dice, partial(drawn, week), steps=70)
    return week.reached


def test_long_walks_come_to_what_the_laws_speak_of_and_they_hold() -> None:
    assert missing(Timetable, NEEDED, map(walked, range(30))) == []
