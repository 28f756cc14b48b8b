"""What a door that opened means for booking: whoever has a seat just then is here.

Let in by a class's own grant, they are here for that class, from 20 minutes before it to 15 after
it: as long as the grant is good, whatever the policy says of check-in, and also when the books are
closed already; but not for one that has moved to a much later time since. Let in by another grant,
they are here for the class they have a seat in about now: from half an hour before the start (the
policy says when check-in opens) to a quarter of an hour after it. Everything else means nothing to
booking.

An entry may be heard of days later. A check-in is of the moment the door opened. Books that are
closed are put right when booking hears of it: what that sets free others get by the clock of now.
Source: docs/rules.md, Attendance; ADR 17.
"""

from datetime import timedelta

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    Attendance,
    BookingOutcome,
    CheckIn,
    CheckInAtDoor,
    CheckInSource,
    CorrectAttendance,
    PutBooksRight,
    Violation,
)
from contracts.ids import ClientId, SessionId
from services.booking import attendances, closing, deadlines
from services.booking.domain import attendance, bans_and_waivers
from services.booking.domain.class_session import ClassSession, Stage, class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.penalty import client_penalties

EARLIEST = timedelta(days=1)  # before the start; no policy opens check-in earlier
LATEST = timedelta(minutes=15)  # after the start
BEFORE = timedelta(minutes=20)  # the start a class's own grant begins
LET_IN = "A door let them in for this class."


def check_in_at_door(command: CheckInAtDoor, unit: Unit) -> BookingOutcome | None:
    """Check the client in where they have a seat here about now; ``None`` when that is nowhere."""
    if command.session_id is not None:
        return _let_in_for(command.session_id, command.client_id, unit)
    client = command.client_id
    for session_id in _about_now(unit, client):
        if unit.state(class_session, session_id).slot.location_id != command.location_id:
            continue
        try:
            return _here(session_id, client, unit)
        except Refused:
            continue
    return None


def _about_now(unit: Unit, client: ClientId) -> list[SessionId]:
    """Where the client has a seat about now, or had one by closed books, in the order of time."""
    now = unit.ctx.now
    held = unit.state(client_ledger, client).holds.values()
    starts = {hold.session_id: hold.starts_at for hold in held if hold.is_busy}
    # Closed books hold nothing any more, but whom they miss was judged, and never before the start.
    cases = unit.state(client_penalties, client).cases.values()
    missed = [
        case.session_id for case in cases
        if case.counts and case.kind is Violation.NO_SHOW and now - LATEST <= case.judged_at
    ]  # fmt: skip
    sessions = unit.states(class_session, missed)
    starts |= {one: state.starts_at for one, state in zip(missed, sessions, strict=True)}
    near = {one: at for one, at in starts.items() if at - EARLIEST <= now <= at + LATEST}
    return sorted(near, key=lambda one: (near[one], one))


def _here(session_id: SessionId, client: ClientId, unit: Unit) -> BookingOutcome | None:
    """They are here for this class if it checks in about now. Raises ``Refused`` when not."""
    session = unit.state(class_session, session_id)
    if not attendance.is_news(session, client, unit.ctx.now):
        return None
    if _are_wrong(session, client):
        attendance.check_in_must_be_open(session, unit.ctx.now)
        if session.waiver_required:
            bans_and_waivers.must_have_signed(unit.state(client_ledger, client))
        _have_put_right(session_id, client, unit)
        return None
    arrival = CheckIn(session_id=session_id, client_id=client, source=CheckInSource.DOOR)
    outcome = attendances.check_in(arrival, unit)
    closing.heard_late(unit, session_id)
    return outcome


def _let_in_for(session_id: SessionId, client: ClientId, unit: Unit) -> BookingOutcome | None:
    """They are here for this class and no other."""
    session = unit.state(class_session, session_id)
    seat = session.reserved.get(client)
    if seat is None or not attendance.is_near(session, unit.ctx.now + BEFORE):
        return None
    if not attendance.is_news(session, client, unit.ctx.now):
        return None
    if _are_wrong(session, client):
        _have_put_right(session_id, client, unit)
        return None
    if session.stage is not Stage.SCHEDULED or seat.checked_in:
        return None
    here = attendance.check_in(
        session, session_id, client, CheckInSource.DOOR, let_in_at=unit.ctx.now
    )
    unit.record(class_session, session_id, here)
    closing.heard_late(unit, session_id)
    return BookingOutcome(status="checked_in", reservation_id=seat.reservation_id, spot=seat.spot)


def _have_put_right(session_id: SessionId, client: ClientId, unit: Unit) -> None:
    """At once, but by the clock of now."""
    command = PutBooksRight(session_id=session_id, client_id=client)
    unit.wake(deadlines.books_put_right(session_id, client), unit.ctx.now, command)


def put_books_right(command: PutBooksRight, unit: Unit) -> BookingOutcome | None:
    """Who was let in is no no-show. What somebody corrected by hand stays."""
    session_id, client = command.session_id, command.client_id
    if not _are_wrong(unit.state(class_session, session_id), client):
        return None
    came = CorrectAttendance(
        session_id=session_id, client_id=client, becomes=Attendance.ATTENDED, reason=LET_IN
    )
    return attendances.correct_attendance(came, unit)


def _are_wrong(session: ClassSession, client: ClientId) -> bool:
    """Whether the books, closed and not corrected by hand, say that the client did not come."""
    if session.stage is not Stage.FINALIZED or client in session.corrected:
        return False
    return session.attendance_of(client) is Attendance.NO_SHOW
