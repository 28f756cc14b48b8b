"""Timetable: programs, class types, published policies, weekly series, closures and ``drafts``.

Tables     ``programs``, ``class_types``, ``booking_policies``, ``schedules``, ``closures``; one row
           each, few of them: a gym's are read all at once
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.envelope import Envelope
from contracts.ids import ClassTypeId, GymId, LocationId, ProgramId, ScheduleId
from contracts.timetable import (
    BookingPolicyPublished,
    ClassTypeChanged,
    ClassTypeDefined,
    ClassTypeRetired,
    ClosureAdded,
    ClosureRemoved,
    OccurrencesPlaced,
    Pattern,
    ProgramChanged,
    ProgramDefined,
    ProgramRetired,
    ScheduleChanged,
    ScheduleCreated,
    ScheduleEnded,
    SessionKind,
)
from services.projections import drafts
from services.projections.reading import ask

PROGRAM = """
INSERT INTO programs (gym_id, version, position, program_id, name, description, is_retired)
VALUES ($1, $2, $3, $4, $5, $6, false)
    ON CONFLICT (gym_id, program_id) DO UPDATE
   SET name = excluded.name, description = excluded.description,
       version = excluded.version, position = excluded.position
"""
CLASS_TYPE = """
INSERT INTO class_types (gym_id, version, position, class_type_id, program_id, name, description,
                         minutes, capacity, overrides, kind, is_retired)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, false)
"""
CLASS_TYPE_CHANGED = """
UPDATE class_types SET version = $2, position = $3, name = $5, description = $6, minutes = $7,
                       capacity = $8, overrides = $9, kind = $10
 WHERE gym_id = $1 AND class_type_id = $4
"""
RETIRED = """
UPDATE {table} SET version = $2, position = $3, is_retired = true WHERE gym_id = $1 AND {key} = $4
"""
POLICY = """
INSERT INTO booking_policies (gym_id, version, position, number, effective_from, preset, policy)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
SCHEDULE = """
INSERT INTO schedules (gym_id, version, position, schedule_id, location_id, time_zone, pattern,
                       pattern_from, from_date, until_date, except_dates)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)
"""
SCHEDULE_CHANGED = """
UPDATE schedules SET version = $2, position = $3, pattern = $5, pattern_from = $6
 WHERE gym_id = $1 AND schedule_id = $4
"""
SCHEDULE_DATED = """
UPDATE schedules SET version = $2, position = $3, {column} = $5
 WHERE gym_id = $1 AND schedule_id = $4
"""
CLOSURE = """
INSERT INTO closures (gym_id, version, position, closure_id, location_id, from_date, until_date,
                      reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
NO_CLOSURE = """
DELETE FROM closures WHERE gym_id = $1 AND version < $2 AND position < $3 AND closure_id = $4
"""


@dataclass(frozen=True, slots=True)
class Program:
    program_id: ProgramId
    name: str
    description: str
    is_retired: bool
    version: int


@dataclass(frozen=True, slots=True)
class ClassType:
    """Capacity counts people."""

    class_type_id: ClassTypeId
    program_id: ProgramId
    name: str
    description: str
    minutes: int
    capacity: int
    overrides: PolicyOverrides
    kind: SessionKind
    is_retired: bool
    version: int


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    effective_from: datetime
    preset: str | None
    policy: BookingPolicy


@dataclass(frozen=True, slots=True)
class Schedule:
    """A weekly series with the pattern that was said last, and from when it counts."""

    schedule_id: ScheduleId
    location_id: LocationId
    time_zone: str
    pattern: Pattern
    pattern_from: date
    from_date: date
    until_date: date | None
    except_dates: list[date]
    placed_until: date | None
    version: int


@dataclass(frozen=True, slots=True)
class TimetableModel:
    """Written by the projector, event by event: they are few."""

    name: str = "timetable"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = (
        "programs", "class_types", "booking_policies", "schedules", "closures", "session_drafts",
    )  # fmt: skip

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        changed: set[GymId] = set()
        for envelope in events:
            told = _statement(envelope)
            if told is not None:
                statement, *values = told
                gym, at = envelope.gym_id, envelope.position
                await db.execute(statement, gym, envelope.version, at, *values)
                changed.add(gym)
        return [(gym, str(gym)) for gym in changed]


MODEL = TimetableModel()


def _statement(envelope: Envelope) -> tuple[Any, ...] | None:
    """What the event does to its row: the statement, and its values from the fourth on."""
    told: tuple[Any, ...] | None
    match envelope.event:
        case ProgramDefined() | ProgramChanged() as e:
            told = (PROGRAM, e.program_id, e.name, e.description)
        case ProgramRetired() as e:
            told = (RETIRED.format(table="programs", key="program_id"), e.program_id)
        case ClassTypeDefined() as e:
            told = (CLASS_TYPE, e.class_type_id, e.program_id, *_described(e))
        case ClassTypeChanged() as e:
            told = (CLASS_TYPE_CHANGED, e.class_type_id, *_described(e))
        case ClassTypeRetired() as e:
            told = (RETIRED.format(table="class_types", key="class_type_id"), e.class_type_id)
        case BookingPolicyPublished() as e:
            told = (POLICY, e.version, e.effective_from, e.preset, e.policy.model_dump_json())
        case ClosureAdded() as e:
            told = (CLOSURE, e.closure_id, e.location_id, e.from_date, e.until_date, e.reason)
        case ClosureRemoved() as e:
            told = (NO_CLOSURE, e.closure_id)
        case _:
            told = _of_series(envelope) or drafts.statement(envelope.event)
    return told


def _described(event: ClassTypeDefined | ClassTypeChanged) -> tuple[Any, ...]:
    return (
        event.name, event.description, event.minutes, event.capacity,
        event.overrides.model_dump_json(), event.kind.value,
    )  # fmt: skip


def _of_series(envelope: Envelope) -> tuple[Any, ...] | None:
    match envelope.event:
        case ScheduleCreated() as e:
            said = (e.pattern.model_dump_json(), e.from_date, e.until_date, list(e.except_dates))
            return SCHEDULE, e.schedule_id, e.location_id, e.time_zone, *said
        case ScheduleChanged() as e:
            return SCHEDULE_CHANGED, e.schedule_id, e.pattern.model_dump_json(), e.from_date
        case ScheduleEnded() as e:
            last = e.from_date - timedelta(days=1)
            return SCHEDULE_DATED.format(column="until_date"), e.schedule_id, last
        case OccurrencesPlaced() as e:
            return SCHEDULE_DATED.format(column="placed_until"), e.schedule_id, e.until
        case _:
            return None


async def programs(pool: Pool, gym_id: GymId) -> tuple[int, list[Program]]:
    """All of them, by name; with the position they reflect, like every answer below."""
    as_of, rows = await ask(pool, "programs", gym_id)
    return as_of, [Program(*tuple(row)[1:]) for row in rows if row[1] is not None]


async def class_types(pool: Pool, gym_id: GymId) -> tuple[int, list[ClassType]]:
    """All of them, by name."""
    as_of, rows = await ask(pool, "classes_offered", gym_id)
    found = [list(row)[1:] for row in rows if row[1] is not None]
    for row in found:
        row[6:8] = PolicyOverrides.model_validate_json(row[6]), SessionKind(row[7])
    return as_of, [ClassType(*row) for row in found]


async def policies(pool: Pool, gym_id: GymId) -> tuple[int, list[PublishedPolicy]]:
    """Every published version, oldest first."""
    as_of, rows = await ask(pool, "booking_policies", gym_id)
    found = [row for row in rows if row[1] is not None]
    return as_of, [
        PublishedPolicy(row[2], row[3], BookingPolicy.model_validate_json(row[4])) for row in found
    ]


async def schedules(
    pool: Pool, gym_id: GymId, location_id: LocationId | None
) -> tuple[int, list[Schedule]]:
    """All series, or a location's, by their first day."""
    as_of, rows = await ask(pool, "schedules", gym_id, location_id)
    found = [list(row)[1:] for row in rows if row[1] is not None]
    for row in found:
        row[3] = Pattern.model_validate_json(row[3])
    return as_of, [Schedule(*row) for row in found]
