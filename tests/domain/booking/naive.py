"""Booking counted again from the log alone, without a line of the code that decides.

Slow and simple: sets, lists and sums. What the laws compare the rules with. Reading an event it
objects to what must never happen: a seat given that is not there, a queue jumped, a limit broken.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts import booking as said
from contracts.booking import BookingCode
from contracts.envelope import Event
from contracts.ids import ClientId, ReservationId, SessionId
from contracts.timetable import (
    HoldMoved,
    InstructorSubstituted,
    SessionReinstated,
    SessionRescheduled,
)
from tests.domain.booking import naive_lines
from tests.domain.booking.naive_bans import Bans
from tests.domain.booking.naive_changed import Changes
from tests.domain.booking.naive_credits import Credits
from tests.domain.booking.naive_fees import Fees
from tests.domain.booking.naive_limits import Limits
from tests.domain.booking.naive_people import Erased
from tests.domain.booking.naive_rules import GymRules
from tests.domain.booking.naive_seats import MINUTE, Seats, must_not_grow_too_full

OfLine = (
    said.WaitlistJoined | said.WaitlistLeft | said.WaitlistPromoted | said.SpotOffered
    | said.OfferShortened | said.OfferWithdrawn | said.OfferExpired | said.OfferDeclined
)  # fmt: skip


@dataclass
class Naive:
    """The gym as the log tells it."""

    now: datetime
    sessions: dict[SessionId, Seats] = field(default_factory=dict)
    bans: Bans = field(default_factory=Bans)
    erased: Erased = field(default_factory=Erased)
    signed: set[ClientId] = field(default_factory=set)
    told: set[tuple[ClientId, frozenset[SessionId]]] = field(default_factory=set)
    """Who has seats in two sessions: they were moved into each other, or staff said so."""
    called_off: set[ReservationId] = field(default_factory=set)  # with their session

    def __post_init__(self) -> None:
        self.fees = Fees(self.sessions, self.erased.clients)
        self.credits = Credits(self.sessions)
        self.limits = Limits(self.sessions, self.credits.counted)
        self.rules = GymRules(self.sessions)
        self.changes = Changes(self.sessions, self.credits, self.rules)

    def read(self, events: list[Event], now: datetime) -> None:
        """Count what happened, and object to what must not."""
        self.now = now
        for seats in self.sessions.values():
            seats.start(now)
        for event in events:
            self.changes.read(event, now)
            self.erased.read(event)
            self.rules.read(event, now)
            self._turn(event)
            self._calendar(event)
            self._slot(event)
            self._seat(event)
            self._mark(event)
            self._line(event)
            self.credits.read(event)
            self._standing(event)
            self.fees.read(event, now)
            must_not_grow_too_full(self.sessions, event)
        self.changes.end()
        self.credits.end()
        self.fees.end(self.bans, now)

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
                self.sessions[event.session_id] = Seats.of(event, self.now)
            case said.CapacityChanged():
                self.sessions[event.session_id].capacity = event.capacity
            case said.SessionCancelled():
                self.sessions[event.session_id].over = True
                self.sessions[event.session_id].called_off = True
                self.called_off |= self.sessions[event.session_id].reservations
            case said.SeatsCounted():
                assert event.empty_seats == self.sessions[event.session_id].empty, "miscounted"
            case said.AttendanceFinalized():
                self.credits.to_settle |= self.sessions[event.session_id].close(event)
            case said.AttendanceCorrected():
                books = self.sessions[event.session_id].books
                assert books[event.client_id] == event.was
                books[event.client_id] = event.becomes

    def _slot(self, event: Any) -> None:
        match event:
            case SessionRescheduled():
                seats = self.sessions[event.session_id]
                seats.starts_at, seats.ends_at = event.starts_at, event.ends_at
                assert event.booking_opens_at == seats.opens_at
                assert event.booking_closes_at == seats.closes_at
                seats.give_longer(event.deadlines)
                if event.free_cancel_until:
                    seats.declined.clear()
                latest = max(seats.starts_at, self.now + seats.policy.cancel_grace_minutes * MINUTE)
                assert all(made.free_until <= latest for made in seats.seated.values())
            case InstructorSubstituted():
                self.sessions[event.session_id].give_longer(event.deadlines)
            case SessionReinstated():
                seats = self.sessions[event.session_id]
                assert not {**seats.seated, **seats.late}
                assert not seats.line
                seats.over = seats.called_off = False
                seats.after_start.clear()
            case HoldMoved():
                for other in event.overlaps:
                    self.told.add((event.client_id, frozenset({event.session_id, other})))

    def _seat(self, event: Any) -> None:
        match event:
            case said.ReservationMade():
                self._made(self.sessions[event.session_id], event)
            case said.ReservationCancelled():
                seats = self.sessions[event.session_id]
                self._given_up(seats, event)
                assert event.seats_taken == len(seats.seated)
            case said.ReservationReinstated():
                seats = self.sessions[event.session_id]
                self._taken_back(seats, event)
                assert event.seats_taken == len(seats.seated)

    def _mark(self, event: Any) -> None:
        match event:
            case said.ReservationCovered():
                seats = self.sessions[event.session_id]
                paid = {"grant_id": event.grant_id, "grant_kind": event.grant_kind}
                made = seats.seated[event.client_id]
                seats.seated[event.client_id] = made.model_copy(update=paid)
            case said.SpotChanged():
                seats = self.sessions[event.session_id]
                assert event.spot not in {seats.spot[c] for c in seats.seated}, "shared spot"
                seats.spot[event.client_id] = event.spot
            case said.CheckedIn():
                seats = self.sessions[event.session_id]
                assert event.source is not said.CheckInSource.SELF or seats.policy.self_check_in
                unsigned = seats.waiver_required and event.client_id not in self.signed
                assert not unsigned or BookingCode.WAIVER_REQUIRED in event.overrides
                shut = seats.shut(self.now) | ({BookingCode.WAIVER_REQUIRED} if unsigned else set())
                assert {*event.overrides} <= shut, "nothing stood in the way"
                seats.here.add(event.client_id)
            case said.CheckInUndone():
                self.sessions[event.session_id].here.remove(event.client_id)

    def _given_up(self, seats: Seats, event: said.ReservationCancelled) -> None:
        client = event.client_id
        if event.kind is not said.Cancellation.SESSION:
            self._judged_fairly(seats, event)
        made = seats.seated.pop(client, None) or seats.late[client]
        seats.late.pop(client, None)
        seats.here.discard(client)
        if event.kind is said.Cancellation.LATE:
            seats.late[client] = made
            if self.now >= seats.starts_at:
                seats.after_start.add(client)

    def _taken_back(self, seats: Seats, event: said.ReservationReinstated) -> None:
        made = seats.late.pop(event.client_id)
        full = seats.free(online=made.online) <= 0
        assert full == (BookingCode.SESSION_FULL in event.overrides)
        twice = bool(self.elsewhere(event.client_id, seats))
        assert twice == (BookingCode.OVERLAP in event.overrides)
        assert event.free_until >= made.free_until
        seats.after_start.discard(event.client_id)
        self._told_of_overlaps(event)
        seats.seat(made.model_copy(update={"free_until": event.free_until}), event.spot)

    def _judged_fairly(self, seats: Seats, event: said.ReservationCancelled) -> None:
        """Late is late by the most lenient rules, and nothing else is."""
        kind, until = event.kind, self.leaves_until(event.session_id, event.client_id)
        assert event.client_id not in seats.here
        if event.reason.startswith("entitlement_"):
            assert kind is said.Cancellation.EARLY
            return
        assert event.free_until == until
        waived = kind is said.Cancellation.STAFF and event.reason
        assert waived or (kind is said.Cancellation.LATE) == (self.now >= until)
        assert event.removed or self.now < seats.cancels_until

    def _made(self, seats: Seats, event: said.ReservationMade) -> None:
        client, sources = event.client_id, said.ReservationSource
        early = self.credits.is_early(client, seats, self.now)
        broken = seats.broken_by(event, self.now, early=early)
        offered = client == seats.claims_offer
        assert (event.source is sources.CLAIMED) <= (client == seats.claims)
        seats.claims_offer = seats.claims = None
        assert event.overbooked == (seats.free(online=False) <= 0 and not offered)
        broken |= {BookingCode.BOOKING_BANNED} if self.is_banned(client) else set()
        by_client = event.source is sources.BOOKED
        assert not by_client or self.credits.opens_for(event, seats) <= self.now, "another's start"
        if by_client or event.source in {sources.STAFF, sources.WALK_IN}:
            unsigned = seats.waiver_required and client not in self.signed
            broken |= {BookingCode.WAIVER_REQUIRED} if unsigned else set()
        elif event.reason:
            broken.discard(BookingCode.SESSION_FULL)  # promoted out of turn, into what there is not
        if self.elsewhere(client, seats):
            broken.add(BookingCode.OVERLAP)
            self._told_of_overlaps(event)
        broken |= {BookingCode.DAILY_LIMIT} if self.limits.reached(client, seats) else set()
        assert not (by_client and event.overrides), "clients set no rule aside"
        assert {*event.overrides} <= {BookingCode.WAIVER_REQUIRED} or event.reason, "why?"
        assert {*event.overrides} - {BookingCode.WAITLIST_HAS_PRIORITY} == broken
        assert event.free_until == seats.free_from(self.now)
        seats.seat(event, event.spot)
        seats.reservations.add(event.reservation_id)
        assert event.seats_taken == len(seats.seated)

    def elsewhere(self, client: ClientId, wanted: Seats) -> list[SessionId]:
        """Where the client has a seat at that time."""
        return [
            other for other, seats in self.sessions.items()
            if wanted.starts_at < seats.ends_at and seats.starts_at < wanted.ends_at
            and seats is not wanted and not seats.over and client in seats.seated
        ]  # fmt: skip

    def _told_of_overlaps(self, event: said.ReservationMade | said.ReservationReinstated) -> None:
        if BookingCode.OVERLAP in event.overrides:
            session, client = event.session_id, event.client_id
            for other in self.elsewhere(client, self.sessions[session]):
                self.told.add((client, frozenset({session, other})))

    def _line(self, event: Any) -> None:
        if isinstance(event, OfLine):
            seats, client = self.sessions[event.session_id], event.client_id
            joins = isinstance(event, said.WaitlistJoined | said.SpotOffered)
            assert not (joins and self.is_banned(client))
            unsigned = seats.waiver_required and client not in self.signed
            early = self.credits.is_early(client, seats, self.now)
            naive_lines.read(seats, event, self.now, unsigned=unsigned, early=early)

    def _standing(self, event: Any) -> None:
        match event:
            case said.BookingBanImposed():
                self.bans.impose(event)
                if (cause := event.cause) is not None:
                    counted_at, days = cause.counted_at, cause.window_days
                    found = self.fees.penalties(event.client_id, days, counted_at)
                    assert 0 < cause.needed <= found == cause.penalties
                    assert counted_at <= self.now
            case said.BookingBanLifted():
                self.bans.lift(event, self.now)
            case said.WaiverRecorded():
                self.signed.add(event.client_id)

    def is_banned(self, client: ClientId) -> bool:
        return self.bans.keep_out(client, self.now)

    def eligible(self, client: ClientId, session: SessionId, *, line: bool = False) -> bool:
        """Whether the client could take a seat; ``line``: as somebody who waits for one."""
        wanted, given_up = self.sessions[session], []
        if self.is_banned(client):
            return False
        if line:
            notice = timedelta(minutes=wanted.joined[client].minimum_notice_minutes)
            if wanted.starts_at - self.now < notice:
                return False
        for other in self.elsewhere(client, wanted):
            seats = self.sessions[other]
            free = self.now < min(self.leaves_until(other, client), seats.cancels_until)
            if not (line and wanted.joined[client].swap and free and client not in seats.here):
                return False
            given_up.append(seats.seated[client].reservation_id)
        if self.limits.reached(client, wanted, given_up):
            return False
        grants = self.credits.grants[client]
        return any(self.credits.pays(client, grant, wanted, given_up) for grant in grants)

    def serves(self, session: SessionId, now: datetime) -> bool:
        """Whether free seats are the line's."""
        seats = self.sessions[session]
        return not seats.over and now < seats.serves_until

    def leaves_until(self, session: SessionId, client: ClientId) -> datetime:
        """Until when a seat may be given up freely."""
        return self.rules.leaves_until(session, client, self.now)
