"""The start of a session: what is empty then is counted before anything changes it."""

from chassis.eventstore.store import Unit
from contracts.ids import SessionId
from services.booking.domain import attendance
from services.booking.domain.class_session import ClassSession, class_session


def counted(unit: Unit, session_id: SessionId) -> ClassSession:
    """The session, its empty seats counted if it has started."""
    session = unit.state(class_session, session_id)
    count = attendance.count_at_start(session, session_id, unit.ctx.now)
    return unit.record(class_session, session_id, count)
