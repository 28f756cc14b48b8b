"""The end of a session: its books close in time, also of who is heard of when it is over."""

from datetime import timedelta

from chassis.eventstore.store import Unit
from contracts.booking import CloseAttendance, ReleaseUnrecorded
from contracts.ids import SessionId
from services.booking import deadlines
from services.booking.domain import booking_policy
from services.booking.domain.class_session import class_session

BACKLOG = timedelta(days=1)  # after it was asked who came, for entries that are still on their way


def in_time(unit: Unit, session_id: SessionId) -> None:
    """Have the books close when the session's times say so."""
    session = unit.state(class_session, session_id)
    at = booking_policy.attendance_closes_at(session.policy, session.ends_at)
    unit.wake(deadlines.attendance_closes(session_id), at, CloseAttendance(session_id=session_id))


def after_all(unit: Unit, session_id: SessionId) -> None:
    """Have them close after all when a seat is taken and their time has passed.

    Whoever gave the seat may say who came.
    """
    session = unit.state(class_session, session_id)
    if unit.ctx.now >= booking_policy.attendance_closes_at(session.policy, session.ends_at):
        _later(unit, session_id)


def heard_late(unit: Unit, session_id: SessionId) -> None:
    """Have them close after all when a door tells of somebody after it was asked who came.

    Not at once: others who came in then may be heard of next.
    """
    if unit.state(class_session, session_id).is_unrecorded:
        _later(unit, session_id)


def _later(unit: Unit, session_id: SessionId) -> None:
    """Have them close as long after this moment as after the end of a session.

    By the clock, whenever that happened which is heard of: so none who sets it brings it nearer.
    Where somebody was asked who came, not within a day of that, and nobody is asked again: if
    nobody is recorded by then everybody is excused in the end, but not before.
    """
    session, now = unit.state(class_session, session_id), unit.ctx.heard_at or unit.ctx.now
    at = booking_policy.attendance_closes_at(session.policy, now)
    if session.is_unrecorded:
        asked_at = booking_policy.attendance_closes_at(session.policy, session.ends_at)
        excused_at = booking_policy.unrecorded_excused_at(session.policy, session.ends_at)
        at = max(at, asked_at + BACKLOG)
        release = ReleaseUnrecorded(session_id=session_id)
        unit.wake(deadlines.unrecorded_excused(session_id), max(excused_at, at), release)
    unit.wake(deadlines.attendance_closes(session_id), at, CloseAttendance(session_id=session_id))
