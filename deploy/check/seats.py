"""Seats, lines, and the time of those who have one (I1, I2, I4, I5). Each rule sees one stream."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts import booking as b
from contracts import timetable as t
from deploy.check.history import Seen
from deploy.check.verdict import Moment, Verdict
from services.booking.domain.class_session import ClassSession, class_session

CLOCKS_APART = timedelta(minutes=2)  # how far ours and a replica's may be


@dataclass(slots=True)
class _Session:
    capacity: int = 0
    taken: set[UUID] = field(default_factory=set)
    line: dict[UUID, int] = field(default_factory=dict)
    asked: set[UUID] = field(default_factory=set)
    """In line, but passed over, offered a seat, or declining one: not wronged by who is served."""
    offered: set[UUID] = field(default_factory=set)
    """A seat is held for them, even when the session becomes smaller meanwhile."""


class Seats:
    """Who is let in, and in which order."""

    def __init__(self) -> None:
        self._session = _Session()
        self._capacity = Verdict("I1", "no seat is taken that is not there", "seats taken")
        self._once = Verdict("I2", "nobody has two seats, or a seat and a place in line", "seats")
        self._turn = Verdict("I4", "the line is served in its order", "seats given to the line")

    def see(self, seen: Seen) -> None:
        session, event = self._session, seen.event
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
        held = event.client_id in session.offered
        session.offered.discard(event.client_id)
        if len(session.taken) > session.capacity and not overbooked and not held:
            self._capacity.accuse(f"{seen.where}: {len(session.taken)} of {session.capacity}")

    def _lined(self, seen: Seen, session: _Session, event: Any) -> None:
        match event:
            case b.WaitlistJoined():
                if event.client_id in session.taken or event.client_id in session.line:
                    self._once.accuse(f"{seen.where}: {event.client_id} again")
                session.line[event.client_id] = event.seq
            case b.OfferExpired() | b.OfferWithdrawn():
                same = session.line.get(event.client_id, 0)
                session.line[event.client_id] = getattr(event, "seq", same)
                session.asked.discard(event.client_id)
                session.offered.discard(event.client_id)
            case b.WaitlistLeft():
                session.line.pop(event.client_id, None)
                session.asked.discard(event.client_id)
                if event.reason != "claimed":  # a ReservationMade follows that
                    session.offered.discard(event.client_id)
            case b.WaitlistPromotionSkipped() | b.OfferDeclined():
                session.asked.add(event.client_id)
                if isinstance(event, b.OfferDeclined):
                    session.offered.discard(event.client_id)
            case b.WaitlistPromoted():
                self._served(seen, session, event.client_id, out_of_turn=bool(event.reason))
                session.line.pop(event.client_id, None)
                session.asked.discard(event.client_id)
            case b.SpotOffered():
                self._served(seen, session, event.client_id, out_of_turn=False)
                session.asked.add(event.client_id)
                session.offered.add(event.client_id)

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

    def verdicts(self, moment: Moment) -> list[Verdict]:
        del moment
        return [self._capacity, self._once, self._turn]


class IdleSeats:
    """A free seat and somebody with a right to it; whose turn it is, booking's own fold says."""

    def __init__(self) -> None:
        self._state: ClassSession = class_session.initial
        self._last: Seen | None = None

    def see(self, seen: Seen) -> None:
        event: Any = seen.event
        self._state, self._last = class_session.evolve(self._state, event), seen

    def may_change(self, moment: Moment) -> bool:
        """Whether time alone may make it another verdict."""
        return self._state.promotes(moment.now) and bool(self._state.waiting)

    def verdicts(self, moment: Moment) -> list[Verdict]:
        verdict = Verdict("I4b", "no seat stays free while somebody is owed it", "sessions", 1)
        state, last = self._state, self._last
        if last is None or last.recorded_at >= moment.settled_before:
            return [verdict]  # the rest of what was decided may not have been read
        soon = moment.now + CLOCKS_APART  # for who freed the seat promotion may have ended
        if state.promotes(soon) and state.free_online > 0 and state.owes(soon):
            verdict.accuse(
                f"gym {last.gym_id} session {last.stream_id}: {state.free_online} free,"
                f" {len(state.waiting)} waiting"
            )
        return [verdict]


@dataclass(slots=True)
class _Time:
    starts_at: datetime
    ends_at: datetime
    is_busy: bool = True


class Times:
    """Nobody is promised to two sessions at one time, but by a move, or when staff said so."""

    def __init__(self) -> None:
        self._times: dict[UUID, _Time] = {}
        self._verdict = Verdict("I5", "nobody has two seats at one time", "seats")

    def see(self, seen: Seen) -> None:
        times, event = self._times, seen.event
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

    def verdicts(self, moment: Moment) -> list[Verdict]:
        del moment
        return [self._verdict]


def _overlap(one: _Time, other: b.CreditHeld) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
