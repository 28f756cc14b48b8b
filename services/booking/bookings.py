"""Commands on reservations: booking, giving up, taking back, removing, sitting elsewhere."""

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    BookClass,
    BookingCode,
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
from contracts.permissions import DESK, STAFF
from services.booking import lines, seats, starting
from services.booking.domain import (
    cancelling,
    entitlement,
    holds,
    reservations,
    spots,
    standing,
)
from services.booking.domain.class_session import ClassSession, class_session, must_be_on
from services.booking.domain.client_ledger import ClientLedger, client_ledger
from services.booking.ledgers import opened
from services.booking.leniency import leniently


def book_class(command: BookClass, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    by_staff = bool(STAFF & unit.ctx.roles)
    overbook = may_overbook(unit, wanted=command.overbook, reason=command.reason)
    session = unit.state(class_session, session_id)
    must_be_on(session)
    ledger = opened(unit, client)
    grant_id = entitled(ledger, session, client, unit, by_staff=by_staff, chosen=command.grant_id)
    try:
        reservations.must_have_a_seat(
            session, client, unit.ctx.now, by_staff=by_staff, overbook=overbook
        )
    except Refused:
        if not command.or_waitlist or client in session.waiting:
            raise
        return lines.stand(unit, session_id, client)
    spots.must_be_free(session, command.spot)
    source = ReservationSource.STAFF if by_staff else ReservationSource.BOOKED
    return seats.take(
        unit, session_id, client, source=source, grant_id=grant_id, spot=command.spot,
        reason=command.reason if by_staff else "",
    )  # fmt: skip


def entitled(
    ledger: ClientLedger,
    session: ClassSession,
    client: ClientId,
    unit: Unit,
    *,
    by_staff: bool,
    chosen: GrantId | None,
) -> GrantId:
    """Checks B3 to B9, in order. Raises ``Refused``; answers the grant that pays."""
    now, occasion = unit.ctx.now, session.occasion
    standing.must_be_welcome(ledger, now)
    if session.waiver_required and not by_staff:
        standing.must_have_signed(ledger)
    reservations.must_be_new(session, client, now)
    head_start = entitlement.AT_ONCE
    if now < session.opens_at and not by_staff:
        head_start = entitlement.head_start(ledger, occasion, chosen)
    reservations.must_be_open(session, now, by_staff=by_staff, head_start=head_start)
    entitlement.must_be_free(ledger, occasion)
    entitlement.must_be_within_the_day(ledger, occasion)
    lead = entitlement.AT_ONCE if by_staff else max(session.opens_at - now, entitlement.AT_ONCE)
    return entitlement.grant_for(ledger, occasion, chosen=chosen, lead=lead)


def may_overbook(unit: Unit, *, wanted: bool, reason: str) -> bool:
    """Whether the asker overbooks.

    Raises ``Refused``: ``FORBIDDEN`` when they may not, ``REASON_REQUIRED`` without a reason.
    """
    if wanted and not DESK & unit.ctx.roles:
        raise Refused(BookingCode.FORBIDDEN, "Only the desk overbooks.", field="overbook")
    if wanted:
        cancelling.must_say_why(reason)
    return wanted


def cancel_reservation(command: CancelReservation, unit: Unit) -> BookingOutcome:
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
    session_id, client = command.session_id, command.client_id
    session = starting.counted(unit, session_id)
    by_staff = bool(STAFF & unit.ctx.roles)
    undone = cancelling.undo(session, session_id, client, unit.ctx.now, by_staff=by_staff)
    ledger, reservation = opened(unit, client), undone.reservation_id
    standing.must_be_welcome(ledger, unit.ctx.now)
    entitlement.must_be_free(ledger, session.occasion)
    unit.record(class_session, session_id, [undone])
    unit.record(client_ledger, client, holds.take_time(client, reservation))
    return BookingOutcome(
        status="reserved", reservation_id=reservation, free_until=undone.free_until,
        spot=undone.spot,
    )  # fmt: skip


def change_spot(command: ChangeSpot, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    changed = spots.change(session, session_id, client, command.spot)
    seat = unit.record(class_session, session_id, changed).reserved[client]
    return BookingOutcome(
        status="checked_in" if seat.checked_in else "reserved", spot=seat.spot,
        reservation_id=seat.reservation_id, free_until=seat.free_until,
    )  # fmt: skip
