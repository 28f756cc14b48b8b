"""Importing a timetable: every event the file has is put in or rejected with its line and reason.

The file is read before the store is asked; what it says is then decided on in one append. Ids come
from location and UID, so that the same file given twice puts nothing in twice.
"""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import ScheduleSession
from contracts.ids import ScheduleId, SessionId, id_of
from contracts.timetable import (
    CreateSchedule,
    ImportedRow,
    ImportOutcome,
    ImportTimetable,
    Placement,
    RejectedRow,
    TimetableCode,
)
from services.booking import placing
from services.booking.domain import rooms
from services.booking.domain.rooms import location_calendar
from services.booking.ical_rows import Parsed, Row
from services.booking.schedules import create_schedule
from services.booking.sessions import schedule_session


def import_timetable(command: ImportTimetable, unit: Unit, file: Parsed) -> ImportOutcome:
    """Put in what the file says, but what a rule refuses."""
    placing.offered(unit, command.class_type_id)
    unit.state(location_calendar, command.location_id)
    imported, rejected = [], list(file.rejected)
    for row in file.rows:
        try:
            imported.append(
                _series(command, unit, row) if row.weekdays else _session(command, unit, row)
            )
        except Refused as refusal:
            rejected.append(
                RejectedRow(line=row.line, uid=row.uid, reason=f"{refusal.code}: {refusal.message}")
            )
    rejected.sort(key=lambda one: one.line)
    return ImportOutcome(imported=tuple(imported), rejected=tuple(rejected))


def _series(command: ImportTimetable, unit: Unit, row: Row) -> ImportedRow:
    schedule_id = ScheduleId(_named(command, row))
    pattern = row.pattern.model_copy(update={
        "class_type_id": command.class_type_id, "room_id": command.room_id,
        "capacity": command.capacity,
    })  # fmt: skip
    create_schedule(
        CreateSchedule(
            schedule_id=schedule_id, location_id=command.location_id, time_zone=row.time_zone,
            pattern=pattern, from_date=row.starts_at.date(), until_date=row.until_date,
            except_dates=row.except_dates,
        ),
        unit,
    )  # fmt: skip
    return ImportedRow(line=row.line, uid=row.uid, schedule_id=schedule_id)


def _session(command: ImportTimetable, unit: Unit, row: Row) -> ImportedRow:
    """Looks for the room first: nothing of a refused row may be recorded."""
    session_id, starts_at = SessionId(_named(command, row)), row.starts_at.astimezone(UTC)
    kind = placing.offered(unit, command.class_type_id)
    capacity = command.capacity or (kind.capacity if kind else None)
    if capacity is None:
        raise Refused(TimetableCode.INVALID_SCHEDULE, "Say a capacity, or a class type.")
    wanted = Placement(
        session_id=session_id, room_id=command.room_id, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=row.minutes),
    )  # fmt: skip
    at = unit.state(location_calendar, command.location_id)
    rooms.must_be_possible(at, wanted)
    schedule_session(
        ScheduleSession(
            session_id=session_id, title=row.title, location_id=command.location_id,
            room_id=command.room_id, starts_at=starts_at, ends_at=wanted.ends_at,
            time_zone=at.time_zone or row.time_zone, capacity=capacity,
            class_type_id=command.class_type_id,
        ),
        unit,
    )  # fmt: skip
    return ImportedRow(line=row.line, uid=row.uid, session_id=session_id)


def _named(command: ImportTimetable, row: Row) -> UUID:
    """A UUIDv7 of the row's first date, the same whenever the row is imported again."""
    day: date = row.moved_from or row.starts_at.date()
    words = f"{command.location_id.hex}\n{row.uid}\n{row.moved_from or ''}".encode()
    digest = hashlib.sha256(words).digest()
    return id_of(datetime.combine(day, time(), tzinfo=UTC), digest)
