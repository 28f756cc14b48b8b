"""Commands on the waitlist: standing in line, offers, claims, and staff's promotion."""

from chassis.eventstore.store import Unit
from contracts.booking import (
    BookingOutcome,
    ClaimSpot,
    CloseWaitlist,
    DeclineOffer,
    ExpireOffer,
    JoinWaitlist,
    LeaveWaitlist,
    OpenClaims,
    PromoteNow,
    ReservationSource,
)
from contracts.ids import ClientId, GrantId, SessionId
from contracts.permissions import SERVES, allows
from services.booking import deadlines, seats, starting
from services.booking.domain import (
    bans_and_waivers,
    booking_policy,
    entitlement,
    holds,
    offers,
    overrides,
    reservations,
    spots,
    waitlist,
)
from services.booking.domain.class_session import class_session, must_be_on
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.overrides import Overrides
from services.booking.ledgers import opened


def join_waitlist(command: JoinWaitlist, unit: Unit) -> BookingOutcome:
    """Checks B2 to B6 and B9; a line may overlap, and is asked again at promotion.

    What staff sets aside without naming it, as when booking, is on record: the waiver, and the desk
    the window, which asks for a reason.
    """
    session_id, client = command.session_id, command.client_id
    roles, now = unit.ctx.roles, unit.ctx.now
    over = overrides.booking(Overrides(reason=command.reason), roles)
    session = unit.state(class_session, session_id)
    must_be_on(session)
    ledger, occasion = opened(unit, client), session.occasion
    bans_and_waivers.must_not_be_banned(ledger, now)
    if session.waiver_required:
        with over.may_pass():
            bans_and_waivers.must_have_signed(ledger)
    reservations.must_be_new(session, client, now)
    head_start = entitlement.head_start(ledger, occasion)
    with over.may_pass():
        reservations.must_be_in_window(session, now, head_start=head_start)
    entitlement.grant_for(ledger, occasion, lead=over.lead(session.opens_at, now))
    return stand(
        unit, session_id, client, over, notice_minutes=command.minimum_notice_minutes,
        swap=command.swap,
    )  # fmt: skip


def stand(
    unit: Unit,
    session_id: SessionId,
    client: ClientId,
    over: Overrides,
    *,
    notice_minutes: int = 0,
    swap: bool = False,
    grant_id: GrantId | None = None,
) -> BookingOutcome:
    """Stand in line, if there is a reason to and room, and what is set aside stays so there."""
    session = unit.state(class_session, session_id)
    over.must_do_for_a_line()
    waitlist.must_have_a_place(session, client, unit.ctx.now)
    joined = waitlist.join(
        session, session_id, client, notice_minutes=notice_minutes, swap=swap, grant_id=grant_id,
        reason=over.reason if allows(SERVES, unit.ctx.roles) else "", overrides=tuple(over.used),
    )  # fmt: skip
    after = unit.record(class_session, session_id, joined)
    ledger = unit.state(client_ledger, client)
    stood = holds.stand(ledger, client, session_id, session.starts_at, unit.ctx.now)
    unit.record(client_ledger, client, stood)
    if not session.waiting:  # the line before may have dissolved where the clock was ahead of ours
        close_at_start(unit, session_id)
        tell_of_claims(unit, session_id)
    return BookingOutcome(status="waiting", waitlist_position=len(after.waiting))


def close_at_start(unit: Unit, session_id: SessionId) -> None:
    """Have the line dissolve when the session starts."""
    starts_at = unit.state(class_session, session_id).starts_at
    command = CloseWaitlist(session_id=session_id)
    unit.wake(deadlines.waitlist_closes(session_id), starts_at, command)


def tell_of_claims(unit: Unit, session_id: SessionId) -> None:
    """Have the line told when free seats are there to be claimed."""
    session = unit.state(class_session, session_id)
    at = booking_policy.offers_until(session.policy, session.starts_at)
    if session.waiting and unit.ctx.now < at:
        unit.wake(deadlines.claims_open(session_id), at, OpenClaims(session_id=session_id))


def keep_offers_in_phase(unit: Unit, session_id: SessionId) -> None:
    """End offers with their phase, when the session's times or rules have become others."""
    before = unit.state(class_session, session_id)
    kept = offers.keep_in_phase(before, session_id, unit.ctx.now)
    after = unit.record(class_session, session_id, kept)
    for client, until in before.offers.items():
        name = deadlines.offer_expires(session_id, client)
        if client not in after.offers:
            unit.forget(name)
        elif after.offers[client] != until:
            expire = ExpireOffer(session_id=session_id, client_id=client)
            unit.wake(name, after.offers[client], expire)


def leave_waitlist(command: LeaveWaitlist, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    unit.record(class_session, session_id, waitlist.leave(session, session_id, client))
    _free_offer(unit, session_id, client, offered=client in session.offers)
    return BookingOutcome(status="left")


def close_waitlist(command: CloseWaitlist, unit: Unit) -> None:
    session = starting.counted(unit, command.session_id)
    left = waitlist.close(session, command.session_id, unit.ctx.now)
    unit.record(class_session, command.session_id, left)


def claim_spot(command: ClaimSpot, unit: Unit) -> BookingOutcome:
    """Take the seat that is offered to a client in line, or a free one once they may be claimed.

    Raises ``Refused``, in this order: the session (B2), ``NOT_WAITLISTED``, ``BOOKING_CLOSED``,
    ``OFFER_EXPIRED``, ``NOT_OFFERED`` or ``SESSION_FULL``; a ban, and the waiver unless staff asks
    (B3); time, limits and what pays (B7 to B9); the spot (B12).
    """
    session = unit.state(class_session, command.session_id)
    offers.must_be_claimable(session, command.client_id, unit.ctx.now)
    ledger = opened(unit, command.client_id)
    bans_and_waivers.must_not_be_banned(ledger, unit.ctx.now)
    if session.waiver_required and not allows(SERVES, unit.ctx.roles):
        bans_and_waivers.must_have_signed(ledger)
    way = seats.way_in(unit, session, command.client_id, notice=False)
    spots.must_be_free_spot(session, command.spot)
    return seats.claim(unit, command, way)


def decline_offer(command: DeclineOffer, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    keep = command.keep_place
    declined = offers.decline(session, session_id, client, keep_place=keep)
    after = unit.record(class_session, session_id, declined)
    _free_offer(unit, session_id, client, offered=True)
    if not keep:
        return BookingOutcome(status="left")
    return BookingOutcome(status="waiting", waitlist_position=waitlist.position(after, client))


def expire_offer(command: ExpireOffer, unit: Unit) -> None:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    expired = offers.expire(session, session_id, client, unit.ctx.now)
    unit.record(class_session, session_id, expired)
    if expired:
        seats.offer(unit, session_id)


def open_claims(command: OpenClaims, unit: Unit) -> None:
    seats.offer(unit, command.session_id)
    tell_of_claims(unit, command.session_id)


def promote_now(command: PromoteNow, unit: Unit) -> BookingOutcome:
    """Out of turn, but bound by everything else."""
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    waitlist.must_be_waiting(session, client)
    reservations.must_be_in_window(session, unit.ctx.now, by_staff=True)
    grant_id, _ = seats.way_in(unit, session, client, notice=False, swap=False)
    reservations.must_have_room_out_of_turn(session, client, overbook=command.overbook)
    promoted = waitlist.promote(session, session_id, client, reason=command.reason)
    unit.record(class_session, session_id, promoted)
    if client in session.offers:
        unit.forget(deadlines.offer_expires(session_id, client))
    return seats.take(
        unit, session_id, client, source=ReservationSource.PROMOTED, grant_id=grant_id,
        reason=command.reason,
    )  # fmt: skip


def _free_offer(unit: Unit, session_id: SessionId, client: ClientId, *, offered: bool) -> None:
    if offered:
        unit.forget(deadlines.offer_expires(session_id, client))
        seats.offer(unit, session_id)
