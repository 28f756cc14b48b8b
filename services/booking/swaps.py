"""Swaps: a seat given up because the waitlist gave its client another one at that time (W4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.eventstore.store import Unit
from contracts.booking import CreditReleased, ReservationCancelled
from contracts.ids import ClientId, SessionId
from services.booking.domain import cancelling, entitlement, holds
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.client_ledger import LedgerEvent, client_ledger
from services.booking.leniency import leniently


@dataclass(frozen=True, slots=True)
class Swap:
    """One seat given up."""

    session_id: SessionId
    cancelled: ReservationCancelled
    released: Sequence[LedgerEvent]


def wanted(unit: Unit, session: ClassSession, client: ClientId) -> Sequence[Swap]:
    """The overlapping seats the client would give up: those that are still free to give up."""
    ledger, now = unit.state(client_ledger, client), unit.ctx.now
    found = []
    for reservation_id, hold in ledger.holds.items():
        if hold not in entitlement.overlapping(ledger, session.occasion):
            continue
        other = leniently(unit, hold.session_id, client)
        seat = other.reserved.get(client)
        if seat is None or seat.checked_in or now >= seat.free_until:
            continue
        cancelled = cancelling.cancel(other, hold.session_id, client, now, reason="swapped")
        released = holds.settle(ledger, client, reservation_id, CreditReleased)
        found.append(Swap(hold.session_id, cancelled, released))
    return found


def carry_out(unit: Unit, client: ClientId, given_up: Sequence[Swap]) -> list[SessionId]:
    """Give the seats up. Answers the sessions whose line may want to know."""
    if not given_up:
        return []
    touched = list(unit.state(client_ledger, client).missed)
    for one in given_up:
        unit.record(class_session, one.session_id, [one.cancelled])
        unit.record(client_ledger, client, one.released)
        touched.append(one.session_id)
    return touched
