"""What a seat taken or freed sets in motion, over the session and its people's ledgers.

A freed seat is offered to the line in order; a ledger that gains (credits granted, a hold gone,
time free again) lets its client be considered again by the sessions that passed them over.
"""

from collections.abc import Iterable, Sequence

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import BookingCode, BookingOutcome, ReservationSource
from contracts.ids import ClientId, GrantId, ReservationId, SessionId, new_id
from services.booking.domain import client_ledger as ledgers
from services.booking.domain import reservations, waitlist
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.client_ledger import ClientLedger, LedgerEvent, client_ledger


def entitled(ledger: ClientLedger, session: ClassSession) -> GrantId:
    """The grant that pays; raises ``Refused`` when the client is busy then or has none (B7, B9)."""
    ledgers.must_be_free(ledger, session.starts_at, session.ends_at)
    return ledgers.grant_for(ledger, session.starts_at)


def take(
    unit: Unit,
    session_id: SessionId,
    client: ClientId,
    *,
    source: ReservationSource,
    grant_id: GrantId,
) -> BookingOutcome:
    """Reserve a seat and hold what pays for it: on both streams or neither."""
    session = unit.state(class_session, session_id)
    ledger = unit.state(client_ledger, client)
    reservation = ReservationId(new_id())
    made = reservations.reserve(
        session, session_id, client, reservation_id=reservation, source=source,
        grant_id=grant_id, grant_kind=ledger.grants[grant_id].kind, now=unit.ctx.now,
    )  # fmt: skip
    held = ledgers.hold(
        ledger, client, reservation, grant_id=grant_id, session_id=session_id,
        starts_at=session.starts_at, ends_at=session.ends_at,
    )  # fmt: skip
    after = unit.record(class_session, session_id, made)
    unit.record(client_ledger, client, held)
    return BookingOutcome(
        status="reserved", reservation_id=reservation, free_until=after.reserved[client].free_until
    )


def offer(unit: Unit, session_id: SessionId) -> None:
    """While seats are free and promotion is automatic, promote the first eligible in line.

    Who is passed over keeps their place, and their ledger remembers to ask again.
    """
    for client in unit.state(class_session, session_id).waiting:
        session = unit.state(class_session, session_id)
        if session.free_seats <= 0 or not session.promotes(unit.ctx.now):
            return
        try:
            grant_id = entitled(unit.state(client_ledger, client), session)
        except Refused as refusal:
            _pass_over(unit, session_id, client, BookingCode(refusal.code))
        else:
            unit.record(class_session, session_id, waitlist.promote(session, session_id, client))
            take(unit, session_id, client, source=ReservationSource.PROMOTED, grant_id=grant_id)


def _pass_over(unit: Unit, session_id: SessionId, client: ClientId, reason: BookingCode) -> None:
    session, ledger = unit.state(class_session, session_id), unit.state(client_ledger, client)
    skipped = waitlist.pass_over(session, session_id, client, reason)
    unit.record(class_session, session_id, skipped)
    unit.record(client_ledger, client, ledgers.miss(ledger, client, session_id, reason))


def gain(
    unit: Unit,
    gains: Iterable[tuple[ClientId, Sequence[LedgerEvent]]],
    *,
    freed: Iterable[SessionId] = (),
) -> None:
    """Record what these ledgers gain, then offer seats.

    In the ``freed`` sessions, and in those that had passed these clients over. All gains come
    first, so that who stands first in line is not judged before their own.
    """
    offered = dict.fromkeys(freed)
    for client, events in gains:
        if events:
            offered |= dict.fromkeys(unit.state(client_ledger, client).missed)
            unit.record(client_ledger, client, events)
    for session_id in offered:
        offer(unit, session_id)
