"""What follows when a grant is put on hold, ends or admits less: for its seats, and for lines."""

from collections.abc import Callable

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import BookingCode, CreditReleased, GrantKind
from contracts.ids import ClientId, GrantId, SessionId
from services.booking import covering, deadlines, seats
from services.booking.domain import entitlement, holds, lapses, waitlist
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.entitlement import Occasion
from services.booking.domain.grant import Grant

Which = Callable[[Occasion], bool]


def _every(_: Occasion) -> bool:
    return True


def narrow(unit: Unit, client: ClientId, grant_id: GrantId, before: Grant) -> None:
    """Look at the seats ahead, and the lines, that it admitted ``before`` and does not any more.

    What a pack holds stays held, and a line holds nothing.
    """
    after = unit.state(client_ledger, client).grants[grant_id]
    if after == before:
        return

    def lost(occasion: Occasion) -> bool:
        return entitlement.admits(before, occasion) and not entitlement.admits(after, occasion)

    if after.kind is not GrantKind.PACK:
        lapse(unit, client, grant_id, which=lost)
    leave_lines(unit, client, which=lost)


def lapse(unit: Unit, client: ClientId, grant_id: GrantId, *, which: Which = _every) -> None:
    """The grant pays for these seats ahead no more: something else does, or the policy says."""
    ledger = unit.state(client_ledger, client)
    touched: list[SessionId] = []
    held = {key: one for key, one in ledger.holds.items() if one.grant_id == grant_id}
    unit.states(class_session, [one.session_id for one in held.values()])
    for reservation, hold in held.items():
        session = unit.state(class_session, hold.session_id)
        is_ahead = lapses.is_ahead(session, client, reservation, unit.ctx.now)
        if not is_ahead or not which(session.occasion):
            continue
        if covering.take_over(unit, client, reservation):
            touched += ledger.missed
            continue
        because = entitlement.why_unpaid(ledger.grants[grant_id], session.occasion)
        lapsed = lapses.lapse(session, hold.session_id, client, because)
        after = unit.record(class_session, hold.session_id, lapsed)
        if client not in after.reserved:
            now_holds = unit.state(client_ledger, client)
            given_up = holds.settle(now_holds, client, reservation, CreditReleased)
            unit.record(client_ledger, client, given_up)
            covering.cover_again(unit, client, given_up)
            touched += [*ledger.missed, hold.session_id]
    seats.offer(unit, *touched)


def leave_lines(unit: Unit, client: ClientId, *, which: Which = _every) -> None:
    """Take the client out of these lines where nothing they have pays for a seat any more."""
    ledger = unit.state(client_ledger, client)
    unit.states(class_session, ledger.lines)
    freed = []
    for session_id in ledger.lines:
        session = unit.state(class_session, session_id)
        if client not in session.waiting or not which(session.occasion):
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
