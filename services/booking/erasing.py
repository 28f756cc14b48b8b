"""What a client who was erased leaves behind: seats, places in lines, and nothing to pay."""

from chassis.eventstore.store import Unit
from contracts.booking import CreditReleased
from contracts.ids import ClientId, SessionId
from services.booking import deadlines, seats, starting
from services.booking.domain import cancelling, fees, holds, waitlist
from services.booking.domain.class_session import Stage, class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.penalty import client_penalties
from services.booking.leniency import leniently

ERASED = "erased"
"""Why, as seats, lines and fees tell it."""


def give_up_everything(unit: Unit, client: ClientId) -> None:
    """Free what the client has in sessions whose books are open, for those who wait for it.

    Late cancels stay in the books, and are not judged. Whoever is checked in was there. Nobody is
    left to be told of a pending fee, or to contest it: it is waived.
    """
    ledger = unit.state(client_ledger, client)
    there = [hold.session_id for hold in ledger.holds.values()]
    unit.states(class_session, [*there, *ledger.lines])
    freed = [one for one in there if _leave_seat(unit, one, client)]
    freed += [one for one in ledger.lines if _leave_line(unit, one, client)]
    seats.offer(unit, *freed)
    let_off(unit, client)


def _leave_seat(unit: Unit, session_id: SessionId, client: ClientId) -> bool:
    session = unit.state(class_session, session_id)
    seat = session.reserved.get(client)
    if session.stage is not Stage.SCHEDULED or seat is None or seat.checked_in:
        return False
    starting.counted(unit, session_id)
    session = leniently(unit, session_id, client)
    removed = cancelling.remove(
        session, session_id, client, unit.ctx.now, waive=True, reason=ERASED
    )
    unit.record(class_session, session_id, [removed])
    held = unit.state(client_ledger, client)
    released = holds.settle(held, client, seat.reservation_id, CreditReleased)
    unit.record(client_ledger, client, released)
    return True


def _leave_line(unit: Unit, session_id: SessionId, client: ClientId) -> bool:
    """Answers whether a seat was held for them."""
    session = unit.state(class_session, session_id)
    if session.stage is not Stage.SCHEDULED or client not in session.waiting:
        return False
    left = waitlist.leave(session, session_id, client, reason=ERASED)
    unit.record(class_session, session_id, left)
    if client not in session.offers:
        return False
    unit.forget(deadlines.offer_expires(session_id, client))
    return True


def let_off(unit: Unit, client: ClientId) -> None:
    """Waive their pending fees. What is due stays in the gym's books: billing sees to it."""
    state = unit.state(client_penalties, client)
    for reservation, waived in fees.let_off(state, client, unit.ctx.actor, ERASED).items():
        unit.record(client_penalties, client, waived)
        unit.forget(deadlines.fee_falls_due(reservation))
