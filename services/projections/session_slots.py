"""Where, when and with whom sessions take place, once that has changed.

Used by the calendar and by the roster, on the rows each of them keeps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeGuard, get_args

from chassis.tenancy import Db
from contracts.booking import ReservationReinstated, SessionCancelled, SessionScheduled
from contracts.envelope import Envelope, Event
from contracts.ids import ClassTypeId, GymId, ProgramId, RoomId, ScheduleId, SessionId, StaffId
from contracts.timetable import (
    InstructorAssigned,
    InstructorSubstituted,
    InstructorUnassigned,
    RoomAssigned,
    SessionChanged,
    SessionReinstated,
    SessionRescheduled,
)

SlotEvent: TypeAlias = (
    SessionRescheduled
    | InstructorAssigned
    | InstructorSubstituted
    | InstructorUnassigned
    | RoomAssigned
    | SessionChanged
    | SessionReinstated
)
"""What moves a session's slot, and its version."""

SlotTurn: TypeAlias = SlotEvent | SessionScheduled | SessionCancelled
_SLOT_TURNS = frozenset(get_args(SlotTurn))
_GIVES_LONGER = SessionRescheduled | InstructorSubstituted | InstructorUnassigned | SessionChanged
_SEAT_TURNS = frozenset({*get_args(_GIVES_LONGER), ReservationReinstated})

UPDATE = """
UPDATE {table} s
   SET starts_at = coalesce(u.starts_at, s.starts_at), ends_at = coalesce(u.ends_at, s.ends_at),
       booking_opens_at = coalesce(u.opens_at, s.booking_opens_at),
       booking_closes_at = coalesce(u.closes_at, s.booking_closes_at),
       room_id = CASE WHEN u.has_room THEN u.room_id ELSE s.room_id END,
       instructor_id = CASE WHEN u.has_coach THEN u.instructor_id ELSE s.instructor_id END,
       original_instructor_id = nullif(
           coalesce(s.original_instructor_id, u.original_id),
           CASE WHEN u.has_coach THEN u.instructor_id ELSE s.instructor_id END),
       free_cancel_until = CASE WHEN u.is_empty THEN u.free_until
                                ELSE coalesce(u.free_until, s.free_cancel_until) END,
       title = coalesce(u.title, s.title),
       program_id = CASE WHEN u.has_kind THEN u.program_id ELSE s.program_id END,
       class_type_id = CASE WHEN u.has_kind THEN u.class_type_id ELSE s.class_type_id END,
       schedule_id = coalesce(u.schedule_id, s.schedule_id),
       cancel_reason = CASE WHEN u.is_back THEN NULL ELSE s.cancel_reason END
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
              $6::timestamptz[], $7::bool[], $8::uuid[], $9::uuid[], $10::uuid[],
              $11::timestamptz[], $12::uuid[], $13::uuid[], $14::uuid[], $15::bool[],
              $16::text[], $17::bool[], $18::bool[], $19::bool[])
    AS u (gym_id, session_id, starts_at, ends_at, opens_at, closes_at, has_room, room_id,
          instructor_id, original_id, free_until, program_id, class_type_id, schedule_id, is_back,
          title, has_kind, has_coach, is_empty)
 WHERE s.gym_id = u.gym_id AND s.session_id = u.session_id
"""
MOVE_SEATS = """
UPDATE reservations r SET starts_at = u.starts_at
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS u (gym_id, session_id, starts_at)
 WHERE r.gym_id = u.gym_id AND r.session_id = u.session_id
"""
GIVE_LONGER = """
UPDATE reservations r SET free_until = u.free_until
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS u (gym_id, reservation_id, free_until)
 WHERE r.gym_id = u.gym_id AND r.reservation_id = u.reservation_id
"""


def turns_slot(event: Event) -> TypeGuard[SlotTurn]:
    """Whether it is one of them; ``isinstance`` would ask class after class."""
    return type(event) in _SLOT_TURNS


@dataclass(slots=True)
class _Slot:
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    has_room: bool = False
    room_id: RoomId | None = None
    instructor_id: StaffId | None = None
    original_id: StaffId | None = None
    free_until: datetime | None = None
    program_id: ProgramId | None = None
    class_type_id: ClassTypeId | None = None
    schedule_id: ScheduleId | None = None
    is_back: bool = False
    title: str | None = None
    has_kind: bool = False
    has_coach: bool = False
    is_empty: bool = False
    """It came back: nobody is left who was told of what changed before."""

    def hear(self, event: SlotTurn) -> None:
        match event:
            case SessionScheduled():
                self._is(event)
                self.schedule_id = event.schedule_id
            case SessionChanged():
                self._is(event)
                self.title = event.title
                self.opens_at, self.closes_at = event.booking_opens_at, event.booking_closes_at
            case SessionRescheduled():
                self.starts_at, self.ends_at = event.starts_at, event.ends_at
                self.opens_at, self.closes_at = event.booking_opens_at, event.booking_closes_at
                self.free_until = event.free_cancel_until or self.free_until
            case InstructorAssigned():
                self.has_coach, self.instructor_id = True, event.instructor_id
            case InstructorSubstituted() | InstructorUnassigned():
                to = event.substitute if isinstance(event, InstructorSubstituted) else None
                self.has_coach, self.instructor_id = True, to
                self.free_until = event.free_cancel_until
                self.original_id = self.original_id or event.original
            case RoomAssigned():
                self.has_room, self.room_id = True, event.room_id
            case SessionCancelled():
                self.is_back = False
            case SessionReinstated():
                self.is_back, self.is_empty, self.free_until = True, True, None

    def _is(self, event: SessionScheduled | SessionChanged) -> None:
        self.program_id, self.class_type_id = event.program_id, event.class_type_id
        self.has_kind = isinstance(event, SessionChanged) or event.class_type_id is not None

    def columns(self) -> tuple[object, ...]:
        return (
            self.starts_at, self.ends_at, self.opens_at, self.closes_at, self.has_room,
            self.room_id, self.instructor_id, self.original_id, self.free_until, self.program_id,
            self.class_type_id, self.schedule_id, self.is_back, self.title, self.has_kind,
            self.has_coach, self.is_empty,
        )  # fmt: skip


EMPTY = _Slot().columns()


async def apply(db: Db, table: str, events: Iterable[Envelope]) -> None:
    """Bring the slots of the session rows in ``table``, which are there, up to ``events``."""
    slots: dict[tuple[GymId, SessionId], _Slot] = {}
    for envelope in events:
        event = envelope.event
        if turns_slot(event):
            slots.setdefault((envelope.gym_id, event.session_id), _Slot()).hear(event)
    rows = [(*key, *cells) for key, slot in slots.items() if (cells := slot.columns()) != EMPTY]
    if rows:
        await db.execute(UPDATE.format(table=table), *_columns(rows))


async def move_seats(db: Db, events: Iterable[Envelope]) -> None:
    """Bring reservations up to ``events``: sessions moved, changed hands, late cancels undone."""
    starts: dict[tuple[GymId, SessionId], datetime] = {}
    longer: dict[tuple[GymId, object], datetime] = {}
    for envelope in events:
        event, gym = envelope.event, envelope.gym_id
        if type(event) not in _SEAT_TURNS:
            continue
        if isinstance(event, SessionRescheduled):
            starts[gym, event.session_id] = event.starts_at
        if isinstance(event, _GIVES_LONGER):
            longer |= {(gym, one.reservation_id): one.free_until for one in event.deadlines}
        if isinstance(event, ReservationReinstated):
            longer[gym, event.reservation_id] = event.free_until
    if starts:
        await db.execute(MOVE_SEATS, *_columns([(*key, at) for key, at in starts.items()]))
    if longer:
        await db.execute(GIVE_LONGER, *_columns([(*key, at) for key, at in longer.items()]))


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
