"""One person and one class: booked when, given up when, there or not. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from contracts.access import RequestEntry
from contracts.booking import (
    BookClass,
    BookingCode,
    CancelReservation,
    CheckIn,
    CheckInSource,
    ClaimSpot,
    LeaveWaitlist,
)
from contracts.ids import ClientId, EntryId
from contracts.permissions import Role
from deploy.demo.acts import Act, Asking, Memory, Wave, Who
from deploy.demo.calendar import DAY, Calendar, Session, local_instant
from deploy.demo.membership import client_id, member
from deploy.demo.opening import House
from deploy.demo.people import Person

EARLY, LATE, MISSED = 0.10, 0.045, 0.05
"""Of all seats: given up early, late, and not come to, by somebody of ordinary care."""
LEADS = (0, 1, 2, 3, 4, 5, 6)
"""Days before the class on which people book ..."""
LIKELY = (3.0, 3.0, 2.5, 2.0, 2.0, 2.5, 5.0)
"""... and how likely: many as soon as they may."""
CLEAR = timedelta(hours=1)
"""Whoever gives up early does so this much before it would be late, at least."""

C = BookingCode
NOT_NOW = frozenset({C.SESSION_CANCELLED.value, C.SESSION_FINALIZED.value})
NO_SEAT = NOT_NOW | {
    C.ALREADY_BOOKED.value, C.ALREADY_WAITLISTED.value, C.OVERLAP.value, C.NO_ENTITLEMENT.value,
    C.LIMIT_REACHED.value, C.SESSION_FULL.value, C.WAITLIST_FULL.value, C.LATE_CANCELLED.value,
    C.WAITLIST_HAS_PRIORITY.value, C.WINDOW_NOT_OPEN.value, C.SPOT_TAKEN.value,
}  # fmt: skip
NOT_HERE = NOT_NOW | {C.NOT_BOOKED.value, C.LATE_CANCELLED.value, C.ALREADY_CHECKED_IN.value}
NOT_GIVEN_UP = NOT_HERE | {C.NOT_WAITLISTED.value}
NOT_CLAIMED = NO_SEAT | {
    C.NOT_WAITLISTED.value, C.NOT_OFFERED.value, C.OFFER_EXPIRED.value, C.SHORT_NOTICE.value,
    C.BOOKING_CLOSED.value,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """What becomes of somebody's wish to come to a class."""

    person: Person
    session: Session
    books_at: datetime
    gives_up_at: datetime | None = None
    late: bool = False
    comes: bool = False


def story(
    house: House, person: Person, session: Session, joined: datetime, chance: Random
) -> Story | None:
    """Drawn by ``chance``; ``None`` when there was no time to book."""
    books_at = _books_at(house.calendar, session, joined, chance)
    if books_at is None:
        return None
    fate = chance.random() / person.careless
    if fate < LATE and (at := _late_visit(house, session, books_at)):
        return Story(person, session, books_at, at, late=True)
    if fate < LATE + MISSED:
        return Story(person, session, books_at)
    if fate < LATE + MISSED + EARLY and (at := _early_visit(house, session, books_at, chance)):
        return Story(person, session, books_at, at)
    return Story(person, session, books_at, comes=True)


def acts(house: House, told: Story, watchers: frozenset[UUID], *, unseen: bool) -> Iterator[Act]:
    """The story as acts. ``unseen``: nobody takes attendance of this class."""
    session, person = told.session, told.person
    who, client = member(house, person), client_id(house, person)
    about = (session.id, client)
    books = BookClass(session_id=session.id, client_id=client, or_waitlist=True)
    yield Act(told.books_at, Wave.BOOKINGS, (who, books), about, NO_SEAT)
    if told.gives_up_at is not None:
        gives_up = CancelReservation(session_id=session.id, client_id=client)
        leaves = LeaveWaitlist(session_id=session.id, client_id=client)
        yield Act(
            told.gives_up_at, Wave.CANCELS, (who, gives_up), (house.lines, *about), NOT_GIVEN_UP,
            otherwise=leaves,
        )  # fmt: skip
        yield Act(
            told.gives_up_at, Wave.CLAIMS, _Claim(session, watchers), (house.lines, session.id),
            NOT_CLAIMED,
        )  # fmt: skip
    if told.comes and not unseen:
        arrives = _arrival(house, told, client)  # who comes before whom to a class is all the same
        yield Act(session.visit, Wave.ARRIVALS, arrives, (client,), NOT_HERE)


def comes_by_door(house: House, session: Session) -> bool:
    """Whether nobody is at the desk yet when people come to the class."""
    since = local_instant(session.day, house.gym.keeps_desk_from, house.calendar.local)
    return session.starts_at < since


def _arrival(house: House, told: Story, client: ClientId) -> "Asking | _Arrival":
    source = CheckInSource.KIOSK if told.person.watchful else CheckInSource.STAFF
    check_in = CheckIn(session_id=told.session.id, client_id=client, source=source)
    if comes_by_door(house, told.session):
        entry = EntryId(house.calendar.id("entry", f"{told.session.id} {client}"))
        enters = RequestEntry(entry_id=entry, door_id=house.door_id, client_id=client)
        by_coach = (house.coach_of(told.session.slot), check_in)
        return _Arrival(told.session, client, (member(house, told.person), enters), by_coach)
    return house.any(Role.FRONT_DESK), check_in


@dataclass(frozen=True, slots=True)
class _Arrival:
    """In by the door, which checks in; who only knows of a place in line asks the coach."""

    session: Session
    client: ClientId
    by_door: Asking
    by_coach: Asking

    def __call__(self, memory: Memory) -> Asking:
        waits = self.client in memory.lines.get(self.session.id, ())
        return self.by_coach if waits else self.by_door


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who stands first in line, and sees it, takes the seat that was given up."""

    session: Session
    watchers: frozenset[UUID]

    def __call__(self, memory: Memory) -> Asking | None:
        line: dict[ClientId, Who] = memory.lines.get(self.session.id, {})
        if self.session.id not in memory.freed:
            return None
        first = next(iter(line.items()), None)
        if first is None or first[0] not in self.watchers:
            return None
        client, who = first
        return who, ClaimSpot(session_id=self.session.id, client_id=client)


def _books_at(
    calendar: Calendar, session: Session, joined: datetime, chance: Random
) -> datetime | None:
    """On the day of the class any time, on the days before it at noon or when the day ends."""
    lead = chance.choices(LEADS, LIKELY)[0]
    at = chance.random()
    for days in range(lead, -1, -1):
        visits = [
            one for one in calendar.visits_on(session.day - days * DAY)
            if joined < one <= session.visit
        ]  # fmt: skip
        if days and len(visits) > 1:
            visits = [visits[len(visits) // 2], visits[-1]]
        if visits:
            return visits[int(at * len(visits))]
    return None


def _late_visit(house: House, session: Session, after: datetime) -> datetime | None:
    """The last visit before people come to the class, or that one, when it is late then."""
    late_from = session.starts_at - timedelta(minutes=house.gym.policy.late_cancel_minutes)
    visits = [
        one for day in (session.day - DAY, session.day) for one in house.calendar.visits_on(day)
        if late_from <= one <= session.visit and one - after > CLEAR
    ]  # fmt: skip
    return visits[-2:][0] if visits else None


def _early_visit(
    house: House, session: Session, after: datetime, chance: Random
) -> datetime | None:
    late_from = session.starts_at - timedelta(minutes=house.gym.policy.late_cancel_minutes)
    visits = [
        one for days in range(3) for one in house.calendar.visits_on(session.day - days * DAY)
        if after < one < late_from - CLEAR
    ]  # fmt: skip
    return chance.choice(visits) if visits else None
