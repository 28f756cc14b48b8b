"""Importing a timetable: every event the file has is put in or rejected with its line and reason.

The file is read before the store is asked; what it says is then decided on in one append. Ids come
from location and UID, whatever else an event says, so that neither the same file given twice nor a
changed one puts anything in twice: what is in is changed on the timetable.
"""

import hashlib
from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import BookingCode, ScheduleSession
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
from services.booking.domain.class_schedule import class_schedule
from services.booking.domain.class_session import Stage, class_session
from services.booking.domain.rooms import location_calendar
from services.booking.ical_rows import Parsed, Row
from services.booking.schedules import create_schedule
from services.booking.sessions import schedule_session

BORN_WITHOUT_TIME = date(2026, 1, 1)  # as gateway's ids of keys that carry no time


def import_timetable(command: ImportTimetable, unit: Unit, file: Parsed) -> ImportOutcome:
    """Put in what the file says, but what a rule refuses.

    Raises ``Refused(OTHER_TIME_ZONE)``: its floating times would be read by other clocks.
    """
    placing.must_be_local(unit, command.location_id, command.time_zone)
    placing.offered(unit, command.class_type_id)
    unit.states(class_schedule, {ScheduleId(_named(command, row.uid)) for row in file.rows})
    unit.states(class_session, {SessionId(_id_of(command, row)) for row in file.rows})
    imported: list[ImportedRow] = []
    rejected = list(file.rejected)
    for row in file.rows:
        begun = {one.uid for one in imported if one.schedule_id is not None}
        try:
            _must_be_new(command, unit, row, begun)
            imported.append(
                _series(command, unit, row) if row.weekdays else _session(command, unit, row)
            )
        except Refused as refusal:
            reason = f"{refusal.code}: {refusal.message}"
            rejected += (
                RejectedRow(line=line, uid=row.uid, reason=reason)
                for line in (row.line, *row.called_off)
            )
    rejected.sort(key=lambda one: one.line)
    return ImportOutcome(imported=tuple(imported), rejected=tuple(rejected))


def _must_be_new(command: ImportTimetable, unit: Unit, row: Row, begun: Container[str]) -> None:
    """Raise ``Refused`` when an earlier file put the event in, or another one its series.

    A date that was moved goes in with its series, which is ``begun`` then, or without one.
    """
    known = _named(command, row.uid)
    is_of_this_file = row.moved_from is not None and row.uid in begun
    if unit.state(class_schedule, ScheduleId(known)).segments and not is_of_this_file:
        raise Refused(TimetableCode.ALREADY_DEFINED, "The series exists.")
    if unit.state(class_session, SessionId(_id_of(command, row))).stage is not Stage.ABSENT:
        raise Refused(BookingCode.ALREADY_SCHEDULED, "The session is on the calendar.")


def _series(command: ImportTimetable, unit: Unit, row: Row) -> ImportedRow:
    schedule_id = ScheduleId(_id_of(command, row))
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
    session_id, starts_at = SessionId(_id_of(command, row)), row.starts_at.astimezone(UTC)
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


def _id_of(command: ImportTimetable, row: Row) -> UUID:
    return _named(command, row.uid, row.moved_from)


def _named(command: ImportTimetable, uid: str, moved_from: date | None = None) -> UUID:
    """A UUIDv7, the same whatever a later file says of the event; a moved date has its own."""
    day = moved_from or BORN_WITHOUT_TIME
    words = f"{command.location_id.hex}\n{uid}\n{moved_from or ''}".encode()
    digest = hashlib.sha256(words).digest()
    return id_of(datetime.combine(day, time(), tzinfo=UTC), digest)
