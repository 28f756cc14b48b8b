"""Commands on attendance: who is here, who came without a seat, and the books of a session."""

from chassis.eventstore.store import Unit
from contracts.booking import (
    AddWalkIn,
    Attendance,
    BookingCode,
    BookingOutcome,
    Charge,
    CheckIn,
    CheckInSource,
    CloseAttendance,
    CorrectAttendance,
    CreditConsumed,
    CreditForfeited,
    CreditReleased,
    FinalizeAttendance,
    ReleaseUnrecorded,
    ReservationSource,
    UndoCheckIn,
)
from contracts.ids import ClientId, SessionId
from contracts.permissions import SERVES, allows
from services.booking import (
    arrivals,
    bookings,
    closing,
    deadlines,
    penalties,
    seats,
    starting,
)
from services.booking.domain import (
    attendance,
    bans_and_waivers,
    booking_policy,
    corrections,
    holds,
    overrides,
    reservations,
    spots,
)
from services.booking.domain.class_session import (
    ClassSession,
    SessionEvent,
    class_session,
    must_be_on,
)
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.session_people import COSTS
from services.booking.ledgers import opened

CLEARS = frozenset({Attendance.ATTENDED, Attendance.EXCUSED})
"""What takes back the consequences of a late cancel or a no-show."""


def check_in(command: CheckIn, unit: Unit) -> BookingOutcome:
    """Note that a client with a seat is here.

    Raises ``Refused``, in this order: ``FORBIDDEN`` or ``REASON_REQUIRED`` of what is set aside;
    ``SELF_CHECK_IN_OFF``, the session (B2), ``LATE_CANCELLED`` or ``NOT_BOOKED``,
    ``ALREADY_CHECKED_IN``, and unless the desk sets it aside ``CHECK_IN_NOT_OPEN`` or
    ``CHECK_IN_CLOSED``, ``WAIVER_REQUIRED``.
    """
    session_id, client, roles = command.session_id, command.client_id, unit.ctx.roles
    over = overrides.asked(command.overrides, command.reason, roles, overbook=False)
    session = unit.state(class_session, session_id)
    by_client = unit.ctx.actor.startswith("client:") and not allows(SERVES, roles)
    source = attendance.source_of(session, command.source, by_client=by_client)
    attendance.must_be_expected(session, client)
    with over.may_pass():
        attendance.check_in_must_be_open(session, unit.ctx.now)
    if session.waiver_required:
        with over.may_pass():
            bans_and_waivers.must_have_signed(opened(unit, client))
    seen = attendance.check_in(
        session, session_id, client, source,
        reason="" if by_client else command.reason, overrides=tuple(over.used),
        let_in_at=unit.ctx.now if source is CheckInSource.DOOR else None,
    )  # fmt: skip
    outcome = _arrived(unit, session_id, client, seen)
    if BookingCode.CHECK_IN_CLOSED in over.used:
        closing.after_all(unit, session_id)
    return outcome


def _arrived(
    unit: Unit, session_id: SessionId, client: ClientId, seen: list[SessionEvent]
) -> BookingOutcome:
    seat = unit.record(class_session, session_id, seen).reserved[client]
    return BookingOutcome(status="checked_in", reservation_id=seat.reservation_id, spot=seat.spot)


def undo_check_in(command: UndoCheckIn, unit: Unit) -> BookingOutcome:
    return arrivals.undo(unit, command.session_id, command.client_id)


def add_walk_in(command: AddWalkIn, unit: Unit) -> BookingOutcome:
    """A seat and a check-in in one: checks B2 to B4, B7 to B12, while check-in is open."""
    session_id, client, now = command.session_id, command.client_id, unit.ctx.now
    over = overrides.asked(
        command.overrides, command.reason, unit.ctx.roles, overbook=command.overbook
    )  # fmt: skip
    session = starting.counted(unit, session_id)
    must_be_on(session)
    ledger = opened(unit, client)
    bookings.must_be_welcome(unit, session, ledger, client, over)
    with over.may_pass():
        attendance.check_in_must_be_open(session, now)
    if client in session.late_cancelled:
        bookings.take_back(unit, session_id, client, over)
    else:
        grant_id = bookings.entitled(unit, session, ledger, over, chosen=command.grant_id)
        with over.may_pass():
            reservations.must_have_room(session, client, now, by_staff=True)
        spots.must_be_free_spot(session, command.spot)
        seats.take(
            unit, session_id, client, source=ReservationSource.WALK_IN, grant_id=grant_id,
            spot=command.spot, reason=command.reason, overrides=tuple(over.used),
        )  # fmt: skip
    seen = attendance.check_in(unit.state(class_session, session_id), session_id, client)
    return _arrived(unit, session_id, client, seen)


def finalize_attendance(command: FinalizeAttendance, unit: Unit) -> None:
    _close_books(unit, command.session_id)


def close_attendance(command: CloseAttendance, unit: Unit) -> None:
    """The books close by themselves only when somebody recorded who came; else it asks."""
    session_id, now = command.session_id, unit.ctx.now
    if attendance.is_due(unit.state(class_session, session_id), now):
        _close_books(unit, session_id)
        return
    asked = attendance.ask(unit.state(class_session, session_id), session_id, now)
    if asked:
        starting.counted(unit, session_id)
        session = unit.record(class_session, session_id, asked)
        excused_at = booking_policy.unrecorded_excused_at(session.policy, session.ends_at)
        release = ReleaseUnrecorded(session_id=session_id)
        unit.wake(deadlines.unrecorded_excused(session_id), excused_at, release)


def release_unrecorded(command: ReleaseUnrecorded, unit: Unit) -> None:
    """What was never recorded costs nobody anything: every credit goes back.

    What was recorded after somebody was asked closes the books like any other record.
    """
    session_id, session = command.session_id, unit.state(class_session, command.session_id)
    if attendance.is_due(session, unit.ctx.now):
        _close_books(unit, session_id)
        return
    closed = attendance.excuse(session, session_id, unit.ctx.now)
    if closed:
        unit.record(class_session, session_id, closed)
        _settle(unit, session, frozenset({**session.late_cancelled, **session.reserved}))


def _close_books(unit: Unit, session_id: SessionId) -> None:
    """Attended: the credit is spent. No-show or late cancel, unless refilled: it is forfeited."""
    session = starting.counted(unit, session_id)
    closed = attendance.finalize(session, session_id, unit.ctx.now)
    refilled = unit.record(class_session, session_id, closed).refilled
    unit.forget(deadlines.attendance_closes(session_id))
    unit.forget(deadlines.unrecorded_excused(session_id))
    penalties.judge(unit, session_id)
    _settle(unit, session, frozenset(refilled))


def _settle(unit: Unit, session: ClassSession, released: frozenset[ClientId]) -> None:
    settled = {**session.late_cancelled, **session.reserved}
    unit.states(client_ledger, settled)
    seats.gain(unit, (
        (client, holds.settle(
            unit.state(client_ledger, client), client, one.reservation_id,
            CreditConsumed if one.checked_in
            else CreditReleased if client in released else CreditForfeited,
        ))
        for client, one in settled.items()
    ))  # fmt: skip


def correct_attendance(command: CorrectAttendance, unit: Unit) -> BookingOutcome:
    """The books first, then what the reservation costs, then the penalty it led to, or leads to."""
    session_id, client, becomes = command.session_id, command.client_id, command.becomes
    session = unit.state(class_session, session_id)
    reservation, was = corrections.correctable(session, client, becomes)
    ledger = unit.state(client_ledger, client)
    offence = penalties.offence_in(unit, session_id, client, becomes)
    charge = Charge.RELEASED if offence and offence.is_refilled else COSTS[becomes]
    costs, charged = holds.correct(ledger, client, corrections.settlement(session, client), charge)
    corrected = corrections.correct(
        session, session_id, client, becomes, charge=charge, costs=costs, reason=command.reason
    )
    if was is not becomes:
        unit.record(class_session, session_id, corrected)
        seats.gain(unit, [(client, charged)])
        if becomes in CLEARS:
            penalties.clear(unit, client, reservation, command.reason)
        elif offence is not None:
            penalties.judge_anew(unit, offence, command.reason)
    late = becomes is Attendance.LATE_CANCELLED
    return BookingOutcome(status="cancelled_late" if late else becomes, reservation_id=reservation)
