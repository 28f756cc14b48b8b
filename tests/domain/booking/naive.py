"""Booking counted again from the log alone, without a line of the code that decides.

Slow and simple: sets, lists and sums. What the laws compare the rules with. Reading an event it
objects to what must never happen: a seat given that is not there, a queue jumped, a limit broken.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts import booking as said
from contracts.booking import Attendance
from contracts.envelope import Event
from contracts.ids import ClientId, GrantId, LocationId, ReservationId, SessionId
from contracts.timetable import (
    HoldMoved,
    InstructorSubstituted,
    NewDeadline,
    SessionReinstated,
    SessionRescheduled,
)

AUTOMATIC_UNTIL = timedelta(hours=4)  # before the start, by the default policy
OFFERS_UNTIL = timedelta(hours=1)
PERIODS: dict[said.Period | None, Callable[[date], Any]] = {
    None: lambda _: None,
    said.Period.WEEK: lambda day: day.isocalendar()[:2],
    said.Period.MONTH: lambda day: (day.year, day.month),
}


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
    daily_limit: int
    location: LocationId
    seated: dict[ClientId, said.ReservationMade] = field(default_factory=dict)
    here: set[ClientId] = field(default_factory=set)
    late: dict[ClientId, said.ReservationMade] = field(default_factory=dict)
    spot: dict[ClientId, str | None] = field(default_factory=dict)
    line: list[ClientId] = field(default_factory=list)
    joined: dict[ClientId, said.WaitlistJoined] = field(default_factory=dict)
    offered: dict[ClientId, datetime] = field(default_factory=dict)
    claims_offer: ClientId | None = None  # whose seat was held for them until just now
    declined: set[ClientId] = field(default_factory=set)
    books: dict[ClientId, Attendance] = field(default_factory=dict)  # once they are closed
    last_seq: int = 0
    over: bool = False  # cancelled or finalized
    called_off: bool = False
    reservations: set[ReservationId] = field(default_factory=set)

    @property
    def day(self) -> date:
        """On which it takes place where it takes place."""
        return self.starts_at.astimezone(self.zone).date()

    def free(self, *, online: bool) -> int:
        """Seats nobody has and nobody is offered."""
        free = self.capacity - len(self.seated) - len(self.offered)
        of_clients = sum(one.online for one in self.seated.values()) + len(self.offered)
        return min(free, self.online_capacity - of_clients) if online else free

    def give_longer(self, deadlines: Iterable[NewDeadline]) -> None:
        for one in deadlines:
            made = self.seated[one.client_id]
            self.seated[one.client_id] = made.model_copy(update={"free_until": one.free_until})

    def seat(self, made: said.ReservationMade, spot: str | None) -> None:
        assert made.client_id not in self.seated
        assert spot is None or spot in self.spots
        assert spot is None or spot not in {self.spot[one] for one in self.seated}, "shared spot"
        assert not self.spots or spot is not None or len(self.seated) >= len(self.spots)
        self.seated[made.client_id] = made
        self.spot[made.client_id] = spot


@dataclass
class Naive:
    """The gym as the log tells it."""

    now: datetime
    sessions: dict[SessionId, Seats] = field(default_factory=dict)
    grants: dict[ClientId, dict[GrantId, said.CreditsGranted]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    spent: dict[GrantId, int] = field(default_factory=lambda: defaultdict(int))  # or expired
    held: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)
    counted: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)  # towards limits
    ever: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)
    lost: set[ReservationId] = field(default_factory=set)  # consumed or forfeited
    cost: dict[ReservationId, int] = field(default_factory=lambda: defaultdict(int))  # credits
    told_cost: dict[ReservationId, int] = field(default_factory=dict)  # by corrected books
    asleep: set[GrantId] = field(default_factory=set)  # suspended
    ended: set[GrantId] = field(default_factory=set)
    banned: dict[ClientId, said.BookingBanImposed] = field(default_factory=dict)
    signed: set[ClientId] = field(default_factory=set)
    told: set[tuple[ClientId, frozenset[SessionId]]] = field(default_factory=set)
    """Who has seats in two sessions that were moved into each other."""

    def read(self, events: list[Event], now: datetime) -> None:
        """Count what happened, and object to what must not."""
        self.now = now
        for event in events:
            self._turn(event)
            self._calendar(event)
            self._slot(event)
            self._seat(event)
            self._line(event)
            self._credit(event)
            self._standing(event)

    def _turn(self, event: Any) -> None:
        """A promotion or an offer passes nobody over who is eligible."""
        if not isinstance(event, said.WaitlistPromoted | said.SpotOffered):
            return
        seats, client = self.sessions[event.session_id], event.client_id
        ahead = [one for one in seats.line[: seats.line.index(client)] if one not in seats.offered]
        if isinstance(event, said.WaitlistPromoted) and event.reason:
            return
        waits = [one for one in ahead if one not in seats.declined]
        assert not [c for c in waits if self.eligible(c, event.session_id, line=True)], "jumped"
        assert tuple(ahead) == event.passed_over
        assert seats.free(online=True) > 0, "no seat to give"
        notice = timedelta(minutes=seats.joined[client].minimum_notice_minutes)
        assert seats.starts_at - self.now >= notice, "too late for them"

    def _calendar(self, event: Any) -> None:
        match event:
            case said.SessionScheduled():
                online = event.online_capacity
                self.sessions[event.session_id] = Seats(
                    event.starts_at, event.ends_at, ZoneInfo(event.time_zone), event.capacity,
                    999 if online is None else online, event.spots,
                    event.waiver_required, event.policy.daily_limit, event.location_id,
                )  # fmt: skip
            case said.CapacityChanged():
                self.sessions[event.session_id].capacity = event.capacity
            case said.SessionCancelled():
                self.sessions[event.session_id].over = True
                self.sessions[event.session_id].called_off = True
            case said.AttendanceFinalized():
                self._close(self.sessions[event.session_id], event)
            case said.AttendanceCorrected():
                books = self.sessions[event.session_id].books
                assert books[event.client_id] == event.was
                books[event.client_id] = event.becomes
                self.told_cost[event.reservation_id] = event.credits

    def _slot(self, event: Any) -> None:
        match event:
            case SessionRescheduled():
                seats = self.sessions[event.session_id]
                seats.starts_at, seats.ends_at = event.starts_at, event.ends_at
                seats.give_longer(event.deadlines)
            case InstructorSubstituted():
                self.sessions[event.session_id].give_longer(event.deadlines)
            case SessionReinstated():
                seats = self.sessions[event.session_id]
                assert not {**seats.seated, **seats.late}
                assert not seats.line
                seats.over = seats.called_off = False
            case HoldMoved():
                moved = {"starts_at": event.starts_at, "ends_at": event.ends_at, "on": event.on}
                for book in (self.held, self.counted, self.ever):
                    hold = book[event.reservation_id]
                    book[event.reservation_id] = hold.model_copy(update=moved)
                for other in event.overlaps:
                    self.told.add((event.client_id, frozenset({event.session_id, other})))

    def _seat(self, event: Any) -> None:
        match event:
            case said.ReservationMade():
                self._made(self.sessions[event.session_id], event)
            case said.ReservationCancelled():
                seats = self.sessions[event.session_id]
                made = seats.seated.pop(event.client_id, None) or seats.late[event.client_id]
                seats.late.pop(event.client_id, None)
                seats.here.discard(event.client_id)
                if event.kind is said.Cancellation.LATE:
                    seats.late[event.client_id] = made
                assert event.seats_taken == len(seats.seated)
            case said.ReservationReinstated():
                seats = self.sessions[event.session_id]
                made = seats.late.pop(event.client_id)
                assert seats.free(online=made.online) > 0
                assert event.free_until >= made.free_until
                again = made.model_copy(update={"free_until": event.free_until})
                seats.seat(again, event.spot)
                assert event.seats_taken == len(seats.seated)
            case said.SpotChanged():
                seats = self.sessions[event.session_id]
                assert event.spot not in {seats.spot[c] for c in seats.seated}, "shared spot"
                seats.spot[event.client_id] = event.spot
            case said.CheckedIn():
                seats = self.sessions[event.session_id]
                assert not seats.waiver_required or event.client_id in self.signed
                seats.here.add(event.client_id)
            case said.CheckInUndone():
                self.sessions[event.session_id].here.remove(event.client_id)

    def _made(self, seats: Seats, event: said.ReservationMade) -> None:
        client = event.client_id
        offered = client == seats.claims_offer
        seats.claims_offer = None
        assert event.overbooked == (seats.free(online=False) <= 0 and not offered)
        assert event.overbooked <= (not event.online or bool(event.reason)), "overbooked"
        if event.online and not event.reason and not offered:
            assert seats.free(online=True) > 0, "a seat kept for staff"
        assert not self.is_banned(client)
        if seats.daily_limit:
            assert self.booked_on(client, seats.day) < seats.daily_limit
        seats.seat(event, event.spot)
        seats.reservations.add(event.reservation_id)
        assert event.seats_taken == len(seats.seated)

    def _close(self, seats: Seats, event: said.AttendanceFinalized) -> None:
        seats.over = True
        if event.excused:
            everybody = {**seats.late, **seats.seated}
            assert not seats.here
            assert set(event.excused) == {one.reservation_id for one in everybody.values()}
            seats.books |= dict.fromkeys(everybody, Attendance.EXCUSED)
            return
        for client in seats.seated:
            came = client in seats.here
            seats.books[client] = Attendance.ATTENDED if came else Attendance.NO_SHOW
        seats.books |= dict.fromkeys(seats.late, Attendance.LATE_CANCELLED)
        assert event.attended == len(seats.here & set(seats.seated))
        assert event.late_cancels == len(seats.late)

    def _line(self, event: Any) -> None:
        match event:
            case said.WaitlistJoined():
                seats = self.sessions[event.session_id]
                assert not self.is_banned(event.client_id)
                seats.line.append(event.client_id)
                seats.joined[event.client_id] = event
                assert event.seq > seats.last_seq
                seats.last_seq = event.seq
            case said.WaitlistLeft() | said.WaitlistPromoted():
                seats = self.sessions[event.session_id]
                seats.line.remove(event.client_id)
                offered = seats.offered.pop(event.client_id, None)
                if offered and isinstance(event, said.WaitlistLeft) and event.reason == "claimed":
                    seats.claims_offer = event.client_id
                seats.declined.discard(event.client_id)
            case said.SpotOffered():
                seats = self.sessions[event.session_id]
                assert not self.is_banned(event.client_id)
                assert event.client_id not in seats.offered
                seats.offered[event.client_id] = event.expires_at
            case said.OfferShortened():
                self.sessions[event.session_id].offered[event.client_id] = event.expires_at
            case said.OfferExpired():
                seats = self.sessions[event.session_id]
                over = self.now >= seats.starts_at - OFFERS_UNTIL
                assert seats.offered.pop(event.client_id) <= self.now or over
                seats.line.remove(event.client_id)
                seats.line.append(event.client_id)
                assert event.seq > seats.last_seq
                seats.last_seq = event.seq
            case said.OfferDeclined():
                seats = self.sessions[event.session_id]
                del seats.offered[event.client_id]
                if event.keeps_place:
                    seats.declined.add(event.client_id)

    def _credit(self, event: Any) -> None:
        match event:
            case said.CreditsGranted():
                self.grants[event.client_id][event.grant_id] = event
            case said.CreditHeld():
                pack = self.grants[event.client_id][event.grant_id].kind is said.GrantKind.PACK
                assert event.credits == pack
                assert self._pays(
                    event.client_id, event.grant_id, self.sessions[event.session_id], ()
                )
                for book in (self.held, self.counted, self.ever):
                    book[event.reservation_id] = event
            case said.CreditReleased():
                assert self.held.pop(event.reservation_id).credits == event.credits
                del self.counted[event.reservation_id]
            case said.CreditConsumed() | said.CreditForfeited():
                assert self.held.pop(event.reservation_id).credits == event.credits
                self.spent[event.grant_id] += event.credits
                self.lost.add(event.reservation_id)
                self.cost[event.reservation_id] = event.credits
            case said.CreditsExpired():
                pack = self.grants[event.client_id][event.grant_id].kind is said.GrantKind.PACK
                assert event.credits == pack * self.left(event.client_id, event.grant_id)
                self.spent[event.grant_id] += event.credits
            case said.CreditCorrected():
                assert self.cost[event.reservation_id] == event.before, "not what it had cost"
                self.cost[event.reservation_id] = event.after
                self.spent[event.grant_id] += event.after - event.before
                if event.becomes is said.Charge.RELEASED:
                    del self.counted[event.reservation_id]
                else:
                    self.counted[event.reservation_id] = self.ever[event.reservation_id]

    def _standing(self, event: Any) -> None:
        match event:
            case said.EntitlementSuspended():
                self.asleep.add(event.grant_id)
            case said.EntitlementResumed():
                self.asleep.remove(event.grant_id)
            case said.EntitlementEnded():
                self.ended.add(event.grant_id)
            case said.BookingBanImposed():
                self.banned[event.client_id] = event
            case said.BookingBanLifted():
                del self.banned[event.client_id]
            case said.WaiverRecorded():
                self.signed.add(event.client_id)

    def left(self, client: ClientId, grant: GrantId) -> int:
        """Credits the client may still use of the grant."""
        held = sum(hold.credits for hold in self.held.values() if hold.grant_id == grant)
        return self.grants[client][grant].credits - held - self.spent[grant]

    def is_banned(self, client: ClientId) -> bool:
        ban = self.banned.get(client)
        return ban is not None and (ban.until is None or self.now < ban.until)

    def booked_on(self, client: ClientId, day: date) -> int:
        """Reservations of the day that were not given back in time."""
        holds = self.counted.values()
        return sum(one.client_id == client and self._day_of(one) == day for one in holds)

    def eligible(self, client: ClientId, session: SessionId, *, line: bool = False) -> bool:
        """Whether the client could take a seat; ``line``: as somebody who waits for one."""
        wanted, given_up = self.sessions[session], []
        if self.is_banned(client):
            return False
        if line:
            notice = timedelta(minutes=wanted.joined[client].minimum_notice_minutes)
            if wanted.starts_at - self.now < notice:
                return False
        for other in self.sessions.values():
            overlaps = wanted.starts_at < other.ends_at and other.starts_at < wanted.ends_at
            if overlaps and not other.over and client in other.seated:
                seat = other.seated[client]
                free = self.now < seat.free_until and client not in other.here
                if not (line and wanted.joined[client].swap and free):
                    return False
                given_up.append(seat.reservation_id)
        booked = self.booked_on(client, wanted.day)
        booked -= sum(self._day_of(self.held[one]) == wanted.day for one in given_up)
        if wanted.daily_limit and booked >= wanted.daily_limit:
            return False
        return any(self._pays(client, grant, wanted, given_up) for grant in self.grants[client])

    def _day_of(self, hold: said.CreditHeld) -> date:
        return self.sessions[hold.session_id].day

    def _pays(
        self, client: ClientId, grant: GrantId, wanted: Seats, given_up: "list[Any] | tuple[()]"
    ) -> bool:
        one = self.grants[client][grant]
        if grant in self.asleep | self.ended:
            return False
        if one.valid_from.astimezone(wanted.zone).date() > wanted.day:
            return False
        if one.expires_at is not None:
            last = (one.expires_at - timedelta.resolution).astimezone(wanted.zone).date()
            if wanted.day > last:
                return False
        if one.coverage is not None and not _within(one.coverage, wanted):
            return False
        if one.kind is said.GrantKind.PACK:
            back = sum(self.held[r].credits for r in given_up if self.held[r].grant_id == grant)
            return self.left(client, grant) + back > 0
        period = PERIODS[one.period]
        used = [
            hold for hold in self.counted.values()
            if hold.grant_id == grant and period(self._day_of(hold)) == period(wanted.day)
            and hold.reservation_id not in given_up
        ]  # fmt: skip
        return one.kind is said.GrantKind.UNLIMITED or len(used) < one.credits

    def serves(self, session: SessionId, now: datetime) -> bool:
        """Whether free seats are the line's."""
        seats = self.sessions[session]
        return not seats.over and now < seats.starts_at - OFFERS_UNTIL

    def promotes(self, session: SessionId, now: datetime) -> bool:
        """Whether free seats go to the line by themselves."""
        seats = self.sessions[session]
        return not seats.over and now < seats.starts_at - AUTOMATIC_UNTIL


def _within(coverage: said.Coverage, wanted: Seats) -> bool:
    if coverage.location_ids and wanted.location not in coverage.location_ids:
        return False
    local = wanted.starts_at.astimezone(wanted.zone)
    hours = [(one.from_time, one.until_time) for one in coverage.hours]
    return not hours or any(a <= local.strftime("%H:%M") < b for a, b in hours)
