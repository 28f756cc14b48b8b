"""Session rows: one per class session, folded from booking's events.

Kept twice, by the calendar and by the roster, so that each of them is one consistent picture.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

import asyncpg

from chassis.tenancy import Db
from contracts.booking import (
    AttendanceFinalized,
    AttendanceUnrecorded,
    CapacityChanged,
    CheckedIn,
    CheckInUndone,
    ReservationCancelled,
    ReservationMade,
    ReservationReinstated,
    SessionCancelled,
    SessionScheduled,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
)
from contracts.envelope import Envelope
from contracts.ids import (
    ClassTypeId,
    GymId,
    LocationId,
    ProgramId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
)
from contracts.timetable import SessionReinstated
from services.projections import session_slots
from services.projections.session_events import SessionEvent, is_of_session

STATUS = {AttendanceFinalized: "finalized", AttendanceUnrecorded: "unrecorded"}
INSERT = """
INSERT INTO {table}
       (gym_id, session_id, version, position, capacity, reserved, waiting, checked_in, status,
        cancel_reason, title, location_id, room_id, instructor_id, starts_at, ends_at, time_zone,
        booking_opens_at, booking_closes_at)
SELECT * FROM unnest(
       $1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::int[],
       $9::text[], $10::text[], $11::text[], $12::uuid[], $13::uuid[], $14::uuid[],
       $15::timestamptz[], $16::timestamptz[], $17::text[], $18::timestamptz[], $19::timestamptz[])
"""
UPDATE = """
UPDATE {table} s
   SET version = u.version, position = u.position,
       capacity = coalesce(u.capacity, s.capacity), reserved = coalesce(u.reserved, s.reserved),
       waiting = s.waiting + u.waiting,
       checked_in = CASE WHEN u.emptied THEN 0 ELSE s.checked_in END + u.checked_in,
       status = coalesce(u.status, s.status), cancel_reason = coalesce(u.reason, s.cancel_reason)
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[],
              $8::int[], $9::text[], $10::text[], $11::bool[])
    AS u (gym_id, session_id, version, position, capacity, reserved, waiting, checked_in, status,
          reason, emptied)
 WHERE s.gym_id = u.gym_id AND s.session_id = u.session_id
"""

Key = tuple[GymId, SessionId]


class Incomplete(Exception):
    """An event speaks of a row that is not there: the stream does not begin at its beginning."""


@dataclass(frozen=True, slots=True)
class Session:
    """A class session as screens show it. Instants are UTC; counts are people."""

    session_id: SessionId
    title: str
    location_id: LocationId
    location_name: str | None
    room_id: RoomId | None
    room_name: str | None
    instructor_id: StaffId | None
    instructor_name: str | None
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    booking_opens_at: datetime
    booking_closes_at: datetime
    capacity: int
    reserved: int
    waiting: int
    checked_in: int
    status: str
    """``scheduled``, ``cancelled`` or ``finalized``."""
    cancel_reason: str | None
    version: int
    program_id: ProgramId | None = None
    program_name: str | None = None
    class_type_id: ClassTypeId | None = None
    class_type_name: str | None = None
    schedule_id: ScheduleId | None = None
    original_instructor_id: StaffId | None = None
    original_instructor_name: str | None = None
    free_cancel_until: datetime | None = None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """From columns 1 to 20 of a read function; column 0 is the view's position."""
        return cls(*tuple(row)[1:21])


@dataclass(slots=True)
class _Change:
    version: int = 0
    position: int = 0
    capacity: int | None = None
    reserved: int | None = None
    waiting: int = 0
    checked_in: int = 0
    status: str | None = None
    reason: str | None = None
    scheduled: SessionScheduled | None = None
    emptied: bool = False
    """It was called off: nobody counts as checked in who was so before."""

    def hear(self, envelope: Envelope, event: SessionEvent) -> None:
        self.version, self.position = envelope.version, envelope.position
        match event:  # what is frequent comes first: a class that does not match costs
            case ReservationMade() | ReservationCancelled() | ReservationReinstated():
                self.reserved = event.seats_taken
            case SessionScheduled():
                self.scheduled, self.capacity, self.reserved = event, event.capacity, 0
                self.status = "scheduled"
            case CapacityChanged():
                self.capacity = event.capacity
            case SessionCancelled():
                self.status, self.reason = "cancelled", event.reason
                self.emptied, self.checked_in = True, 0
            case SessionReinstated():
                self.status, self.reason = "scheduled", None
            case AttendanceFinalized() | AttendanceUnrecorded():
                self.status = STATUS[type(event)]
            case WaitlistJoined():
                self.waiting += 1
            case WaitlistLeft() | WaitlistPromoted():
                self.waiting -= 1
            case CheckedIn() | CheckInUndone():
                self.checked_in += 1 if isinstance(event, CheckedIn) else -1

    def columns(self) -> tuple[object, ...]:
        return (
            self.version, self.position, self.capacity, self.reserved, self.waiting,
            self.checked_in, self.status, self.reason,
        )  # fmt: skip


async def apply(db: Db, table: str, events: Sequence[Envelope]) -> list[Key]:
    """Bring the session rows in ``table`` up to ``events``; answers which sessions changed.

    Raises ``Incomplete`` when a session that was never scheduled changes.
    """
    changes: dict[Key, _Change] = {}
    for envelope in events:
        if is_of_session(event := envelope.event):
            key = (envelope.gym_id, event.session_id)
            change = changes.get(key)
            if change is None:
                change = changes[key] = _Change()
            change.hear(envelope, event)
    new = [
        (*key, *change.columns(), *_birth(change.scheduled))
        for key, change in changes.items()
        if change.scheduled is not None
    ]
    old = [(*key, *c.columns(), c.emptied) for key, c in changes.items() if c.scheduled is None]
    if new:
        await db.execute(INSERT.format(table=table), *columns(new))
    if old:
        done = await db.execute(UPDATE.format(table=table), *columns(old))
        if done != f"UPDATE {len(old)}":
            raise Incomplete(f"{table}: {len(old)} sessions changed, {done}")
    await session_slots.apply(db, table, events)
    return list(changes)


def columns(rows: Iterable[tuple[object, ...]]) -> list[Sequence[object]]:
    """Rows turned into the arrays ``unnest`` takes.

    Postgres' text holds no NUL, and one must not stop a read model: it is shown as U+FFFD.
    """
    return [
        [v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in column]
        if str in set(map(type, column))
        else column
        for column in zip(*rows, strict=True)
    ]


def _birth(event: SessionScheduled) -> tuple[str | UUID | datetime | None, ...]:
    return (
        event.title, event.location_id, event.room_id, event.instructor_id, event.starts_at,
        event.ends_at, event.time_zone, event.booking_opens_at, event.booking_closes_at,
    )  # fmt: skip
