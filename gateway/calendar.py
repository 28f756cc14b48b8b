"""Calendar in GraphQL: look at the gym's sessions, and watch them."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import GymId, SessionId
from gateway import ids
from gateway.context import Info
from gateway.faults import BadInput
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.serve.live import live
from gateway.sessions import ClassSession, own_place, planned
from services.projections import bookings, calendar
from services.projections.calendar import Planned

LONGEST = timedelta(days=62)
WATCHED = 500  # sessions a watched calendar shows at most

From = Annotated[datetime, strawberry.argument(name="from", description="Included.")]
To = Annotated[
    datetime, strawberry.argument(name="to", description="Not included; at most 62 days on.")
]


@strawberry.type(description="The calendar as it is at a position.")
class CalendarUpdate:
    position: Position
    sessions: list[ClassSession] = strawberry.field(description="Oldest first, at most 500.")


@strawberry.type(description="A session as it is at a position.")
class SessionUpdate:
    position: Position
    session: ClassSession | None = strawberry.field(description="Null: there is no such session.")


@strawberry.type
class CalendarQuery:
    @strawberry.field(description="Sessions that start in a span of time, oldest first.")
    async def calendar(
        self,
        info: Info,
        *,
        from_: From,
        to: To,
        first: int,
        after: str | None = None,
        at_least: Position | None = None,
    ) -> Connection[ClassSession]:
        info.context.must("read.calendar")
        between, size = _span(from_, to), page_size(first)
        behind = ids.time_keyset("calendar", after)
        position, rows = await info.context.read(
            "calendar",
            at_least,
            lambda pool, gym: calendar.page(pool, gym, between, behind, size + 1),
        )
        now = info.context.services.clock.now()
        return page(rows, size, position, lambda row: planned(row, now), _cursor)

    @strawberry.field(
        description="One session, with a member's own place; null when the gym has none such."
    )
    async def session(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the schema's word
        at_least: Position | None = None,
    ) -> ClassSession | None:
        session_id, me = ids.session(id, "id"), info.context.principal.client_id
        session = (await _session(info, session_id, at_least)).session
        if session is not None and me is not None:
            _, mine = await info.context.read(
                "roster", at_least,
                lambda pool, gym: bookings.place_of(pool, gym, session_id, me),
            )  # fmt: skip
            session.my_place = own_place(mine) if mine else None
        return session


def _session_topics(info: Info, session_id: strawberry.ID) -> list[str]:
    gym_id = info.context.must("read.session")
    return [topic(gym_id, "calendar", ids.session(session_id)), *_named(gym_id)]


def _calendar_topics(info: Info, from_: datetime, to: datetime) -> list[str]:
    gym_id = info.context.must("read.calendar")
    _span(from_, to)
    return [topic(gym_id, "calendar"), *_named(gym_id)]


def _named(gym_id: GymId) -> list[str]:
    """Where the names of places come from, and those of programs and class types, which change."""
    return [topic(gym_id, "organisation"), topic(gym_id, "timetable")]


@strawberry.type
class CalendarSubscription:
    @live(
        topics=_session_topics,
        scope=lambda info: info.context.gym_id,
        beyond=True,
        description="The session now, and again after every change.",
    )
    async def session_changed(
        self, info: Info, session_id: strawberry.ID, after: Position | None = None
    ) -> SessionUpdate:
        return await _session(info, ids.session(session_id), None)

    @live(
        topics=_calendar_topics,
        scope=lambda info: info.context.gym_id,
        beyond=True,
        description="The calendar now, and again after every change of one of its sessions.",
    )
    async def calendar_changed(
        self, info: Info, from_: From, to: To, after: Position | None = None
    ) -> CalendarUpdate:
        between = _span(from_, to)
        position, rows = await info.context.read(
            "calendar", None, lambda pool, gym: calendar.page(pool, gym, between, None, WATCHED)
        )
        now = info.context.services.clock.now()
        return CalendarUpdate(position=position, sessions=[planned(row, now) for row in rows])


def topic(gym_id: GymId, view: str, key: UUID | None = None) -> str:
    """Where hints about one thing in a view, or about anything in it, arrive."""
    return f"live.{gym_id}.{view}" if key is None else f"live.{gym_id}.{view}.{key}"


async def _session(info: Info, session_id: SessionId, at_least: Position | None) -> SessionUpdate:
    info.context.must("read.session")
    position, row = await info.context.read(
        "calendar", at_least, lambda pool, gym: calendar.session(pool, gym, session_id)
    )
    now = info.context.services.clock.now()
    return SessionUpdate(position=position, session=planned(row, now) if row else None)


def _cursor(row: Planned) -> str:
    return ids.cursor("calendar", row.starts_at, row.session_id)


def _span(begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    if not timedelta(0) < end - begin <= LONGEST:
        raise BadInput("to", f"must be after from, by at most {LONGEST.days} days")
    return begin, end
