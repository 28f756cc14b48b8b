"""My bookings in GraphQL: what the asking client reserved, cancelled or waits for."""

from datetime import datetime

import strawberry

from contracts.ids import ClientId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Context, Info
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.roster import Reservation, WaitlistEntry, reservation, waitlist_entry
from gateway.serve.faults import Forbidden
from gateway.serve.live import live
from gateway.sessions import ClassSession, shown
from services.projections import bookings

WATCHED = 100  # bookings a watched list shows at most


@strawberry.type(description="A seat or a place in line; exactly one of the two is there.")
class Booking:
    session: ClassSession
    reservation: Reservation | None
    waitlist_entry: WaitlistEntry | None


@strawberry.type(description="The caller's bookings as they are at a position.")
class MyBookingsUpdate:
    position: Position
    bookings: list[Booking] = strawberry.field(description="Newest start first, at most 100.")


@strawberry.type
class MyBookingsQuery:
    @strawberry.field(description="The caller's bookings, newest start first.")
    async def my_bookings(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        at_least: Position | None = None,
    ) -> Connection[Booking]:
        client, size = _me(info.context), page_size(first)
        behind = ids.time_keyset("my_bookings", after)
        position, rows = await info.context.read(
            "roster",
            at_least,
            lambda pool, gym: bookings.of_client(pool, gym, client, behind, size + 1),
        )
        now = info.context.services.clock.now()
        return page(rows, size, position, lambda row: _shown(row, now), _cursor)


def _topics(info: Info) -> list[str]:
    return [topic(info.context.gym_id, "roster", _me(info.context))]


@strawberry.type
class MyBookingsSubscription:
    @live(
        topics=_topics,
        beyond=True,
        description="The caller's bookings now, and again after every change.",
    )
    async def my_bookings_changed(
        self, info: Info, after: Position | None = None
    ) -> MyBookingsUpdate:
        client = _me(info.context)
        position, rows = await info.context.read(
            "roster", None, lambda pool, gym: bookings.of_client(pool, gym, client, None, WATCHED)
        )
        now = info.context.services.clock.now()
        return MyBookingsUpdate(position=position, bookings=[_shown(row, now) for row in rows])


def _me(context: Context) -> ClientId:
    context.must("read.my_bookings")
    client = context.principal.client_id
    if client is None:
        raise Forbidden("Staff have no bookings of their own: look at a client's.")
    return client


def _shown(row: bookings.Booking, now: datetime) -> Booking:
    session = shown(row.session, now)
    seat, line = row.reservation, row.waiting
    return Booking(
        session=session,
        reservation=reservation(session.id, seat) if seat else None,
        waitlist_entry=waitlist_entry(row.session.session_id, line) if line else None,
    )


def _cursor(row: bookings.Booking) -> str:
    return ids.cursor("my_bookings", row.session.starts_at, row.entry_id)
