"""Seats, lines, and the time of those who have one (I1, I2, I4, I5)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts import booking as b
from contracts import timetable as t
from deploy.check.history import Seen
from deploy.check.verdict import Verdict
from services.booking.domain.class_session import ClassSession, class_session

Key = tuple[UUID, UUID]
"""A gym, and something of it."""


@dataclass(slots=True)
class _Session:
    capacity: int = 0
    taken: set[UUID] = field(default_factory=set)
    line: dict[UUID, int] = field(default_factory=dict)
    asked: set[UUID] = field(default_factory=set)
    """In line, but passed over, offered a seat, or declining one: not wronged by who is served."""


class Seats:
    """Who is let in, and in which order."""

    def __init__(self) -> None:
        self._sessions: dict[Key, _Session] = defaultdict(_Session)
        self._capacity = Verdict("I1", "no seat is taken that is not there", "seats taken")
        self._once = Verdict("I2", "nobody has two seats, or a seat and a place in line", "seats")
        self._turn = Verdict("I4", "the line is served in its order", "seats given to the line")

    def see(self, seen: Seen) -> None:
        if seen.category != "session":
            return
        session, event = self._sessions[seen.gym_id, seen.stream_id], seen.event
        match event:
            case b.SessionScheduled() | b.CapacityChanged():
                session.capacity = event.capacity
            case b.ReservationMade() | b.ReservationReinstated():
                self._seated(seen, session, event)
            case b.ReservationCancelled():
                session.taken.discard(event.client_id)
            case _:
                self._lined(seen, session, event)

    def _seated(self, seen: Seen, session: _Session, event: Any) -> None:
        self._capacity.looked_at += 1
        self._once.looked_at += 1
        if event.client_id in session.taken or event.client_id in session.line:
            self._once.accuse(f"{seen.where}: {event.client_id} again")
        session.taken.add(event.client_id)
        overbooked = getattr(event, "overbooked", False)
        overbooked = overbooked or b.BookingCode.SESSION_FULL in event.overrides
        if len(session.taken) > session.capacity and not overbooked:
            self._capacity.accuse(f"{seen.where}: {len(session.taken)} of {session.capacity}")

    def _lined(self, seen: Seen, session: _Session, event: Any) -> None:
        match event:
            case b.WaitlistJoined():
                if event.client_id in session.taken or event.client_id in session.line:
                    self._once.accuse(f"{seen.where}: {event.client_id} again")
                session.line[event.client_id] = event.seq
            case b.OfferExpired():
                session.line[event.client_id] = event.seq
                session.asked.discard(event.client_id)
            case b.WaitlistLeft():
                session.line.pop(event.client_id, None)
                session.asked.discard(event.client_id)
            case b.WaitlistPromotionSkipped() | b.OfferDeclined():
                session.asked.add(event.client_id)
            case b.WaitlistPromoted():
                self._served(seen, session, event.client_id, out_of_turn=bool(event.reason))
                session.line.pop(event.client_id, None)
                session.asked.discard(event.client_id)
            case b.SpotOffered():
                self._served(seen, session, event.client_id, out_of_turn=False)
                session.asked.add(event.client_id)

    def _served(self, seen: Seen, session: _Session, client: UUID, *, out_of_turn: bool) -> None:
        self._turn.looked_at += 1
        seq = session.line.get(client)
        if seq is None:
            self._turn.accuse(f"{seen.where}: {client} was not in line")
            return
        wronged = {
            one for one, place in session.line.items() if place < seq and one not in session.asked
        }
        if wronged and not out_of_turn:
            self._turn.accuse(f"{seen.where}: {len(wronged)} stood before {client}")

    def verdicts(self) -> list[Verdict]:
        return [self._capacity, self._once, self._turn]


class IdleSeats:
    """A free seat and somebody with a right to it; whose turn it is, booking's own fold says."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._sessions: dict[Key, ClassSession] = {}
        self._verdict = Verdict("I4b", "no seat stays free while somebody is owed it", "sessions")

    def see(self, seen: Seen) -> None:
        if seen.category == "session":
            key: Any = seen.event
            before = self._sessions.get((seen.gym_id, seen.stream_id), class_session.initial)
            self._sessions[seen.gym_id, seen.stream_id] = class_session.evolve(before, key)

    def verdicts(self) -> list[Verdict]:
        self._verdict.looked_at = len(self._sessions)
        for (gym, session_id), state in self._sessions.items():
            if state.promotes(self._now) and state.free_online > 0 and state.owes(self._now):
                self._verdict.accuse(
                    f"gym {gym} session {session_id}: {state.free_online} free,"
                    f" {len(state.waiting)} waiting"
                )
        return [self._verdict]


@dataclass(slots=True)
class _Time:
    starts_at: datetime
    ends_at: datetime
    is_busy: bool = True


class Times:
    """Nobody is promised to two sessions at one time, but by a move, or when staff said so."""

    def __init__(self) -> None:
        self._clients: dict[Key, dict[UUID, _Time]] = defaultdict(dict)
        self._verdict = Verdict("I5", "nobody has two seats at one time", "seats")

    def see(self, seen: Seen) -> None:
        if seen.category != "ledger":
            return
        times, event = self._clients[seen.gym_id, seen.stream_id], seen.event
        match event:
            case b.CreditHeld():
                self._verdict.looked_at += 1
                for key, one in times.items():
                    if one.is_busy and _overlap(one, event) and not event.overlaps:
                        self._verdict.accuse(f"{seen.where}: {event.reservation_id} and {key}")
                times[event.reservation_id] = _Time(event.starts_at, event.ends_at)
            case t.HoldMoved():
                times[event.reservation_id].starts_at = event.starts_at
                times[event.reservation_id].ends_at = event.ends_at
            case b.TimeReleased() | b.TimeTaken():
                times[event.reservation_id].is_busy = isinstance(event, b.TimeTaken)
            case b.CreditReleased() | b.CreditConsumed() | b.CreditForfeited():
                times.pop(event.reservation_id, None)

    def verdicts(self) -> list[Verdict]:
        return [self._verdict]


def _overlap(one: _Time, other: b.CreditHeld) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
