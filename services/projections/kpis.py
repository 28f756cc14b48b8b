"""KPIs: what the dashboard's cards count, session by session and seat by seat.

Tables     ``kpi_sessions`` and ``kpi_seats``, one row each; those of ``kpi_exceptions``; ``cards``
           says what counts
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.booking import (
    AttendanceCorrected,
    AttendanceFinalized,
    CapacityChanged,
    CheckedIn,
    CheckInUndone,
    MarkedNoShow,
    ReservationCancelled,
    ReservationCovered,
    ReservationMade,
    ReservationReinstated,
    ReservationSource,
    SessionCancelled,
    SessionScheduled,
)
from contracts.envelope import Envelope
from contracts.ids import ClassTypeId, GrantId, GymId
from contracts.timetable import (
    SessionChanged,
    SessionKind,
    SessionReinstated,
    SessionRescheduled,
)
from services.projections import kpi_exceptions as exceptions
from services.projections.cards import (
    Counted,
    Seat,
    SeatStatus,
    counted_as,
    dates_of_interest,
    local_date,
)
from services.projections.reading import ask
from services.projections.sessions import Incomplete, columns

SCHEDULED = """
INSERT INTO kpi_sessions (gym_id, session_id, version, position, time_zone, location_id, starts_at,
                          ends_at, class_type_id, local_date, capacity, cancelled, closed_by)
SELECT u.*, 0, false, ''
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::text[], $6::uuid[],
              $7::timestamptz[], $8::timestamptz[], $9::uuid[], $10::date[])
    AS u (gym_id, session_id, version, position, time_zone, location_id, starts_at, ends_at,
          class_type_id, local_date)
"""
CHANGED = """
UPDATE kpi_sessions s
   SET version = u.version, position = u.position, capacity = coalesce(u.capacity, s.capacity),
       cancelled = coalesce(u.cancelled, s.cancelled),
       closed_by = coalesce(u.closed_by, s.closed_by),
       starts_at = coalesce(u.starts_at, s.starts_at), ends_at = coalesce(u.ends_at, s.ends_at),
       class_type_id = CASE WHEN u.retyped THEN u.class_type_id ELSE s.class_type_id END,
       local_date = coalesce(u.local_date, s.local_date)
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::int[], $6::boolean[],
              $7::text[], $8::timestamptz[], $9::timestamptz[], $10::boolean[], $11::uuid[],
              $12::date[])
    AS u (gym_id, session_id, version, position, capacity, cancelled, closed_by, starts_at, ends_at,
          retyped, class_type_id, local_date)
 WHERE s.gym_id = u.gym_id AND s.session_id = u.session_id
"""
ZONES = """
SELECT s.gym_id, s.session_id, s.time_zone FROM kpi_sessions s
  JOIN unnest($1::uuid[], $2::uuid[]) AS u (gym_id, session_id)
    ON s.gym_id = u.gym_id AND s.session_id = u.session_id
"""
SEATS = """
INSERT INTO kpi_seats (gym_id, session_id, reservation_id, status, walk_in, version, position,
                       counts)
SELECT u.gym_id, u.session_id, u.reservation_id, u.status, u.walk_in, u.version, u.position,
       g.grant_id IS NULL
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::int[],
              $7::bigint[], $8::uuid[])
    AS u (gym_id, session_id, reservation_id, status, walk_in, version, position, grant_id)
  LEFT JOIN kpi_uncounted_grants g ON g.gym_id = u.gym_id AND g.grant_id = u.grant_id
    ON CONFLICT (gym_id, session_id, reservation_id) DO UPDATE
   SET status = excluded.status, walk_in = kpi_seats.walk_in OR excluded.walk_in,
       version = excluded.version, position = excluded.position
"""
COVERED = """
UPDATE kpi_seats s SET counts = g.grant_id IS NULL
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
    AS u (gym_id, session_id, reservation_id, grant_id)
  LEFT JOIN kpi_uncounted_grants g ON g.gym_id = u.gym_id AND g.grant_id = u.grant_id
 WHERE (s.gym_id, s.session_id, s.reservation_id) = (u.gym_id, u.session_id, u.reservation_id)
"""
EVENTS = (
    SessionScheduled | SessionRescheduled | SessionCancelled | SessionReinstated | CapacityChanged
    | AttendanceFinalized | ReservationMade | ReservationReinstated | ReservationCancelled
    | CheckedIn | CheckInUndone | MarkedNoShow | AttendanceCorrected | SessionChanged
    | ReservationCovered
)  # fmt: skip
Key = tuple[GymId, UUID]


@dataclass(slots=True)
class _Change:
    """What one batch changes about a session."""

    at: tuple[int, int] = (0, 0)
    capacity: int | None = None
    cancelled: bool | None = None
    closed_by: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    born: SessionScheduled | None = None
    retyped: bool = False
    class_type_id: ClassTypeId | None = None

    def hear(self, envelope: Envelope) -> None:
        self.at = (envelope.version, envelope.position)
        match envelope.event:
            case SessionScheduled() as event:
                self.born, self.capacity = event, event.capacity
            case SessionRescheduled() as event:
                self.starts_at, self.ends_at = event.starts_at, event.ends_at
            case CapacityChanged() as event:
                self.capacity = event.capacity
            case SessionChanged() as event:
                self.retyped, self.class_type_id = True, event.class_type_id
            case SessionCancelled():
                self.cancelled = True
            case SessionReinstated():
                self.cancelled = False
            case AttendanceFinalized() | AttendanceCorrected():
                self.closed_by = envelope.actor.partition(":")[0]


@dataclass(slots=True)
class _Batch:
    sessions: dict[Key, _Change] = field(default_factory=dict)
    seats: dict[tuple[GymId, UUID, UUID], tuple[SeatStatus, bool, int, int, GrantId | None]] = (
        field(default_factory=dict)
    )
    covered: dict[tuple[GymId, UUID, UUID], GrantId] = field(default_factory=dict)

    def hear(self, envelope: Envelope) -> None:
        if not isinstance(envelope.event, EVENTS):
            return
        event: Any = envelope.event
        self.sessions.setdefault((envelope.gym_id, event.session_id), _Change()).hear(envelope)
        if isinstance(event, ReservationCovered):
            self.covered[envelope.gym_id, event.session_id, event.reservation_id] = event.grant_id
        status = counted_as(event)
        if status is not None:
            key = (envelope.gym_id, event.session_id, event.reservation_id)
            walks_in = getattr(event, "source", None) is ReservationSource.WALK_IN
            known = self.seats.get(key)
            walked_in = walks_in or (known is not None and known[1])
            paid_with = event.grant_id if isinstance(event, ReservationMade) else known and known[4]
            self.seats[key] = (
                status, walked_in, envelope.version, envelope.position, paid_with
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class KpisModel:
    """Written by the projector. Hints name sessions, and class types of another kind."""

    name: str = "kpis"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("kpi_sessions", "kpi_seats", *exceptions.TABLES)

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        kinds = await exceptions.hear(db, events)
        batch = _Batch()
        for envelope in events:
            batch.hear(envelope)
        new = [
            (*key, *change.at, born.time_zone, born.location_id, born.starts_at, born.ends_at,
             born.class_type_id, local_date(born.starts_at, born.time_zone))
            for key, change in batch.sessions.items() if (born := change.born) is not None
        ]  # fmt: skip
        if new:
            await db.execute(SCHEDULED, *columns(new))
        days = await _days_moved_to(db, batch)
        changed = [
            (*key, *c.at, c.capacity, c.cancelled, c.closed_by, c.starts_at, c.ends_at, c.retyped,
             c.class_type_id, days.get(key))
            for key, c in batch.sessions.items()
        ]  # fmt: skip
        if changed and (done := await db.execute(CHANGED, *columns(changed))) != (
            f"UPDATE {len(changed)}"
        ):
            raise Incomplete(f"kpi_sessions: {len(changed)} sessions changed, {done}")
        if batch.seats:
            rows = [(*key, *row) for key, row in batch.seats.items()]
            await db.execute(SEATS, *columns(rows))
        if batch.covered:
            paid = [(*key, grant) for key, grant in batch.covered.items()]
            await db.execute(COVERED, *columns(paid))
        return [(gym, str(key)) for gym, key in (*batch.sessions, *kinds)]


MODEL = KpisModel()


async def _days_moved_to(db: Db, batch: _Batch) -> dict[Key, date]:
    """The gym days of the sessions that moved, by the clocks that all services go by.

    Those of the database may be of another year, and know fewer zones.
    """
    moved = {key: one.starts_at for key, one in batch.sessions.items() if one.starts_at is not None}
    if not moved:
        return {}
    zones = await db.fetch(ZONES, *columns(moved))
    return {(gym, one): local_date(moved[gym, one], zone) for gym, one, zone in zones}


async def counted(pool: Pool, gym_id: GymId, now: datetime) -> tuple[int, list[Counted]]:
    """The sessions any card of ``now`` may count, oldest first, and the position they reflect."""
    as_of, rows = await ask(pool, "kpi_counted", gym_id, *dates_of_interest(now))
    return as_of, [_counted(row) for row in rows if row[1] is not None]


def _counted(row: asyncpg.Record) -> Counted:
    taken = (row[n] or () for n in range(11, 15))
    seats = [
        Seat(seat, SeatStatus(status), walked_in, counts)
        for seat, status, walked_in, counts in zip(*taken, strict=True)
    ]
    session, location, zone, day, starts_at, ends_at, capacity, cancelled, closed_by = row[1:10]
    return Counted(
        session, location, zone, day, starts_at, ends_at, capacity, cancelled, closed_by, seats,
        SessionKind(row[10]),
    )  # fmt: skip
