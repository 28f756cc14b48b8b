"""Seats in GraphQL: taken back, taken away, moved, given at the door, put right afterwards."""

from typing import Annotated

import strawberry

from contracts.booking import (
    AddWalkIn,
    Attendance,
    ChangeSpot,
    CorrectAttendance,
    RemoveReservation,
    UndoCancel,
)
from gateway import ids, seating
from gateway.booking_payloads import SeatInput
from gateway.codes.seats import (
    AddWalkInErrorCode,
    ChangeSpotErrorCode,
    CorrectAttendanceErrorCode,
    RemoveReservationErrorCode,
    UndoCancelErrorCode,
)
from gateway.context import Info
from gateway.mutations import UserError
from gateway.overrides import BookingOverride, overridden
from gateway.positions import Position
from gateway.roster import Reservation

strawberry.enum(Attendance, description="What the books say of a reservation.")


@strawberry.input
class UndoCancelInput(SeatInput):
    pass


@strawberry.input
class RemoveReservationInput(SeatInput):
    waive: bool = strawberry.field(default=False, description="It costs nothing even now.")
    reason: str = ""


@strawberry.input
class ChangeSpotInput(SeatInput):
    spot: str | None = strawberry.field(default=None, description="Null: any.")


@strawberry.input
class AddWalkInInput(SeatInput):
    grant_id: strawberry.ID | None = None
    spot: str | None = strawberry.field(default=None, description="Null: any.")
    overbook: bool = strawberry.field(default=False, description="A seat there is not.")
    overrides: list[BookingOverride] = strawberry.field(
        default_factory=list, description="The desk: rules set aside for this seat, with a reason."
    )
    reason: str = ""


@strawberry.input
class CorrectAttendanceInput(SeatInput):
    becomes: Attendance
    reason: str


@strawberry.type
class UndoCancelPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[UndoCancelErrorCode]]


@strawberry.type
class RemoveReservationPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[RemoveReservationErrorCode]]


@strawberry.type
class ChangeSpotPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[ChangeSpotErrorCode]]


@strawberry.type
class AddWalkInPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[AddWalkInErrorCode]]


@strawberry.type
class CorrectAttendancePayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[CorrectAttendanceErrorCode]]


@strawberry.type
class SeatMutation:
    @strawberry.mutation(
        description="Take a late cancel back, while the seat is free and nobody waits for it."
    )
    async def undo_cancel(
        self, info: Info, input_: Annotated[UndoCancelInput, strawberry.argument(name="input")]
    ) -> UndoCancelPayload:
        return await seating.answer(
            UndoCancelPayload, UndoCancelErrorCode, info.context, input_,
            lambda session_id, client_id: UndoCancel(session_id=session_id, client_id=client_id),
        )  # fmt: skip

    @strawberry.mutation(
        description="Staff: take a seat back; late if their own cancel were, unless waived."
    )
    async def remove_reservation(
        self,
        info: Info,
        input_: Annotated[RemoveReservationInput, strawberry.argument(name="input")],
    ) -> RemoveReservationPayload:
        return await seating.answer(
            RemoveReservationPayload, RemoveReservationErrorCode, info.context, input_,
            lambda session_id, client_id: RemoveReservation(
                session_id=session_id, client_id=client_id, waive=input_.waive, reason=input_.reason
            ),
        )  # fmt: skip

    @strawberry.mutation(description="Sit elsewhere.")
    async def change_spot(
        self, info: Info, input_: Annotated[ChangeSpotInput, strawberry.argument(name="input")]
    ) -> ChangeSpotPayload:
        return await seating.answer(
            ChangeSpotPayload, ChangeSpotErrorCode, info.context, input_,
            lambda session_id, client_id: ChangeSpot(
                session_id=session_id, client_id=client_id, spot=input_.spot
            ),
        )  # fmt: skip

    @strawberry.mutation(
        description="Staff: a client without a seat is here; reserve one and check them in."
    )
    async def add_walk_in(
        self, info: Info, input_: Annotated[AddWalkInInput, strawberry.argument(name="input")]
    ) -> AddWalkInPayload:
        return await seating.answer(
            AddWalkInPayload, AddWalkInErrorCode, info.context, input_,
            lambda session_id, client_id: AddWalkIn(
                session_id=session_id,
                client_id=client_id,
                spot=input_.spot,
                overbook=input_.overbook,
                overrides=overridden(input_.overrides),
                reason=input_.reason,
                grant_id=ids.grant(input_.grant_id) if input_.grant_id else None,
            ),
        )  # fmt: skip

    @strawberry.mutation(description="Staff: the closed books were wrong about a client.")
    async def correct_attendance(
        self,
        info: Info,
        input_: Annotated[CorrectAttendanceInput, strawberry.argument(name="input")],
    ) -> CorrectAttendancePayload:
        return await seating.answer(
            CorrectAttendancePayload, CorrectAttendanceErrorCode, info.context, input_,
            lambda session_id, client_id: CorrectAttendance(
                session_id=session_id,
                client_id=client_id,
                becomes=input_.becomes,
                reason=input_.reason,
            ),
        )  # fmt: skip
