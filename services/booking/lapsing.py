"""What follows when a grant is put on hold or ends: for the seats it holds, and for lines."""

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import BookingCode, CreditReleased
from contracts.ids import ClientId, GrantId, SessionId
from services.booking import covering, deadlines, seats
from services.booking.domain import entitlement, holds, lapses, waitlist
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger


def lapse(unit: Unit, client: ClientId, grant_id: GrantId, because: BookingCode) -> None:
    """The grant pays for its seats ahead no more: something else does, or the policy says."""
    ledger = unit.state(client_ledger, client)
    touched: list[SessionId] = []
    for reservation, hold in ledger.holds.items():
        session = unit.state(class_session, hold.session_id)
        is_ahead = lapses.is_ahead(session, client, reservation, unit.ctx.now)
        if hold.grant_id != grant_id or not is_ahead:
            continue
        if covering.take_over(unit, client, reservation):
            touched += ledger.missed
            continue
        lapsed = lapses.lapse(session, hold.session_id, client, because)
        after = unit.record(class_session, hold.session_id, lapsed)
        if client not in after.reserved:
            now_holds = unit.state(client_ledger, client)
            given_up = holds.settle(now_holds, client, reservation, CreditReleased)
            unit.record(client_ledger, client, given_up)
            touched += [*ledger.missed, hold.session_id]
    seats.offer(unit, *touched)


def leave_lines(unit: Unit, client: ClientId) -> None:
    """Take the client out of the lines in which nothing they have pays for a seat any more."""
    ledger = unit.state(client_ledger, client)
    freed = []
    for session_id in ledger.lines:
        session = unit.state(class_session, session_id)
        if client not in session.waiting:
            continue
        try:
            entitlement.grant_for(ledger, session.occasion)
        except Refused as refusal:
            if refusal.code != BookingCode.NO_ENTITLEMENT:
                continue  # they will pay again: when the hold ends, or the limit allows
            left = waitlist.leave(session, session_id, client, reason="entitlement_ended")
            unit.record(class_session, session_id, left)
            if client in session.offers:
                unit.forget(deadlines.offer_expires(session_id, client))
                freed.append(session_id)
    seats.offer(unit, *freed)
