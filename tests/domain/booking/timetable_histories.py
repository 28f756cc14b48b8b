"""Random histories of a timetable: planned, moved, closed, opened and brought back."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, precondition, rule

from chassis.decider import Refused
from contracts.booking import CancelSession, ScheduleSession, SessionCancelled, SessionScheduled
from contracts.envelope import Command, Event
from contracts.ids import ClosureId, LocationId, RoomId, ScheduleId, SessionId
from contracts.timetable import (
    AddClosure,
    AssignRoom,
    ChangeScheduleFrom,
    CreateSchedule,
    EndSchedule,
    OccurrencesPlaced,
    Pattern,
    ReinstateSession,
    RemoveClosure,
    RescheduleSession,
    RoomAssigned,
    SessionReinstated,
    SessionRescheduled,
    TimetableCode,
)
from services.booking.api import RULES
from services.booking.domain.class_schedule import class_schedule
from tests.domain.booking.language import home
from tests.domain.booking.naive_closures import ClosedDays
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


class Planned(RuleBasedStateMachine):
    """One location; the clock goes on through a change of clocks."""

    series = Bundle("series")

    def __init__(self) -> None:
        super().__init__()
        self.gym = Gym(RULES, home)
        self.now = datetime(2026, 2, 25, 15, tzinfo=UTC)
        self.made = 0
        self.closed = ClosedDays(NEW_YORK)
        self.held_back: set[tuple[ScheduleId, date]] = set()
        """Dates of series that found the location closed, when they were looked at last."""
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
            self._must_be_closed(refusal)
        else:
            self.reached.update(type(event).__name__ for event in events)
            for event in events:
                self._look(event)
            return True
        return False

    def _must_be_closed(self, refusal: Refused) -> None:
        if refusal.code == TimetableCode.LOCATION_CLOSED:
            assert refusal.details["until"] in self.closed.ends, "it is open then"

    def _look(self, event: Event) -> None:
        """What is held back, and what comes on the calendar of days that were closed once."""
        match event:
            case OccurrencesPlaced():
                for one in event.left_out:
                    assert self.closed.cover(one.date), "held back on an open day"
                    self.held_back.add((event.schedule_id, one.date))
                for placed in event.placed:
                    date_of_series = (event.schedule_id, placed.date)
                    if date_of_series in self.held_back:
                        self.reached["held back, and placed when it was open"] += 1
                    self.held_back.discard(date_of_series)
            case SessionScheduled() | SessionReinstated() | SessionRescheduled():
                starts = self.sessions()[event.session_id][0]
                if self.closed.covered(starts.astimezone(NEW_YORK).date()):
                    self.reached[f"{type(event).__name__} on a day that was closed"] += 1

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

    @precondition(lambda self: self.held_back)
    @rule(nth=st.integers(0, 99), hour=hours)
    def say_anew_from_a_day_held_back(self, nth: int, hour: int) -> None:
        schedule, day = sorted(self.held_back)[nth % len(self.held_back)]
        pattern = self.pattern({day.isoweekday()}, hour, None)
        self.ask(ChangeScheduleFrom(schedule_id=schedule, from_date=day, pattern=pattern))

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
        self.closed.close(ClosureId(UUID(int=self.made)), first, last)
        self.time_passes(timedelta())

    @precondition(lambda self: self.closed.on)
    @rule(nth=st.integers(0, 99))
    def open_again(self, nth: int) -> None:
        """It brings nothing back by itself, and takes nothing away."""
        closures = [*self.closed.on, ClosureId(UUID(int=9_999))]
        closure = closures[nth % len(closures)]
        before, due = self.sessions(), dict(self.gym.deadlines)
        opened = RemoveClosure(closure_id=closure, location_id=HALL)
        assert self.ask(opened) == (closure in self.closed.on)
        if closure in self.closed.on:
            if self.closed.shifts(self.closed.on[closure]):
                self.reached["opened where the clocks change"] += 1
            self.closed.open_again(closure)
            known = len(self.gym.log)
            assert self.ask(opened)
            assert len(self.gym.log) == known, "opened twice is opened once"
        assert (self.sessions(), self.gym.deadlines) == (before, due)

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
            if self.ask(command) and isinstance(command, CancelSession):
                self.called_off.append(command.session_id)
        self.now = until
