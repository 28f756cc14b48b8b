"""One session counted again from the log: seats, line, books, and what its rules mean for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts import booking as said
from contracts.booking import Attendance, BookingPolicy, Charge
from contracts.ids import ClientId, LocationId, ProgramId, ReservationId, SessionId
from contracts.timetable import NewDeadline

MINUTE = timedelta(minutes=1)
UNBOUNDED = 999  # seats clients may take themselves where the session does not say


@dataclass
class Seats:
    """One session."""

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    capacity: int
    online_capacity: int
    spots: tuple[str, ...]
    waiver_required: bool
    policy: BookingPolicy
    location: LocationId
    planned_at: datetime
    gym_version: int  # of the gym's rules then
    overrides: said.PolicyOverrides  # what it says itself, whatever the gym's rules say
    program: ProgramId | None
    seated: dict[ClientId, said.ReservationMade] = field(default_factory=dict)
    here: set[ClientId] = field(default_factory=set)
    late: dict[ClientId, said.ReservationMade] = field(default_factory=dict)
    after_start: set[ClientId] = field(default_factory=set)  # of the late ones
    spot: dict[ClientId, str | None] = field(default_factory=dict)
    line: list[ClientId] = field(default_factory=list)
    joined: dict[ClientId, said.WaitlistJoined] = field(default_factory=dict)
    offered: dict[ClientId, datetime] = field(default_factory=dict)
    claims_offer: ClientId | None = None  # whose seat was held for them until just now
    claims: ClientId | None = None  # who stood in line until just now
    declined: set[ClientId] = field(default_factory=set)
    books: dict[ClientId, Attendance] = field(default_factory=dict)  # once they are closed
    refilled: set[ClientId] = field(default_factory=set)  # late cancels that cost nothing
    empty: int | None = None  # seats at the start
    last_seq: int = 0
    over: bool = False  # cancelled or finalized
    called_off: bool = False
    reservations: set[ReservationId] = field(default_factory=set)
    beyond: int = 0  # seats taken or offered that are not there, as of the last event

    @classmethod
    def of(cls, event: said.SessionScheduled, now: datetime) -> "Seats":
        online = event.online_capacity
        seats = cls(
            event.starts_at, event.ends_at, ZoneInfo(event.time_zone), event.capacity,
            UNBOUNDED if online is None else online, event.spots, event.waiver_required,
            event.policy, event.location_id, now, event.gym_policy_version or event.policy.version,
            event.overrides, event.program_id,
        )  # fmt: skip
        assert event.booking_opens_at == seats.opens_at
        assert event.booking_closes_at == seats.closes_at
        return seats

    @property
    def day(self) -> date:
        """On which it takes place where it takes place."""
        return self.starts_at.astimezone(self.zone).date()

    @property
    def opens_at(self) -> datetime:
        wall_clock = time.fromisoformat(self.policy.opens_at_local)
        day = self.day - timedelta(days=self.policy.opens_days_before)
        while self.policy.opens_weekly_on not in {None, day.isoweekday()}:
            day -= timedelta(days=1)
        return datetime.combine(day, wall_clock, tzinfo=self.zone)

    @property
    def closes_at(self) -> datetime:
        return self.starts_at - self.policy.closes_minutes_before * MINUTE

    @property
    def cancels_until(self) -> datetime:
        return self.starts_at + self.policy.cancel_closes_minutes_after * MINUTE

    @property
    def promotes_until(self) -> datetime:
        """Free seats go to the line by themselves."""
        fixed = self.policy.auto_promotion_ends_minutes_before
        if fixed is None:
            fixed = self.policy.late_cancel_minutes + self.policy.auto_promotion_lead_minutes
        return self.starts_at - fixed * MINUTE

    @property
    def serves_until(self) -> datetime:
        """Free seats are the line's."""
        if self.policy.offer_minutes == 0:
            return self.promotes_until
        claims_at = self.starts_at - self.policy.claim_opens_minutes_before * MINUTE
        return max(self.promotes_until, min(claims_at, self.closes_at))

    @property
    def longest_line(self) -> int:
        most = self.policy.waitlist_max
        return most if self.policy.waitlist_uncapped else min(most, self.capacity)

    def free(self, *, online: bool) -> int:
        """Seats nobody has and nobody is offered."""
        free = self.capacity - len(self.seated) - len(self.offered)
        of_clients = sum(one.online for one in self.seated.values()) + len(self.offered)
        return min(free, self.online_capacity - of_clients) if online else free

    @property
    def excess(self) -> int:
        """Seats taken or offered, one that is just being claimed too, that are not there."""
        claimed = self.claims_offer is not None
        return max(len(self.seated) + len(self.offered) + claimed - self.capacity, 0)

    def free_from(self, now: datetime) -> datetime:
        """Until when a seat taken now may be given up freely."""
        late = self.starts_at - self.policy.late_cancel_minutes * MINUTE
        return max(late, now + self.policy.cancel_grace_minutes * MINUTE)

    def give_longer(self, deadlines: Iterable[NewDeadline]) -> None:
        for one in deadlines:
            made = self.seated[one.client_id]
            assert one.free_until != made.free_until
            self.seated[one.client_id] = made.model_copy(update={"free_until": one.free_until})

    def seat(self, made: said.ReservationMade, spot: str | None) -> None:
        assert made.client_id not in self.seated
        assert spot is None or spot in self.spots
        assert spot is None or spot not in {self.spot[one] for one in self.seated}, "shared spot"
        assert not self.spots or spot is not None or len(self.seated) >= len(self.spots)
        self.seated[made.client_id] = made
        self.spot[made.client_id] = spot

    def start(self, now: datetime) -> None:
        """Count the seats that stay empty, once it has started."""
        if self.empty is None and not self.over and now >= self.starts_at:
            self.empty = max(self.capacity - len(self.seated), 0)

    def close(self, event: said.AttendanceFinalized) -> dict[ReservationId, Charge]:
        """Write the books. Answers what becomes of what each reservation holds."""
        self.over = True
        if event.excused:
            everybody = {**self.late, **self.seated}
            assert not self.here
            assert set(event.excused) == {one.reservation_id for one in everybody.values()}
            self.books |= dict.fromkeys(everybody, Attendance.EXCUSED)
            return dict.fromkeys(event.excused, Charge.RELEASED)
        for client in self.seated:
            came = client in self.here
            self.books[client] = Attendance.ATTENDED if came else Attendance.NO_SHOW
        self.books |= dict.fromkeys(self.late, Attendance.LATE_CANCELLED)
        assert event.attended == len(self.here & set(self.seated))
        assert event.late_cancels == len(self.late)
        self.refilled = set(self.late) - self.unfilled()
        assert set(event.refilled) == self.refilled
        return {made.reservation_id: self._charge(client) for client, made in self.people.items()}

    def unfilled(self) -> set[ClientId]:
        """Whose late cancel left a seat empty: of those before the start the last so many."""
        in_time = [client for client in self.late if client not in self.after_start]
        kept = max(len(in_time) - (self.empty or 0), 0)
        return {*in_time[kept:], *self.after_start}

    @property
    def people(self) -> dict[ClientId, said.ReservationMade]:
        """Who has a seat or gave it up late."""
        return {**self.late, **self.seated}

    def _charge(self, client: ClientId) -> Charge:
        if client in self.here:
            return Charge.CONSUMED
        return Charge.RELEASED if client in self.refilled else Charge.FORFEITED

    def broken_by(
        self, event: said.ReservationMade, now: datetime, *, early: bool
    ) -> set[said.BookingCode]:
        """The rules of the session itself that stand in the way of the seat.

        ``early``: whether booking has yet to open for the client.
        """
        code, broken = said.BookingCode, set()
        if event.source is said.ReservationSource.WALK_IN:
            broken |= self.shut(now)
        elif event.source is not said.ReservationSource.PROMOTED:
            broken |= {code.WINDOW_NOT_OPEN} if early else set()
            broken |= {code.BOOKING_CLOSED} if now >= self.closes_at else set()
        by_staff = not event.online
        if self.free(online=not by_staff) <= 0 and event.client_id != self.claims_offer:
            broken |= {code.SESSION_FULL}
        return broken

    def shut(self, now: datetime) -> set[said.BookingCode]:
        """The times of check-in, outside of them."""
        code, policy = said.BookingCode, self.policy
        early = now < self.starts_at - policy.check_in_opens_minutes_before * MINUTE
        stands = {code.CHECK_IN_NOT_OPEN: early, code.CHECK_IN_CLOSED: now > self.ends_at}
        return {one for one, is_so in stands.items() if is_so}

    def stand(
        self, event: said.WaitlistJoined, now: datetime, *, unsigned: bool, early: bool
    ) -> None:
        """Last in line. Staff set the window and the waiver aside, saying why."""
        assert len(self.line) < self.longest_line
        assert now < self.closes_at
        code = said.BookingCode
        stands = {code.WAIVER_REQUIRED: unsigned, code.WINDOW_NOT_OPEN: early}
        assert {*event.overrides} == {one for one, is_so in stands.items() if is_so}
        assert event.reason or not event.overrides, "clients set no rule aside"
        self.line.append(event.client_id)
        self.joined[event.client_id] = event
        assert event.seq > self.last_seq
        self.last_seq = event.seq

    def within(self, coverage: said.Coverage) -> bool:
        if coverage.location_ids and self.location not in coverage.location_ids:
            return False
        if coverage.program_ids and self.program not in coverage.program_ids:
            return False
        local = self.starts_at.astimezone(self.zone)
        hours: list[Any] = [(one.from_time, one.until_time) for one in coverage.hours]
        return not hours or any(a <= local.strftime("%H:%M") < b for a, b in hours)


def must_not_grow_too_full(sessions: Mapping[SessionId, Seats], event: Any) -> None:
    """More seats are taken than there are only by the desk's word, or when there are fewer.

    And never more of them by themselves.
    """
    allowed: SessionId | None = None
    match event:
        case said.CapacityChanged() | said.ReservationMade(overbooked=True):
            allowed = event.session_id
        case said.ReservationReinstated() if said.BookingCode.SESSION_FULL in event.overrides:
            allowed = event.session_id
    for one, seats in sessions.items():
        assert one == allowed or seats.excess <= seats.beyond, "more seats than there are"
        seats.beyond = seats.excess
