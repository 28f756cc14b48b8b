"""Reading the roster's tables: the people of a session, and the bookings of a client."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.tenancy import Pool
from contracts.ids import ClientId, GymId, ReservationId, SessionId
from services.projections.reading import FAR_AHEAD, ask
from services.projections.sessions import Session

Keyset = tuple[datetime, UUID]
"""Start and entry id of the last booking seen; the next page begins behind it."""


class Reservation(NamedTuple):
    """A client's seat in a session. A tuple, which is made in an eighth of a dataclass's time."""

    reservation_id: ReservationId
    client_id: ClientId
    client_name: str | None
    """``None`` until members told it."""
    status: str
    """``reserved``, ``checked_in``, ``attended``, ``no_show``, ``cancelled_early``,
    ``cancelled_late``, ``session_cancelled`` or ``excused``."""
    source: str
    free_until: datetime
    """UTC; cancelling at or after it is late."""
    made_at: datetime
    version: int
    spot: str | None = None
    overbooked: bool = False
    check_in_source: str | None = None
    flag: str | None = None
    """Why nothing the client has pays for it: ``ON_HOLD`` or ``NO_ENTITLEMENT``."""


class Waiting(NamedTuple):
    """A client in line for a session."""

    client_id: ClientId
    client_name: str | None
    joined_at: datetime
    version: int
    place: int
    """From 1."""
    offered_until: datetime | None = None
    """UTC; a seat is held for them until then."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A session and its people: seats in the order they were taken, then the line."""

    session: Session
    reservations: list[Reservation]
    waitlist: list[Waiting]
    online_capacity: int | None = None
    spots: tuple[str, ...] = ()
    waiver_required: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """One client's seat or place in line, with the session."""

    session: Session
    entry_id: UUID
    """With the session's start the keyset of this row."""
    reservation: Reservation | None
    waiting: Waiting | None


async def roster(pool: Pool, gym_id: GymId, session_id: SessionId) -> tuple[int, Roster | None]:
    """The session's roster, without cancelled reservations; ``None`` when there is no such session.

    With the position in booking's store it reflects, like every answer below.
    """
    as_of, rows = await ask(pool, "roster", gym_id, session_id)
    if not rows or rows[0][1] is None:
        return as_of, None
    row = tuple(rows[0])
    taken = (*row[21:29], *row[33:36], row[40]) if row[21] else ()
    seats = [Reservation(*seat) for seat in zip(*taken, strict=True)]
    line = (*row[29:33], range(1, len(row[29]) + 1), row[36]) if row[29] else ()
    waitlist = [Waiting(*entry) for entry in zip(*line, strict=True)]
    online, spots, waiver = row[37:40]
    found = Roster(Session.of(rows[0]), seats, waitlist, online, tuple(spots or ()), bool(waiver))
    return as_of, found


async def of_client(
    pool: Pool, gym_id: GymId, client_id: ClientId, after: Keyset | None, first: int
) -> tuple[int, list[Booking]]:
    """What the client booked, cancelled or waits for, newest start first, behind ``after``."""
    key = after or (FAR_AHEAD, UUID(int=0))
    as_of, rows = await ask(pool, "bookings_of", gym_id, client_id, *key, first)
    bookings = []
    for row in rows:
        if row[1] is None:
            continue
        entry, reservation, status, source, free_until, made_at, version, place = tuple(row)[21:29]
        spot, offered_until, overbooked, check_in = tuple(row)[29:33]
        seat = line = None
        if reservation is None:
            line = Waiting(client_id, None, made_at, version, place, offered_until)
        else:
            seat = Reservation(
                reservation, client_id, None, status, source, free_until, made_at, version, spot,
                overbooked, check_in,
            )  # fmt: skip
        bookings.append(Booking(Session.of(row), entry, seat, line))
    return as_of, bookings


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """What one client has in a session: a seat, what is left of it, or a place in line."""

    status: str
    """A reservation's, or ``waiting`` or ``offered``."""
    reservation_id: ReservationId | None
    free_until: datetime | None
    spot: str | None
    place: int | None
    """In line, from 1."""
    offered_until: datetime | None


async def place_of(
    pool: Pool, gym_id: GymId, session_id: SessionId, client_id: ClientId
) -> tuple[int, OwnPlace | None]:
    """The client's own place in the session; ``None`` when they have none."""
    as_of, rows = await ask(pool, "place_of", gym_id, session_id, client_id)
    found = tuple(rows[0])[1:] if rows else (None,)
    return as_of, OwnPlace(*found) if found[0] is not None else None
