"""What booking's mutations take and answer."""

from uuid import UUID

import strawberry

from gateway.booking_codes import (
    BookClassErrorCode,
    CancelReservationErrorCode,
    CheckInErrorCode,
    JoinWaitlistErrorCode,
    LeaveWaitlistErrorCode,
    UndoCheckInErrorCode,
)
from gateway.mutations import UserError
from gateway.positions import Position
from gateway.roster import Reservation, WaitlistEntry


@strawberry.input(description="A session, and for whom: staff name the client, members leave it.")
class SeatInput:
    idempotency_key: UUID
    session_id: strawberry.ID
    client_id: strawberry.ID | None = None


@strawberry.input
class BookClassInput(SeatInput):
    or_waitlist: bool = strawberry.field(
        default=False, description="Join the line in the same breath when the session is full."
    )


@strawberry.input
class CancelReservationInput(SeatInput):
    pass


@strawberry.input
class JoinWaitlistInput(SeatInput):
    pass


@strawberry.input
class LeaveWaitlistInput(SeatInput):
    pass


@strawberry.input
class CheckInInput(SeatInput):
    pass


@strawberry.input
class UndoCheckInInput(SeatInput):
    pass


@strawberry.type(description="A seat, or a place in line when asked for and the session was full.")
class BookClassPayload:
    reservation: Reservation | None
    waitlist_entry: WaitlistEntry | None
    position: Position | None
    user_errors: list[UserError[BookClassErrorCode]]


@strawberry.type
class CancelReservationPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[CancelReservationErrorCode]]


@strawberry.type
class JoinWaitlistPayload:
    waitlist_entry: WaitlistEntry | None
    position: Position | None
    user_errors: list[UserError[JoinWaitlistErrorCode]]


@strawberry.type
class LeaveWaitlistPayload:
    left_entry_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[LeaveWaitlistErrorCode]]


@strawberry.type
class CheckInPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[CheckInErrorCode]]


@strawberry.type
class UndoCheckInPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[UndoCheckInErrorCode]]
