"""What a seat taken or freed sets in motion, over the session and its people's ledgers.

A freed seat goes to the line in order, or is offered to it; a ledger that gains (credits granted, a
hold gone, time free again) lets its client be considered again by the sessions that passed them
over.
"""

from collections.abc import Iterable, Sequence

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    BookingCode,
    BookingOutcome,
    ClaimSpot,
    ExpireOffer,
    ReservationSource,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId, new_id
from services.booking import closing, covering, deadlines, swaps
from services.booking.domain import (
    bans_and_waivers,
    entitlement,
    holds,
    offers,
    reservations,
    spots,
    waitlist,
)
from services.booking.domain.booking_policy import Phase
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.client_ledger import LedgerEvent, client_ledger
from services.booking.swaps import Swap

Way = tuple[GrantId, Sequence[Swap]]
"""How a client in line gets a seat: what pays for it, and what is given up for it."""


def take(
    unit: Unit,
    session_id: SessionId,
    client: ClientId,
    *,
    source: ReservationSource,
    grant_id: GrantId,
    spot: str | None = None,
    reason: str = "",
    overrides: tuple[BookingCode, ...] = (),
) -> BookingOutcome:
    """Reserve a seat and hold what pays for it: on both streams or neither."""
    session = unit.state(class_session, session_id)
    ledger = unit.state(client_ledger, client)
    reservation = ReservationId(new_id())
    made = reservations.reserve(
        session, session_id, client, reservation_id=reservation, source=source, spot=spot,
        grant_id=grant_id, grant_kind=ledger.grants[grant_id].kind, now=unit.ctx.now,
        reason=reason, overrides=overrides,
    )  # fmt: skip
    held = holds.hold(
        ledger, client, reservation, grant_id=grant_id, session_id=session_id,
        occasion=session.occasion,
    )  # fmt: skip
    if client in session.offers:
        unit.forget(deadlines.offer_expires(session_id, client))
    seat = unit.record(class_session, session_id, made).reserved[client]
    unit.record(client_ledger, client, held)
    closing.after_all(unit, session_id)
    return BookingOutcome(
        status="reserved", reservation_id=reservation, free_until=seat.free_until, spot=seat.spot
    )


def offer(unit: Unit, *session_ids: SessionId) -> None:
    """Let the lines of these sessions have the seats that are free.

    Of a seat with a spot, whoever the desk overbooked without one has the spot before them.
    """
    due = dict.fromkeys(session_ids)
    while due:
        session_id = next(iter(due))
        del due[session_id]
        session = unit.state(class_session, session_id)
        unit.record(class_session, session_id, spots.seat_the_spotless(session, session_id))
        due |= dict.fromkeys(_serve(unit, session_id))
        session = unit.state(class_session, session_id)
        unit.record(class_session, session_id, waitlist.tell(session, session_id, unit.ctx.now))


def _serve(unit: Unit, session_id: SessionId) -> list[SessionId]:
    """Promote, or offer a seat to, the first eligible while seats are free.

    Who is passed over keeps their place, and their ledger remembers to ask again. Answers which
    sessions are to be looked at after that: somebody gave up a seat there.
    """
    freed: list[SessionId] = []
    for client in unit.state(class_session, session_id).waiting:
        session = unit.state(class_session, session_id)
        if session.free_online <= 0 or not session.serves(unit.ctx.now):
            break
        if client in session.offers or client in session.declined:
            continue
        try:
            way = way_in(unit, session, client)
        except Refused as refusal:
            _pass_over(unit, session_id, client, BookingCode(refusal.code))
        else:
            freed += _give(unit, session_id, client, way)
    return freed


def way_in(
    unit: Unit,
    session: ClassSession,
    client: ClientId,
    *,
    notice: bool = True,
    swap: bool = True,
) -> Way:
    """How a client in line could get a seat now. Raises ``Refused`` when they could not (W1).

    ``notice``: whether they want to know in time; ``swap``: whether they may give up another seat.
    """
    ledger, now = unit.state(client_ledger, client), unit.ctx.now
    bans_and_waivers.must_not_be_banned(ledger, now)
    if notice:
        waitlist.must_have_notice(session, client, now)
    swap = swap and session.waiting[client].swap
    given_up = swaps.wanted(unit, session, client) if swap else ()
    for one in given_up:
        ledger = client_ledger.fold(one.released, ledger)
    occasion = session.occasion
    entitlement.must_have_time(ledger, occasion)
    entitlement.must_be_within_the_day(ledger, occasion)
    named = session.waiting[client].grant_id
    return entitlement.grant_for_who_waits(ledger, occasion, named), given_up


def _give(unit: Unit, session_id: SessionId, client: ClientId, way: Way) -> list[SessionId]:
    session, now = unit.state(class_session, session_id), unit.ctx.now
    if session.phase(now) is Phase.OFFERS:
        offered = offers.offer(session, session_id, client, now)
        until = unit.record(class_session, session_id, offered).offers[client]
        name = deadlines.offer_expires(session_id, client)
        unit.wake(name, until, ExpireOffer(session_id=session_id, client_id=client))
        return []
    grant_id, given_up = way
    freed = swaps.carry_out(unit, client, given_up)
    session = unit.state(class_session, session_id)
    unit.record(class_session, session_id, waitlist.promote(session, session_id, client))
    take(unit, session_id, client, source=ReservationSource.PROMOTED, grant_id=grant_id)
    _spend_the_rest(unit, client, given_up)
    return freed


def claim(unit: Unit, command: ClaimSpot, way: Way) -> BookingOutcome:
    """Take the seat a client in line may have, giving up what they would swap for it."""
    grant_id, given_up = way
    freed = swaps.carry_out(unit, command.client_id, given_up)
    outcome = take(
        unit, command.session_id, command.client_id, source=ReservationSource.CLAIMED,
        grant_id=grant_id, spot=command.spot,
    )  # fmt: skip
    _spend_the_rest(unit, command.client_id, given_up)
    offer(unit, *freed)
    return outcome


def _spend_the_rest(unit: Unit, client: ClientId, given_up: Sequence[Swap]) -> None:
    """Have what they let go of, and the new seat does not hold, pay for what nothing pays for."""
    covering.cover_again(unit, client, [event for one in given_up for event in one.released])


def _pass_over(unit: Unit, session_id: SessionId, client: ClientId, reason: BookingCode) -> None:
    session, ledger = unit.state(class_session, session_id), unit.state(client_ledger, client)
    skipped = waitlist.pass_over(session, session_id, client, reason)
    unit.record(class_session, session_id, skipped)
    unit.record(client_ledger, client, holds.miss(ledger, client, session_id, reason))


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
            covering.cover_again(unit, client, events)
    offer(unit, *offered)
