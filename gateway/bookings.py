"""Booking in GraphQL: seats, the line, check-in. Answers are the command's own: no read waits."""

from typing import Annotated

import strawberry

from contracts.booking import (
    BookClass,
    CancelReservation,
    CheckIn,
    JoinWaitlist,
    LeaveWaitlist,
    UndoCheckIn,
)
from gateway import ids, seating
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
    UndoCheckInInput,
    UndoCheckInPayload,
)
from gateway.codes.booking import (
    BookClassErrorCode,
    CancelReservationErrorCode,
    CheckInErrorCode,
    JoinWaitlistErrorCode,
    LeaveWaitlistErrorCode,
    UndoCheckInErrorCode,
)
from gateway.context import Info
from gateway.overrides import overridden


@strawberry.type
class BookingMutation:
    @strawberry.mutation(description="Reserve a seat.")
    async def book_class(
        self, info: Info, input_: Annotated[BookClassInput, strawberry.argument(name="input")]
    ) -> BookClassPayload:
        return await seating.answer(
            BookClassPayload, BookClassErrorCode, info.context, input_,
            lambda session_id, client_id: BookClass(
                session_id=session_id, client_id=client_id, or_waitlist=input_.or_waitlist,
                grant_id=ids.grant(input_.grant_id) if input_.grant_id else None,
                spot=input_.spot, overbook=input_.overbook, reason=input_.reason,
                overrides=overridden(input_.overrides),
            ),
        )  # fmt: skip

    @strawberry.mutation(description="Give up a seat: early and free, or late.")
    async def cancel_reservation(
        self,
        info: Info,
        input_: Annotated[CancelReservationInput, strawberry.argument(name="input")],
    ) -> CancelReservationPayload:
        return await seating.answer(
            CancelReservationPayload, CancelReservationErrorCode, info.context, input_,
            lambda session_id, client_id: CancelReservation(
                session_id=session_id, client_id=client_id
            ),
        )  # fmt: skip

    @strawberry.mutation(description="Stand in line for a full session.")
    async def join_waitlist(
        self, info: Info, input_: Annotated[JoinWaitlistInput, strawberry.argument(name="input")]
    ) -> JoinWaitlistPayload:
        return await seating.answer(
            JoinWaitlistPayload, JoinWaitlistErrorCode, info.context, input_,
            lambda session_id, client_id: JoinWaitlist(
                session_id=session_id, client_id=client_id, swap=input_.swap,
                minimum_notice_minutes=input_.minimum_notice_minutes, reason=input_.reason,
            ),
        )  # fmt: skip

    @strawberry.mutation(description="Step out of the line. Never late, never charged.")
    async def leave_waitlist(
        self, info: Info, input_: Annotated[LeaveWaitlistInput, strawberry.argument(name="input")]
    ) -> LeaveWaitlistPayload:
        return await seating.answer(
            LeaveWaitlistPayload, LeaveWaitlistErrorCode, info.context, input_,
            lambda session_id, client_id: LeaveWaitlist(
                session_id=session_id, client_id=client_id
            ),
        )  # fmt: skip

    @strawberry.mutation(description="The client is here.")
    async def check_in(
        self, info: Info, input_: Annotated[CheckInInput, strawberry.argument(name="input")]
    ) -> CheckInPayload:
        return await seating.answer(
            CheckInPayload, CheckInErrorCode, info.context, input_,
            lambda session_id, client_id: CheckIn(
                session_id=session_id, client_id=client_id, source=input_.source,
                overrides=overridden(input_.overrides), reason=input_.reason,
            ),
        )  # fmt: skip

    @strawberry.mutation(description="The check-in was a mistake.")
    async def undo_check_in(
        self, info: Info, input_: Annotated[UndoCheckInInput, strawberry.argument(name="input")]
    ) -> UndoCheckInPayload:
        return await seating.answer(
            UndoCheckInPayload, UndoCheckInErrorCode, info.context, input_,
            lambda session_id, client_id: UndoCheckIn(session_id=session_id, client_id=client_id),
        )  # fmt: skip
