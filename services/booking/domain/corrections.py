"""Corrections: the closed books were wrong about a client."""

from chassis.decider import Refused
from contracts.booking import Attendance, AttendanceCorrected, BookingCode
from contracts.ids import ClientId, ReservationId, SessionId
from services.booking.domain.class_session import ClassSession, Reservation, Stage, must_be_on


def correctable(
    state: ClassSession, client: ClientId, becomes: Attendance
) -> tuple[ReservationId, Attendance]:
    """The reservation and what the books say of it. Raises ``Refused`` when they cannot change."""
    if state.stage is not Stage.FINALIZED:
        must_be_on(state)
        raise Refused(
            BookingCode.NOT_FINALIZED, "The attendance is not closed yet.", field="session_id"
        )
    was = state.attendance_of(client)
    if was is None:
        raise Refused(BookingCode.NOT_BOOKED, "The client had no seat.", field="client_id")
    if becomes is Attendance.LATE_CANCELLED and client not in state.late_cancelled:
        raise Refused(
            BookingCode.NOT_CANCELLED, "The client gave up no seat late.", field="becomes"
        )
    return seat_of(state, client).reservation_id, was


def seat_of(state: ClassSession, client: ClientId) -> Reservation:
    """The seat the client had, whether they gave it up late or not."""
    return state.late_cancelled.get(client) or state.reserved[client]


def correct(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    becomes: Attendance,
    *,
    costs: int,
    reason: str,
) -> list[AttendanceCorrected]:
    """Put the books right; nothing when they are. ``costs``: credits from now on."""
    reservation, was = correctable(state, client, becomes)
    if was is becomes:
        return []
    return [
        AttendanceCorrected(
            session_id=session_id, client_id=client, reservation_id=reservation, was=was,
            becomes=becomes, credits=costs, reason=reason, policy_version=state.policy.version,
        )
    ]  # fmt: skip
