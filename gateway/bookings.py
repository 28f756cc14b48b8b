"""Booking in GraphQL: seats, the line, check-in. Answers are the command's own: no read waits."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, TypeVar

import strawberry

from contracts.booking import (
    BookClass,
    BookingOutcome,
    CancelReservation,
    CheckIn,
    JoinWaitlist,
    LeaveWaitlist,
    UndoCheckIn,
)
from contracts.envelope import Command
from contracts.ids import ClientId, SessionId
from gateway import ids
from gateway.booking_codes import (
    BookClassErrorCode,
    CancelReservationErrorCode,
    CheckInErrorCode,
    JoinWaitlistErrorCode,
    LeaveWaitlistErrorCode,
    UndoCheckInErrorCode,
)
from gateway.booking_payloads import (
    BookClassInput,
    BookClassPayload,
    CancelReservationInput,
    CancelReservationPayload,
    CheckInInput,
    CheckInPayload,
    JoinWaitlistInput,
    JoinWaitlistPayload,
    LeaveWaitlistInput,
    LeaveWaitlistPayload,
    SeatInput,
    UndoCheckInInput,
    UndoCheckInPayload,
)
from gateway.context import Context, Info
from gateway.faults import BadInput
from gateway.mutations import Done, carry_out
from gateway.roster import Reservation, ReservationStatus, WaitlistEntry

Code = TypeVar("Code", bound=Enum)


@strawberry.type
class BookingMutation:
    @strawberry.mutation(description="Reserve a seat.")
    async def book_class(
        self, info: Info, input_: Annotated[BookClassInput, strawberry.argument(name="input")]
    ) -> BookClassPayload:
        done, seat = await _seat(
            info.context, input_, BookClassErrorCode,
            lambda session_id, client_id: BookClass(
                session_id=session_id, client_id=client_id, or_waitlist=input_.or_waitlist
            ),
        )  # fmt: skip
        return BookClassPayload(
            reservation=seat.reservation, waitlist_entry=seat.line, position=done.position,
            user_errors=done.errors,
        )  # fmt: skip

    @strawberry.mutation(description="Give up a seat: early and free, or late.")
    async def cancel_reservation(
        self,
        info: Info,
        input_: Annotated[CancelReservationInput, strawberry.argument(name="input")],
    ) -> CancelReservationPayload:
        done, seat = await _seat(
            info.context, input_, CancelReservationErrorCode,
            lambda session_id, client_id: CancelReservation(
                session_id=session_id, client_id=client_id
            ),
        )  # fmt: skip
        return CancelReservationPayload(
            reservation=seat.reservation, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Stand in line for a full session.")
    async def join_waitlist(
        self, info: Info, input_: Annotated[JoinWaitlistInput, strawberry.argument(name="input")]
    ) -> JoinWaitlistPayload:
        done, seat = await _seat(
            info.context, input_, JoinWaitlistErrorCode,
            lambda session_id, client_id: JoinWaitlist(session_id=session_id, client_id=client_id),
        )  # fmt: skip
        return JoinWaitlistPayload(
            waitlist_entry=seat.line, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Step out of the line. Never late, never charged.")
    async def leave_waitlist(
        self, info: Info, input_: Annotated[LeaveWaitlistInput, strawberry.argument(name="input")]
    ) -> LeaveWaitlistPayload:
        done, seat = await _seat(
            info.context, input_, LeaveWaitlistErrorCode,
            lambda session_id, client_id: LeaveWaitlist(
                session_id=session_id, client_id=client_id
            ),
        )  # fmt: skip
        return LeaveWaitlistPayload(
            left_entry_id=seat.left, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="The client is here.")
    async def check_in(
        self, info: Info, input_: Annotated[CheckInInput, strawberry.argument(name="input")]
    ) -> CheckInPayload:
        done, seat = await _seat(
            info.context, input_, CheckInErrorCode,
            lambda session_id, client_id: CheckIn(session_id=session_id, client_id=client_id),
        )  # fmt: skip
        return CheckInPayload(
            reservation=seat.reservation, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="The check-in was a mistake.")
    async def undo_check_in(
        self, info: Info, input_: Annotated[UndoCheckInInput, strawberry.argument(name="input")]
    ) -> UndoCheckInPayload:
        done, seat = await _seat(
            info.context, input_, UndoCheckInErrorCode,
            lambda session_id, client_id: UndoCheckIn(session_id=session_id, client_id=client_id),
        )  # fmt: skip
        return UndoCheckInPayload(
            reservation=seat.reservation, position=done.position, user_errors=done.errors
        )


@dataclass(frozen=True, slots=True)
class _Seat:
    """What a booking command's outcome says, in GraphQL's types; empty after a refusal."""

    reservation: Reservation | None = None
    line: WaitlistEntry | None = None
    left: strawberry.ID | None = None


async def _seat(
    context: Context,
    asked: SeatInput,
    codes: type[Code],
    build: Callable[[SessionId, ClientId], Command],
) -> tuple[Done[Code], _Seat]:
    done = await carry_out(context, asked, codes, lambda: build(*_whose(context, asked)))
    if done.errors:
        return done, _Seat()
    session_id, client_id = _whose(context, asked)
    outcome = BookingOutcome.model_validate(done.result)
    if outcome.status == "left":
        return done, _Seat(left=ids.waitlist_entry(session_id, client_id))
    if outcome.reservation_id is None:
        return done, _Seat(line=_line(session_id, client_id, outcome))
    return done, _Seat(reservation=_reservation(session_id, client_id, outcome))


def _whose(context: Context, asked: SeatInput) -> tuple[SessionId, ClientId]:
    session_id = ids.session(asked.session_id)
    if asked.client_id is not None:
        return session_id, ids.client(asked.client_id)
    mine = context.principal.client_id
    if mine is None:
        raise BadInput("clientId", "staff name the client")
    return session_id, mine


def _reservation(
    session_id: SessionId, client_id: ClientId, outcome: BookingOutcome
) -> Reservation:
    return Reservation(
        id=ids.shown("rsv", outcome.reservation_id or session_id),
        version=None,
        session_id=ids.shown("ses", session_id),
        client_id=ids.shown("cli", client_id),
        client_name=None,
        status=ReservationStatus(outcome.status),
        source=None,
        free_until=outcome.free_until,
        made_at=None,
    )


def _line(session_id: SessionId, client_id: ClientId, outcome: BookingOutcome) -> WaitlistEntry:
    return WaitlistEntry(
        id=ids.waitlist_entry(session_id, client_id),
        version=None,
        session_id=ids.shown("ses", session_id),
        client_id=ids.shown("cli", client_id),
        client_name=None,
        place=outcome.waitlist_position or 0,
        joined_at=None,
    )
