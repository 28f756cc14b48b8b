"""Booking counted again from the log alone, without a line of the code that decides.

Slow and simple: sets, lists and sums. What the laws compare the rules with.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts import booking as said
from contracts.envelope import Event
from contracts.ids import ClientId, GrantId, ReservationId, SessionId

AUTOMATIC_UNTIL = timedelta(hours=4)  # before the start, by the default policy


@dataclass
class Seats:
    """One session."""

    starts_at: datetime
    ends_at: datetime
    capacity: int
    seated: set[ClientId] = field(default_factory=set)
    late: set[ClientId] = field(default_factory=set)
    line: list[ClientId] = field(default_factory=list)
    last_seq: int = 0
    over: bool = False  # cancelled or finalized
    called_off: bool = False
    reservations: set[ReservationId] = field(default_factory=set)


@dataclass
class Naive:
    """The gym as the log tells it."""

    sessions: dict[SessionId, Seats] = field(default_factory=dict)
    grants: dict[ClientId, dict[GrantId, said.CreditsGranted]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    spent: dict[GrantId, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[ReservationId, said.CreditHeld] = field(default_factory=dict)
    lost: set[ReservationId] = field(default_factory=set)  # consumed or forfeited

    def read(self, events: list[Event]) -> None:
        """Count what happened, and object to a promotion that passes over somebody eligible."""
        for event in events:
            if isinstance(event, said.WaitlistPromoted):
                line = self.sessions[event.session_id].line
                before = line[: line.index(event.client_id)]
                assert not [c for c in before if self.eligible(c, event.session_id)], "queue jumped"
                assert tuple(before) == event.passed_over
            self._seat(event)
            self._credit(event)

    def _seat(self, event: Any) -> None:
        match event:
            case said.SessionScheduled():
                seats = Seats(event.starts_at, event.ends_at, event.capacity)
                self.sessions[event.session_id] = seats
            case said.CapacityChanged():
                self.sessions[event.session_id].capacity = event.capacity
            case said.SessionCancelled():
                self.sessions[event.session_id].over = True
                self.sessions[event.session_id].called_off = True
            case said.AttendanceFinalized():
                self.sessions[event.session_id].over = True
            case said.ReservationMade():
                seats = self.sessions[event.session_id]
                seats.seated.add(event.client_id)
                seats.reservations.add(event.reservation_id)
                assert event.seats_taken == len(seats.seated)
            case said.ReservationCancelled():
                seats = self.sessions[event.session_id]
                seats.seated.discard(event.client_id)
                seats.late.discard(event.client_id)
                if event.kind is said.Cancellation.LATE:
                    seats.late.add(event.client_id)
                assert event.seats_taken == len(seats.seated)
            case said.WaitlistJoined():
                seats = self.sessions[event.session_id]
                seats.line.append(event.client_id)
                assert event.seq > seats.last_seq
                seats.last_seq = event.seq
            case said.WaitlistLeft() | said.WaitlistPromoted():
                self.sessions[event.session_id].line.remove(event.client_id)

    def _credit(self, event: Any) -> None:
        match event:
            case said.CreditsGranted():
                self.grants[event.client_id][event.grant_id] = event
            case said.CreditHeld():
                pack = self.grants[event.client_id][event.grant_id].kind is said.GrantKind.PACK
                assert event.credits == pack
                self.held[event.reservation_id] = event
            case said.CreditReleased():
                assert self.held.pop(event.reservation_id).credits == event.credits
            case said.CreditConsumed() | said.CreditForfeited():
                assert self.held.pop(event.reservation_id).credits == event.credits
                self.spent[event.grant_id] += event.credits
                self.lost.add(event.reservation_id)

    def left(self, client: ClientId, grant: GrantId) -> int:
        """Credits the client may still use of the grant."""
        held = sum(hold.credits for hold in self.held.values() if hold.grant_id == grant)
        return self.grants[client][grant].credits - held - self.spent[grant]

    def eligible(self, client: ClientId, session: SessionId) -> bool:
        """Whether the client could take a seat: not seated elsewhere then, and able to pay."""
        wanted = self.sessions[session]
        for other in self.sessions.values():
            overlaps = wanted.starts_at < other.ends_at and other.starts_at < wanted.ends_at
            if overlaps and not other.over and client in other.seated:
                return False
        return any(
            one.valid_from <= wanted.starts_at
            and (one.expires_at is None or wanted.starts_at < one.expires_at)
            and (one.kind is said.GrantKind.UNLIMITED or self.left(client, grant) > 0)
            for grant, one in self.grants[client].items()
        )

    def promotes(self, session: SessionId, now: datetime) -> bool:
        """Whether free seats go to the line by themselves."""
        seats = self.sessions[session]
        return not seats.over and now < seats.starts_at - AUTOMATIC_UNTIL
