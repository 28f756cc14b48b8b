"""From a command to the streams it concerns: what is looked at, in which order, and recorded.

Every function here is a rule for ``EventStore.carry_out``: run on fresh states, again if another
was faster, all or nothing. What is allowed is decided in ``domain``.
"""

from collections.abc import Callable
from typing import TypeVar

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    BookClass,
    BookingOutcome,
    Cancellation,
    CancelReservation,
    CancelSession,
    ChangeCapacity,
    CheckIn,
    CloseAttendance,
    CloseWaitlist,
    CreditConsumed,
    CreditForfeited,
    CreditReleased,
    FinalizeAttendance,
    GrantCredits,
    JoinWaitlist,
    LeaveWaitlist,
    OpenLedger,
    ReservationSource,
    ScheduleSession,
    UndoCheckIn,
)
from contracts.ids import ClientId, SessionId
from contracts.permissions import STAFF
from services.booking import penalties, seats
from services.booking.domain import attendance, booking_policy, reservations, timetable, waitlist
from services.booking.domain import client_ledger as ledgers
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import ClientLedger, client_ledger

C = TypeVar("C")
Rule = Callable[[C, Unit], BookingOutcome | None]


class LedgerNotOpen(Exception):
    """Nobody has told booking of this client yet; whoever keeps the clients may know them."""

    def __init__(self, client: ClientId) -> None:
        super().__init__("the client has no ledger")
        self.client = client


def schedule_session(command: ScheduleSession, unit: Unit) -> None:
    session_id = command.session_id
    state = unit.state(class_session, session_id)
    state = unit.record(class_session, session_id, timetable.schedule(state, command, unit.ctx.now))
    unit.wake(_waitlist_closes(session_id), state.starts_at, CloseWaitlist(session_id=session_id))
    unit.wake(
        _attendance_closes(session_id),
        booking_policy.attendance_closes_at(state.policy, state.ends_at),
        CloseAttendance(session_id=session_id),
    )


def change_capacity(command: ChangeCapacity, unit: Unit) -> None:
    state = unit.state(class_session, command.session_id)
    unit.record(class_session, command.session_id, timetable.change_capacity(state, command))
    seats.offer(unit, command.session_id)


def cancel_session(command: CancelSession, unit: Unit) -> None:
    before = unit.state(class_session, command.session_id)
    unit.record(class_session, command.session_id, timetable.cancel_session(before, command))
    unit.forget(_waitlist_closes(command.session_id))
    unit.forget(_attendance_closes(command.session_id))
    undone = {**before.late_cancelled, **before.reserved}
    unit.states(client_ledger, undone)
    seats.gain(unit, (
        (client, ledgers.settle(
            unit.state(client_ledger, client), client, one.reservation_id, CreditReleased
        ))
        for client, one in undone.items()
    ))  # fmt: skip


def book_class(command: BookClass, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    by_staff = bool(STAFF & unit.ctx.roles)
    session = unit.state(class_session, session_id)
    reservations.must_be_bookable(session, client, unit.ctx.now, by_staff=by_staff)
    grant_id = seats.entitled(_open_ledger(unit, client), session)
    try:
        reservations.must_have_a_seat(session, unit.ctx.now)
    except Refused:
        if not command.or_waitlist:
            raise
        return _join(unit, session_id, client)
    source = ReservationSource.STAFF if by_staff else ReservationSource.BOOKED
    return seats.take(unit, session_id, client, source=source, grant_id=grant_id)


def cancel_reservation(command: CancelReservation, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    cancelled = reservations.cancel(session, session_id, client, unit.ctx.now)
    unit.record(class_session, session_id, [cancelled])
    ledger, reservation = unit.state(client_ledger, client), cancelled.reservation_id
    if cancelled.kind is Cancellation.LATE:
        gained = ledgers.free_time(client, reservation)
    else:
        gained = ledgers.settle(ledger, client, reservation, CreditReleased)
    seats.gain(unit, [(client, gained)], freed=[session_id])
    return BookingOutcome(
        status=f"cancelled_{cancelled.kind}",
        reservation_id=reservation,
        free_until=cancelled.free_until,
    )


def join_waitlist(command: JoinWaitlist, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    by_staff = bool(STAFF & unit.ctx.roles)
    session = unit.state(class_session, session_id)
    reservations.must_be_bookable(session, client, unit.ctx.now, by_staff=by_staff)
    ledgers.grant_for(_open_ledger(unit, client), session.starts_at)
    return _join(unit, session_id, client)


def _join(unit: Unit, session_id: SessionId, client: ClientId) -> BookingOutcome:
    session = unit.state(class_session, session_id)
    waitlist.must_have_a_place(session, client, unit.ctx.now)
    after = unit.record(class_session, session_id, waitlist.join(session, session_id, client))
    return BookingOutcome(status="waiting", waitlist_position=len(after.waiting))


def leave_waitlist(command: LeaveWaitlist, unit: Unit) -> BookingOutcome:
    session = unit.state(class_session, command.session_id)
    left = waitlist.leave(session, command.session_id, command.client_id)
    unit.record(class_session, command.session_id, left)
    return BookingOutcome(status="left")


def close_waitlist(command: CloseWaitlist, unit: Unit) -> None:
    session = unit.state(class_session, command.session_id)
    left = waitlist.close(session, command.session_id, unit.ctx.now)
    unit.record(class_session, command.session_id, left)


def check_in(command: CheckIn, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    seen = attendance.check_in(session, session_id, client, unit.ctx.now)
    after = unit.record(class_session, session_id, seen)
    reservation = after.reserved[client].reservation_id
    return BookingOutcome(status="checked_in", reservation_id=reservation)


def undo_check_in(command: UndoCheckIn, unit: Unit) -> BookingOutcome:
    session_id, client = command.session_id, command.client_id
    session = unit.state(class_session, session_id)
    undone = attendance.undo_check_in(session, session_id, client)
    seat = unit.record(class_session, session_id, undone).reserved[client]
    return BookingOutcome(
        status="reserved", reservation_id=seat.reservation_id, free_until=seat.free_until
    )


def finalize_attendance(command: FinalizeAttendance, unit: Unit) -> None:
    _close_books(unit, command.session_id)


def close_attendance(command: CloseAttendance, unit: Unit) -> None:
    if attendance.is_due(unit.state(class_session, command.session_id), unit.ctx.now):
        _close_books(unit, command.session_id)


def _close_books(unit: Unit, session_id: SessionId) -> None:
    """Attended: the credit is spent. No-show or late cancel, unless refilled: it is forfeited."""
    session = unit.state(class_session, session_id)
    closed = attendance.finalize(session, session_id, unit.ctx.now)
    unit.record(class_session, session_id, closed)
    unit.forget(_attendance_closes(session_id))
    refilled = penalties.judge(unit, session_id)
    settled = {**session.late_cancelled, **session.reserved}
    unit.states(client_ledger, settled)
    seats.gain(unit, (
        (client, ledgers.settle(
            unit.state(client_ledger, client), client, one.reservation_id,
            CreditConsumed if one.checked_in
            else CreditReleased if client in refilled else CreditForfeited,
        ))
        for client, one in settled.items()
    ))  # fmt: skip


def grant_credits(command: GrantCredits, unit: Unit) -> None:
    ledger = _open_ledger(unit, command.client_id)
    granted = ledgers.grant_credits(ledger, command, unit.ctx.now)
    seats.gain(unit, [(command.client_id, granted)])


def open_ledger(command: OpenLedger, unit: Unit) -> None:
    ledger = unit.state(client_ledger, command.client_id)
    unit.record(client_ledger, command.client_id, ledgers.open_ledger(ledger, command.client_id))


def opening(client: ClientId, rule: Rule[C]) -> Rule[C]:
    """``rule``, with the client's ledger opened first in the same breath."""

    def opened(command: C, unit: Unit) -> BookingOutcome | None:
        open_ledger(OpenLedger(client_id=client), unit)
        return rule(command, unit)

    return opened


def _open_ledger(unit: Unit, client: ClientId) -> ClientLedger:
    ledger = unit.state(client_ledger, client)
    if not ledger.is_open:
        raise LedgerNotOpen(client)
    return ledger


def _waitlist_closes(session_id: SessionId) -> str:
    return f"close_waitlist:{session_id}"


def _attendance_closes(session_id: SessionId) -> str:
    return f"close_attendance:{session_id}"
