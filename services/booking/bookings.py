"""Commands on reservations: booking, giving up, taking back, removing, sitting elsewhere."""

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    BookClass,
    BookingOutcome,
    Cancellation,
    CancelReservation,
    ChangeSpot,
    CreditReleased,
    RemoveReservation,
    ReservationCancelled,
    ReservationSource,
    UndoCancel,
)
from contracts.ids import ClientId, GrantId, SessionId
from contracts.permissions import SERVES, allows
from services.booking import closing, covering, seats, starting, waitlists
from services.booking.domain import (
    bans_and_waivers,
    cancelling,
    entitlement,
    holds,
    overrides,
    reservations,
    spots,
)
from services.booking.domain.class_session import ClassSession, class_session, must_be_on
from services.booking.domain.client_ledger import ClientLedger, client_ledger
from services.booking.domain.overrides import Overrides
from services.booking.ledgers import opened
from services.booking.leniency import leniently


def book_class(command: BookClass, unit: Unit) -> BookingOutcome:
    """Take a seat, or a place in line: checks B2 to B12 in their order, as docs/rules.md, Booking.

    Raises ``Refused`` with the first that fails, unless staff sets it aside: what may be asked
    (``FORBIDDEN``, ``REASON_REQUIRED``), the session (B2), ban, waiver and what the client has
    already (B3, B4), the window (B5, B6), time, limits and what pays (B7 to B9), the seat (B10,
    B11) and its spot (B12). ``or_waitlist``: when B10 or B11 fails they stand in line, or it says
    why not; of what staff sets aside, that which a seat from the line asks again. A late cancel
    that staff sets aside is taken back, paid as it was.
    """
    session_id, client = command.session_id, command.client_id
    roles = unit.ctx.roles
    by_staff = allows(SERVES, roles)
    named = overrides.asked(command.overrides, command.reason, roles, overbook=command.overbook)
    over = overrides.booking(named, roles)
    session = starting.counted(unit, session_id)
    must_be_on(session)
    ledger = opened(unit, client)
    must_be_welcome(unit, session, ledger, client, over)
    head_start = entitlement.AT_ONCE
    if unit.ctx.now < session.opens_at:
        head_start = entitlement.head_start(ledger, session.occasion, command.grant_id)
    with over.may_pass():
        reservations.must_be_in_window(session, unit.ctx.now, head_start=head_start)
    if client in session.late_cancelled:
        return take_back(unit, session_id, client, over)
    grant_id = entitled(unit, session, ledger, over, chosen=command.grant_id)
    try:
        with over.may_pass():
            reservations.must_have_room(session, client, unit.ctx.now, by_staff=by_staff)
    except Refused:
        if not command.or_waitlist or client in session.waiting:
            raise
        return waitlists.stand(unit, session_id, client, over, grant_id=command.grant_id)
    spots.must_be_free_spot(session, command.spot)
    source = ReservationSource.STAFF if by_staff else ReservationSource.BOOKED
    return seats.take(
        unit, session_id, client, source=source, grant_id=grant_id, spot=command.spot,
        reason=command.reason if by_staff else "", overrides=tuple(over.used),
    )  # fmt: skip


def must_be_welcome(
    unit: Unit, session: ClassSession, ledger: ClientLedger, client: ClientId, over: Overrides
) -> None:
    """Checks B3 and B4, in order. Raises ``Refused``."""
    bans_and_waivers.must_not_be_erased(ledger)
    with over.may_pass():
        bans_and_waivers.must_not_be_banned(ledger, unit.ctx.now)
    if session.waiver_required:
        with over.may_pass():
            bans_and_waivers.must_have_signed(ledger)
    with over.may_pass():
        reservations.must_be_new(session, client, unit.ctx.now)


def entitled(
    unit: Unit,
    session: ClassSession,
    ledger: ClientLedger,
    over: Overrides,
    *,
    chosen: GrantId | None,
) -> GrantId:
    """Checks B7 to B9, in order. Raises ``Refused``; answers the grant that pays."""
    occasion = session.occasion
    with over.may_pass():
        entitlement.must_have_time(ledger, occasion)
    with over.may_pass():
        entitlement.must_be_within_the_day(ledger, occasion)
    lead = over.lead(session.opens_at, unit.ctx.now)
    return entitlement.grant_for(ledger, occasion, chosen=chosen, lead=lead)


def take_back(
    unit: Unit, session_id: SessionId, client: ClientId, over: Overrides
) -> BookingOutcome:
    """Give the client the seat again that they gave up late: it is paid for already.

    Unless its grant has ended or is on hold since: then something else pays, or it is flagged when
    staff gives it and refused to clients.
    """
    session, ledger = unit.state(class_session, session_id), opened(unit, client)
    with over.may_pass():
        entitlement.must_have_time(ledger, session.occasion)
    with over.may_pass():
        cancelling.must_have_room_again(session, client, unit.ctx.now)
    undone = cancelling.undo(
        session, session_id, client, reason=over.reason, overrides=tuple(over.used)
    )
    unit.record(class_session, session_id, [undone])
    unit.record(client_ledger, client, holds.take_time(client, undone.reservation_id))
    by_staff = allows(SERVES, unit.ctx.roles)
    covering.keep_paid(unit, client, undone.reservation_id, by_staff=by_staff)
    # What its grant let go of is a gain: the lines that passed the client over ask again.
    seats.offer(unit, *ledger.missed)
    closing.after_all(unit, session_id)
    return BookingOutcome(
        status="reserved", reservation_id=undone.reservation_id, free_until=undone.free_until,
        spot=undone.spot,
    )  # fmt: skip


def cancel_reservation(command: CancelReservation, unit: Unit) -> BookingOutcome:
    """Give a seat up, early or late by the most lenient rules since the session was planned.

    Raises ``Refused``, in this order: the session (B2), ``LATE_CANCELLED`` or ``NOT_BOOKED``,
    ``ALREADY_CHECKED_IN``, ``CANCELLATION_CLOSED``. Then the line is served.
    """
    session_id, client = command.session_id, command.client_id
    starting.counted(unit, session_id)
    session = leniently(unit, session_id, client)
    cancelled = cancelling.cancel(session, session_id, client, unit.ctx.now)
    return _given_up(unit, session_id, cancelled)


def remove_reservation(command: RemoveReservation, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    starting.counted(unit, session_id)
    session = leniently(unit, session_id, client)
    removed = cancelling.remove(
        session, session_id, client, unit.ctx.now, waive=command.waive, reason=command.reason
    )
    return _given_up(unit, session_id, removed)


def _given_up(unit: Unit, session_id: SessionId, cancelled: ReservationCancelled) -> BookingOutcome:
    client, reservation = cancelled.client_id, cancelled.reservation_id
    unit.record(class_session, session_id, [cancelled])
    late = cancelled.kind is Cancellation.LATE
    if late:
        gained = holds.free_time(client, reservation)
    else:
        ledger = unit.state(client_ledger, client)
        gained = holds.settle(ledger, client, reservation, CreditReleased)
    seats.gain(unit, [(client, gained)], freed=[session_id])
    return BookingOutcome(
        status="cancelled_late" if late else "cancelled_early",
        reservation_id=reservation,
        free_until=cancelled.free_until,
    )


def undo_cancel(command: UndoCancel, unit: Unit) -> BookingOutcome:
    """Take a seat back that was given up late, or have staff give it back.

    Raises ``Refused``, in this order: the session (B2), ``NOT_CANCELLED``; for clients
    ``FORBIDDEN`` when staff took it and ``BOOKING_CLOSED`` from the start on; the seat (B10, B11),
    a ban (B3), ``OVERLAP``, and for clients what pays, if its grant does no more (B9).
    """
    session_id, client, now = command.session_id, command.client_id, unit.ctx.now
    session = starting.counted(unit, session_id)
    by_staff = allows(SERVES, unit.ctx.roles)
    cancelling.must_be_undoable(session, client, now, by_staff=by_staff)
    cancelling.must_have_room_again(session, client, now)
    bans_and_waivers.must_not_be_banned(opened(unit, client), now)
    return take_back(unit, session_id, client, Overrides())


def change_spot(command: ChangeSpot, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    changed = spots.change(session, session_id, client, command.spot)
    seat = unit.record(class_session, session_id, changed).reserved[client]
    return BookingOutcome(
        status="checked_in" if seat.checked_in else "reserved", spot=seat.spot,
        reservation_id=seat.reservation_id, free_until=seat.free_until,
    )  # fmt: skip
