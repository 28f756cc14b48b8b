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

    As long after it as after the end of a session: whoever gave the seat may say who came. Where
    somebody was asked that already nobody is asked again, so that everybody is excused in the end.
    """
    session, now = unit.state(class_session, session_id), unit.ctx.now
    if now < booking_policy.attendance_closes_at(session.policy, session.ends_at):
        return
    at = booking_policy.attendance_closes_at(session.policy, now)
    unit.wake(deadlines.attendance_closes(session_id), at, CloseAttendance(session_id=session_id))
    if session.is_unrecorded:
        excused_at = booking_policy.unrecorded_excused_at(session.policy, session.ends_at)
        release = ReleaseUnrecorded(session_id=session_id)
        unit.wake(deadlines.unrecorded_excused(session_id), max(excused_at, at), release)


def heard_late(unit: Unit, session_id: SessionId) -> None:
    """Have them close after all when a door tells of somebody after it was asked who came.

    Not at once: others who came in then may be heard of next, also when it is days late by now. At
    an instant of its own: what was done once is not done again at the first. Should that pass in
    vain, excusing closes them.
    """
    session, now = unit.state(class_session, session_id), unit.ctx.heard_at or unit.ctx.now
    if session.is_unrecorded:
        asked_at = booking_policy.attendance_closes_at(session.policy, session.ends_at)
        at = max(asked_at + BACKLOG, booking_policy.attendance_closes_at(session.policy, now))
        close = CloseAttendance(session_id=session_id)
        unit.wake(deadlines.attendance_closes(session_id), at, close)
