"""Check-ins that are undone: by staff, or because their class has moved away from them."""

from datetime import datetime

from chassis.eventstore.store import Unit
from contracts.booking import BookingOutcome
from contracts.ids import ClientId, SessionId
from services.booking import covering, erasing, seats
from services.booking.domain import attendance, bans_and_waivers
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger


def undo(unit: Unit, session_id: SessionId, client: ClientId) -> BookingOutcome:
    """The seat is one ahead again, as far as it is: what pays for it is looked at anew.

    Whoever was erased meanwhile kept it for having been there: it goes the way of their others.
    """
    session = unit.state(class_session, session_id)
    undone = attendance.undo_check_in(session, session_id, client)
    seat = unit.record(class_session, session_id, undone).reserved[client]
    ledger = unit.state(client_ledger, client)
    if bans_and_waivers.is_erased(ledger):
        erasing.give_up_everything(unit, client)
        return BookingOutcome(status="cancelled_early", reservation_id=seat.reservation_id)
    covering.look_again(unit, client, session_id)
    seat = unit.state(class_session, session_id).reserved[client]
    # Who is not here may swap this seat for another.
    seats.offer(unit, *ledger.missed)
    return BookingOutcome(
        status="reserved", reservation_id=seat.reservation_id, free_until=seat.free_until,
        spot=seat.spot,
    )  # fmt: skip


def leave_behind(unit: Unit, session_id: SessionId, started_at: datetime) -> None:
    """Undo the check-ins of a class that was to start then and has moved away from them."""
    session = unit.state(class_session, session_id)
    if attendance.is_near(session, started_at):
        return
    for client, seat in session.reserved.items():
        if seat.checked_in:
            undo(unit, session_id, client)
