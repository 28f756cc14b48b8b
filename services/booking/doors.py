"""What a door that opened means for booking: whoever has a seat just then is here.

Let in by a class's own grant, they are here for that class, from 20 minutes before it to 15 after
it: as long as the grant is good, whatever the policy says of check-in, and also when the books are
closed already. Let in by another grant, they are here for the class they have a seat in about now:
from half an hour before the start (the policy says when check-in opens) to a quarter of an hour
after it. Everything else means nothing to booking.

An entry may be heard of hours later. A check-in is of the moment the door opened. Books that are
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
)
from contracts.ids import ClientId, SessionId
from services.booking import attendances, closing, deadlines
from services.booking.domain import attendance
from services.booking.domain.class_session import ClassSession, Stage, class_session
from services.booking.domain.client_ledger import client_ledger

EARLIEST = timedelta(days=1)  # before the start; no policy opens check-in earlier
LATEST = timedelta(minutes=15)  # after the start
LET_IN = "A door let them in for this class."


def check_in_at_door(command: CheckInAtDoor, unit: Unit) -> BookingOutcome | None:
    """Check the client in where they have a seat here about now; ``None`` when that is nowhere."""
    if command.session_id is not None:
        return _let_in_for(command.session_id, command.client_id, unit)
    now, client = unit.ctx.now, command.client_id
    holds = unit.state(client_ledger, client).holds.values()
    near = sorted(
        (hold.starts_at, hold.session_id) for hold in holds
        if hold.is_busy and hold.starts_at - EARLIEST <= now <= hold.starts_at + LATEST
    )  # fmt: skip
    for _, session_id in near:
        if unit.state(class_session, session_id).slot.location_id != command.location_id:
            continue
        arrival = CheckIn(session_id=session_id, client_id=client, source=CheckInSource.DOOR)
        try:
            outcome = attendances.check_in(arrival, unit)
        except Refused:
            continue
        closing.heard_late(unit, session_id)
        return outcome
    return None


def _let_in_for(session_id: SessionId, client: ClientId, unit: Unit) -> BookingOutcome | None:
    """They are here for this class and no other."""
    session = unit.state(class_session, session_id)
    if _are_wrong(session, client):
        name = deadlines.books_put_right(session_id, client)
        command = PutBooksRight(session_id=session_id, client_id=client)
        unit.wake(name, unit.ctx.now, command)
        return None
    seat = session.reserved.get(client)
    if session.stage is not Stage.SCHEDULED or seat is None or seat.checked_in:
        return None
    here = attendance.check_in(session, session_id, client, CheckInSource.DOOR)
    unit.record(class_session, session_id, here)
    closing.heard_late(unit, session_id)
    return BookingOutcome(status="checked_in", reservation_id=seat.reservation_id, spot=seat.spot)


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
