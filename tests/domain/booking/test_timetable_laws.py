"""Laws of the timetable: whatever is planned, moved, closed and brought back, in any order."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chassis.decider import Refused
from contracts.booking import CancelSession, ScheduleSession, SessionCancelled, SessionScheduled
from contracts.envelope import Command
from contracts.ids import ClosureId, LocationId, RoomId, ScheduleId, SessionId
from contracts.timetable import (
    AddClosure,
    AssignRoom,
    ChangeScheduleFrom,
    CreateSchedule,
    EndSchedule,
    Pattern,
    ReinstateSession,
    RescheduleSession,
    RoomAssigned,
    SessionReinstated,
    SessionRescheduled,
)
from services.booking.api import RULES
from services.booking.domain.class_schedule import ClassSchedule, class_schedule
from services.booking.domain.class_session import ClassSession, Stage, class_session
from services.booking.domain.rooms import LocationCalendar, location_calendar
from tests.domain.booking.language import home
from tests.domain.walking import missing, walk
from tests.scenario import Gym

NEW_YORK = ZoneInfo("America/New_York")
HALL = LocationId(UUID(int=99))
ROOMS = [None, RoomId(UUID(int=91)), RoomId(UUID(int=92))]
HOUR = timedelta(hours=1)

HOURS = [6, 9, 10, 10, 21]  # a class of one hour overlaps with that of the next
MOVES_BY = [HOUR, -HOUR, 4 * HOUR, -4 * HOUR, 24 * HOUR, -24 * HOUR, 52 * HOUR]
GOES_ON = [HOUR, timedelta(days=1), timedelta(days=9)]

hours = st.sampled_from(HOURS)
rooms = st.sampled_from(ROOMS)
weekdays = st.sets(st.integers(1, 7), min_size=1, max_size=3)
ahead = st.integers(0, 35)


class Timetable(RuleBasedStateMachine):
    """One location; the clock goes on through a change of clocks."""

    series = Bundle("series")

    def __init__(self) -> None:
        super().__init__()
        self.gym = Gym(RULES, home)
        self.now = datetime(2026, 2, 25, 15, tzinfo=UTC)
        self.made = 0
        self.closed: list[tuple[date, date]] = []
        self.called_off: list[SessionId] = []
        self.reached: Counter[str] = Counter()

    @property
    def today(self) -> date:
        return self.now.astimezone(NEW_YORK).date()

    def ask(self, command: Command) -> bool:
        """Whether it was done."""
        try:
            _, events = self.gym.do(command, self.now)
        except Refused as refusal:
            self.reached[f"{type(command).__name__} refused {refusal.code}"] += 1
        else:
            self.reached.update(type(event).__name__ for event in events)
            return True
        return False

    def sessions(self) -> dict[SessionId, tuple[datetime, datetime, RoomId | None, bool]]:
        """Every session as its own events tell, counted apart from the rules."""
        told: dict[SessionId, tuple[datetime, datetime, RoomId | None, bool]] = {}
        for one in self.gym.log:
            match one:
                case SessionScheduled():
                    told[one.session_id] = (one.starts_at, one.ends_at, one.room_id, True)
                case SessionRescheduled():
                    told[one.session_id] = (
                        one.starts_at, one.ends_at, *told[one.session_id][2:],
                    )  # fmt: skip
                case RoomAssigned():
                    starts, ends, _, on = told[one.session_id]
                    told[one.session_id] = (starts, ends, one.room_id, on)
                case SessionCancelled() | SessionReinstated():
                    on = isinstance(one, SessionReinstated)
                    told[one.session_id] = (*told[one.session_id][:3], on)
        return told

    def some_session(self, nth: int) -> SessionId:
        known = list(self.sessions())
        return known[nth % len(known)] if known else SessionId(UUID(int=1))

    @initialize(target=series, room=rooms)
    def begin(self, room: RoomId | None) -> ScheduleId:
        return self.creating({7}, 9, room, 0)

    @rule(target=series, days=weekdays, hour=hours, room=rooms, after=ahead)
    def create(self, days: set[int], hour: int, room: RoomId | None, after: int) -> ScheduleId:
        return self.creating(days, hour, room, after)

    def creating(self, days: set[int], hour: int, room: RoomId | None, after: int) -> ScheduleId:
        self.made += 1
        schedule = ScheduleId(UUID(int=1_000 + self.made))
        self.ask(CreateSchedule(
            schedule_id=schedule, location_id=HALL, time_zone="America/New_York",
            pattern=self.pattern(days, hour, room), from_date=self.today + timedelta(days=after),
        ))  # fmt: skip
        return schedule

    @staticmethod
    def pattern(days: set[int], hour: int, room: RoomId | None) -> Pattern:
        return Pattern(
            title="Spin", weekdays=tuple(days), starts_at=f"{hour:02}:30", minutes=90, capacity=9,
            room_id=room,
        )  # fmt: skip

    @rule(schedule=series, days=weekdays, hour=hours, room=rooms, after=ahead)
    def change(
        self, schedule: ScheduleId, days: set[int], hour: int, room: RoomId | None, after: int
    ) -> None:
        since = self.today + timedelta(days=after)
        pattern = self.pattern(days, hour, room)
        self.ask(ChangeScheduleFrom(schedule_id=schedule, from_date=since, pattern=pattern))

    @rule(schedule=series, after=ahead)
    def end(self, schedule: ScheduleId, after: int) -> None:
        self.ask(EndSchedule(schedule_id=schedule, from_date=self.today + timedelta(days=after)))

    @rule(nth=st.integers(0, 99), away=st.sampled_from(MOVES_BY))
    def move(self, nth: int, away: timedelta) -> None:
        session = self.some_session(nth)
        if session in self.sessions():
            starts, ends, *_ = self.sessions()[session]
            self.ask(
                RescheduleSession(session_id=session, starts_at=starts + away, ends_at=ends + away)
            )

    @rule(nth=st.integers(0, 99), room=rooms)
    def assign(self, nth: int, room: RoomId | None) -> None:
        self.ask(AssignRoom(session_id=self.some_session(nth), room_id=room))

    @rule(nth=st.integers(0, 99))
    def cancel(self, nth: int) -> None:
        """Not mostly the first, which the clock overtakes."""
        session = self.some_session(nth + len(self.called_off))
        if self.ask(CancelSession(session_id=session, reason="rain")):
            self.called_off.append(session)

    @precondition(lambda self: self.called_off)
    @rule(nth=st.integers(0, 99))
    def reinstate(self, nth: int) -> None:
        """Mostly the last one that somebody called off."""
        if nth % 5 == 4:
            self.ask(ReinstateSession(session_id=self.some_session(nth)))
        else:
            self.ask(ReinstateSession(session_id=self.called_off.pop()))

    @rule(schedule=series, nth=st.integers(0, 99), days=weekdays, hour=hours)
    def change_while_called_off(
        self, schedule: ScheduleId, nth: int, days: set[int], hour: int
    ) -> None:
        placed = list(self.gym.state(class_schedule, schedule).placed.values())
        if placed:
            session = placed[nth % len(placed)]
            self.ask(CancelSession(session_id=session, reason="storm"))
            self.change(schedule, days, hour, None, 0)
            self.ask(ReinstateSession(session_id=session))

    @rule(after=ahead, nights=st.integers(0, 3))
    def close(self, after: int, nights: int) -> None:
        first = self.today + timedelta(days=after)
        last = first + timedelta(days=nights)
        self.made += 1
        self.ask(AddClosure(
            closure_id=ClosureId(UUID(int=self.made)), location_id=HALL, reason="painting",
            time_zone="America/New_York", from_date=first, until_date=last,
        ))  # fmt: skip
        self.closed.append((first, last))
        self.time_passes(timedelta())

    @rule(hour=hours, room=rooms, after=st.integers(1, 35))
    def one_off(self, hour: int, room: RoomId | None, after: int) -> None:
        self.made += 1
        starts = self.now + timedelta(days=after, hours=hour - 12)
        self.ask(ScheduleSession(
            session_id=SessionId(UUID(int=2_000 + self.made)), title="Open day", room_id=room,
            location_id=HALL, starts_at=starts, ends_at=starts + HOUR, capacity=9,
            time_zone="America/New_York",
        ))  # fmt: skip

    @rule(by=st.sampled_from(GOES_ON))
    def time_passes(self, by: timedelta) -> None:
        """Deadlines come when they are due, the earliest first."""
        until = self.now + by
        while due := [d for d in self.gym.deadlines.items() if d[1][0] <= until]:
            name, (at, command) = min(due, key=lambda one: one[1][0])
            del self.gym.deadlines[name]
            self.now = max(self.now, at)
            self.ask(command)
        self.now = until

    @invariant()
    def a_room_holds_one_session_at_a_time(self) -> None:
        taken = [one for one in self.sessions().values() if one[3] and one[2] is not None]
        for (a, b, room, _), (c, d, other, _) in combinations(taken, 2):
            assert room != other or b <= c or d <= a

    @invariant()
    def nothing_to_come_takes_place_while_closed(self) -> None:
        for starts, _, _, on in self.sessions().values():
            day = starts.astimezone(NEW_YORK).date()
            closed = any(first <= day <= last for first, last in self.closed)
            assert not (on and closed and starts > self.now)

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
    walk(week, dice, partial(drawn, week), steps=40)
    return week.reached


def test_long_walks_come_to_what_the_laws_speak_of_and_they_hold() -> None:
    assert missing(Timetable, NEEDED, map(walked, range(30))) == []
