"""A session that was called off comes back: as its series has it now, when it is of one."""

from datetime import date

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.ids import ScheduleId, SessionId
from contracts.timetable import ReinstateSession, TimetableCode
from services.booking import following, placing
from services.booking.domain import session_changes
from services.booking.domain.class_schedule import ClassSchedule, class_schedule
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.sessions import set_deadlines


def reinstate_session(command: ReinstateSession, unit: Unit) -> None:
    """Put it back on the calendar, empty, as if it had stood there while its series changed.

    Raises ``Refused``: what ``session_changes.reinstate`` says; ``NOT_IN_SERIES``; what keeps it
    from its time (``STARTS_IN_THE_PAST``, ``LOCATION_CLOSED``) or its room (``ROOM_TAKEN``).
    """
    session_id, session = command.session_id, unit.state(class_session, command.session_id)
    back = session_changes.reinstate(session, session_id, unit.ctx.now)
    unit.record(class_session, session_id, back)
    if session.slot.schedule_id is not None:
        _follow(unit, session.slot.schedule_id, session_id, session)
    placing.place(unit, session_id)
    set_deadlines(unit, session_id)


def _follow(
    unit: Unit, schedule_id: ScheduleId, session_id: SessionId, session: ClassSession
) -> None:
    series = unit.state(class_schedule, schedule_id)
    day = _date_of(series, session_id)
    if day is not None and series.dates(day, day):
        following.follow(unit, series, schedule_id, {day: session_id})
    elif day is None or series.is_over_by(day) or not following.keeps_its_date(session):
        raise Refused(
            TimetableCode.NOT_IN_SERIES, "Its series has no class on that date any more.",
            field="session_id", schedule_id=str(schedule_id),
        )  # fmt: skip


def _date_of(series: ClassSchedule, session_id: SessionId) -> date | None:
    """The date the series placed it for; ``None`` when it gave that up."""
    return next((day for day, one in series.placed.items() if one == session_id), None)
