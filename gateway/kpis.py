"""KPIs in GraphQL: the dashboard's cards, each number with the ids it counts."""

from datetime import datetime

import strawberry

from contracts.ids import ReservationId, SessionId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Info
from gateway.positions import Position
from gateway.serve.live import live
from services.projections import cards, kpis


@strawberry.type(description="How many sessions, and which.")
class SessionCount:
    count: int
    session_ids: list[strawberry.ID]


@strawberry.type(description="How many reservations, and which.")
class ReservationCount:
    count: int
    reservation_ids: list[strawberry.ID]


@strawberry.type(description="How many people fit, and into which sessions.")
class Capacity:
    people: int
    session_ids: list[strawberry.ID]


@strawberry.type(
    description="Classes that begin on each location's local today, empty ones included. Open gym, "
    "events and appointments are no classes."
)
class ClassesToday:
    total: int = strawberry.field(description="Done, running and to come; cancelled stand apart.")
    done: SessionCount
    running: SessionCount
    to_come: SessionCount
    cancelled: SessionCount
    booked: ReservationCount = strawberry.field(
        description="Seats taken in the classes, but those of staff, guests and tests."
    )
    capacity: Capacity = strawberry.field(description="Of the classes.")
    changes_at: datetime = strawberry.field(
        description="When the clock alone changes this card next: ask again then."
    )


@strawberry.type(
    description="Show rate: attended / (attended + no-shows) over the last 30 full local days."
)
class AttendanceRate:
    rate: float | None = strawberry.field(
        description="From 0 to 1; null when nobody was expected. Walk-ins, cancelled seats and "
        "cancelled sessions do not count."
    )
    attended: ReservationCount
    no_shows: ReservationCount
    recorded: SessionCount = strawberry.field(
        description="Sessions with a check-in, or whose books a person closed."
    )
    not_recorded: SessionCount = strawberry.field(
        description="Sessions with seats taken where nobody took attendance; not in the rate."
    )


@strawberry.type(
    description="The cards as they are at a position, with every correction made since: a past day "
    "shows what is known of it now, not what was known then."
)
class Kpis:
    position: Position
    classes_today: ClassesToday
    attendance_rate: AttendanceRate


@strawberry.type
class KpisQuery:
    @strawberry.field(description="The dashboard's cards.")
    async def kpis(self, info: Info, at_least: Position | None = None) -> Kpis:
        return await _kpis(info, at_least)


@strawberry.type
class KpisSubscription:
    @live(
        topics=lambda info: [topic(info.context.must("read.kpis"), "kpis")],
        scope=lambda info: (info.context.must("read.kpis"), "kpis"),
        beyond=True,
        description="The cards now, and again after every change. See changesAt for the clock's.",
    )
    async def kpis_changed(self, info: Info, after: Position | None = None) -> Kpis:
        return await _kpis(info, None)


async def _kpis(info: Info, at_least: Position | None) -> Kpis:
    info.context.must("read.kpis")
    now = info.context.services.clock.now()
    position, counted = await info.context.read(
        "kpis", at_least, lambda pool, gym: kpis.counted(pool, gym, now)
    )
    return Kpis(
        position=position,
        classes_today=_today(cards.classes_today(counted, now)),
        attendance_rate=_rate(cards.attendance_rate(counted, now)),
    )


def _today(card: cards.ClassesToday) -> ClassesToday:
    return ClassesToday(
        total=len(card.done) + len(card.running) + len(card.to_come),
        done=_sessions(card.done),
        running=_sessions(card.running),
        to_come=_sessions(card.to_come),
        cancelled=_sessions(card.cancelled),
        booked=_reservations(card.booked),
        capacity=Capacity(
            people=card.capacity,
            session_ids=_sessions([*card.done, *card.running, *card.to_come]).session_ids,
        ),
        changes_at=card.changes_at,
    )


def _rate(card: cards.AttendanceRate) -> AttendanceRate:
    return AttendanceRate(
        rate=card.rate,
        attended=_reservations(card.attended),
        no_shows=_reservations(card.no_shows),
        recorded=_sessions(card.recorded),
        not_recorded=_sessions(card.not_recorded),
    )


def _sessions(counted: list[SessionId]) -> SessionCount:
    shown = [ids.shown("ses", one) for one in counted]
    return SessionCount(count=len(shown), session_ids=shown)


def _reservations(counted: list[ReservationId]) -> ReservationCount:
    shown = [ids.shown("rsv", one) for one in counted]
    return ReservationCount(count=len(shown), reservation_ids=shown)
