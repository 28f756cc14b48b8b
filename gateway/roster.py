"""Roster in GraphQL: who has a seat in a session and who waits, for staff."""

from datetime import datetime
from enum import Enum

import strawberry

from contracts.booking import CheckInSource
from contracts.ids import SessionId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Info
from gateway.positions import Position
from gateway.serve.live import live
from gateway.sessions import ClassSession
from gateway.sessions import shown as session_shown
from services.projections import bookings

strawberry.enum(CheckInSource, description="Where a check-in came from.")


@strawberry.enum(description="Where a reservation stands.")
class ReservationStatus(Enum):
    RESERVED = "reserved"
    CHECKED_IN = "checked_in"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED_EARLY = "cancelled_early"
    CANCELLED_LATE = "cancelled_late"
    SESSION_CANCELLED = "session_cancelled"
    EXCUSED = "excused"


@strawberry.enum(description="Why nothing the client has pays for a seat any more.")
class ReservationFlag(Enum):
    ON_HOLD = "ON_HOLD"
    NO_ENTITLEMENT = "NO_ENTITLEMENT"


@strawberry.enum(description="How a reservation came to be.")
class ReservationSource(Enum):
    BOOKED = "booked"
    STAFF = "staff"
    PROMOTED = "promoted"
    CLAIMED = "claimed"
    WALK_IN = "walk_in"


@strawberry.type(description="A client's seat in a session.")
class Reservation:
    id: strawberry.ID
    version: int | None = strawberry.field(
        description="Null in the answer of a mutation, which tells the position instead."
    )
    session_id: strawberry.ID
    client_id: strawberry.ID
    client_name: str | None = strawberry.field(description="Null to members, and until known.")
    status: ReservationStatus
    source: ReservationSource | None
    free_until: datetime | None = strawberry.field(description="Cancelling at or after it is late.")
    made_at: datetime | None
    spot: str | None = strawberry.field(default=None, description="Null without a spot map.")
    overbooked: bool = strawberry.field(
        default=False, description="Whether staff took a seat the session does not have."
    )
    check_in_source: CheckInSource | None = None
    flag: ReservationFlag | None = strawberry.field(
        default=None, description="On rosters: why nothing the client has pays for it any more."
    )


@strawberry.type(description="A client's place in line.")
class WaitlistEntry:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    session_id: strawberry.ID
    client_id: strawberry.ID
    client_name: str | None = strawberry.field(description="Null to members, and until known.")
    place: int = strawberry.field(description="From 1.")
    joined_at: datetime | None
    offered_until: datetime | None = strawberry.field(
        default=None, description="A seat is held for them until then."
    )


@strawberry.type(description="A session and its people.")
class Roster:
    session: ClassSession
    reservations: list[Reservation] = strawberry.field(
        description="Seats in the order they were taken; cancelled ones are left out."
    )
    waitlist: list[WaitlistEntry] = strawberry.field(description="First in line first.")
    online_capacity: int | None = strawberry.field(
        description="Most seats members may take themselves; null: all."
    )
    spots: list[str] = strawberry.field(description="The spot map; empty without one.")
    waiver_required: bool


@strawberry.type(description="A roster as it is at a position.")
class RosterUpdate:
    position: Position
    roster: Roster | None = strawberry.field(description="Null: there is no such session.")


@strawberry.type
class RosterQuery:
    @strawberry.field(description="Who is in a session; null when the gym has no such session.")
    async def roster(
        self, info: Info, session_id: strawberry.ID, at_least: Position | None = None
    ) -> Roster | None:
        return (await _roster(info, ids.session(session_id), at_least)).roster


def _topics(info: Info, session_id: strawberry.ID) -> list[str]:
    gym_id = info.context.must("read.roster")
    # People are named on it: a name that comes, changes or is erased changes the roster.
    return [topic(gym_id, "roster", ids.session(session_id)), topic(gym_id, "people")]


@strawberry.type
class RosterSubscription:
    @live(
        topics=_topics,
        scope=lambda info: (info.context.must("read.roster"), "staff"),
        beyond=True,
        description="The roster now, and again after every change.",
    )
    async def roster_changed(
        self, info: Info, session_id: strawberry.ID, after: Position | None = None
    ) -> RosterUpdate:
        return await _roster(info, ids.session(session_id), None)


RESERVATION_STATUSES = {status.value: status for status in ReservationStatus}
SOURCES = {source.value: source for source in ReservationSource}


def reservation(session_id: strawberry.ID, row: bookings.Reservation) -> Reservation:
    """The row as clients see it."""
    return Reservation(
        id=ids.shown("rsv", row.reservation_id),
        version=row.version,
        session_id=session_id,
        client_id=ids.shown("cli", row.client_id),
        client_name=row.client_name,
        status=RESERVATION_STATUSES[row.status],
        source=SOURCES[row.source],
        free_until=row.free_until,
        made_at=row.made_at,
        spot=row.spot,
        overbooked=row.overbooked,
        check_in_source=CheckInSource(row.check_in_source) if row.check_in_source else None,
        flag=ReservationFlag(row.flag) if row.flag else None,
    )


def waitlist_entry(session_id: SessionId, row: bookings.Waiting) -> WaitlistEntry:
    """The row as clients see it."""
    return WaitlistEntry(
        id=ids.waitlist_entry(session_id, row.client_id),
        version=row.version,
        session_id=ids.shown("ses", session_id),
        client_id=ids.shown("cli", row.client_id),
        client_name=row.client_name,
        place=row.place,
        joined_at=row.joined_at,
        offered_until=row.offered_until,
    )


async def _roster(info: Info, session_id: SessionId, at_least: Position | None) -> RosterUpdate:
    info.context.must("read.roster")
    position, found = await info.context.read(
        "roster", at_least, lambda pool, gym: bookings.roster(pool, gym, session_id)
    )
    if found is None:
        return RosterUpdate(position=position, roster=None)
    session = session_shown(found.session, info.context.services.clock.now())
    roster = Roster(
        session=session,
        reservations=[reservation(session.id, row) for row in found.reservations],
        waitlist=[waitlist_entry(session_id, row) for row in found.waitlist],
        online_capacity=found.online_capacity,
        spots=list(found.spots),
        waiver_required=found.waiver_required,
    )
    return RosterUpdate(position=position, roster=roster)
