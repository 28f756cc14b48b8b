"""Corrections: the closed books were wrong about a client."""

from dataclasses import dataclass
from datetime import date

from chassis.decider import Refused
from contracts.booking import Attendance, AttendanceCorrected, BookingCode, Charge, GrantKind
from contracts.ids import ClientId, GrantId, ProgramId, ReservationId, SessionId
from services.booking.domain.class_session import ClassSession, Reservation, Stage, must_be_on
from services.booking.domain.session_people import COSTS


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the closed books have a seat cost."""

    reservation_id: ReservationId
    grant_id: GrantId
    charge: Charge
    credits: int  # of a pack; 0 of other grants
    on: date  # local
    program_id: ProgramId | None


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


def settlement(state: ClassSession, client: ClientId) -> Settlement:
    """What the client's seat costs by the books as they are, however long they have been closed."""
    seat, done = seat_of(state, client), state.corrected.get(client)
    if done is not None:
        charge, credits_ = done.charge, done.credits
    else:
        was = state.attendance_of(client) or Attendance.EXCUSED
        charge = Charge.RELEASED if client in state.refilled else COSTS[was]
        credits_ = int(seat.grant_kind is GrantKind.PACK and charge is not Charge.RELEASED)
    return Settlement(
        seat.reservation_id,
        seat.grant_id,
        charge,
        credits_,
        state.occasion.on,
        state.slot.program_id,
    )


def correct(
    state: ClassSession,
    session_id: SessionId,
    client: ClientId,
    becomes: Attendance,
    *,
    charge: Charge,
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
            becomes=becomes, credits=costs, charge=charge, reason=reason,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip
