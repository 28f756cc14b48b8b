"""What booking's mutations take and answer."""

from uuid import UUID

import strawberry

from contracts.booking import CheckInSource
from gateway.codes.booking import (
    BookClassErrorCode,
    CancelReservationErrorCode,
    CheckInErrorCode,
    JoinWaitlistErrorCode,
    LeaveWaitlistErrorCode,
    UndoCheckInErrorCode,
)
from gateway.mutations import UserError
from gateway.overrides import BookingOverride
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
    grant_id: strawberry.ID | None = strawberry.field(
        default=None, description="What to pay with; null takes what is missed least."
    )
    spot: str | None = strawberry.field(default=None, description="Null: any.")
    overbook: bool = strawberry.field(
        default=False, description="The desk: a seat the session does not have."
    )
    overrides: list[BookingOverride] = strawberry.field(
        default_factory=list, description="The desk: rules set aside for this seat, with a reason."
    )
    reason: str = strawberry.field(default="", description="Of staff, for an override.")


@strawberry.input
class CancelReservationInput(SeatInput):
    pass


@strawberry.input
class JoinWaitlistInput(SeatInput):
    minimum_notice_minutes: int = strawberry.field(
        default=0, description="Pass me over when the session starts sooner than this."
    )
    swap: bool = strawberry.field(
        default=False, description="Give up an overlapping seat, if that is free, for this one."
    )
    reason: str = strawberry.field(
        default="", description="Of the desk, for joining before booking opens."
    )


@strawberry.input
class LeaveWaitlistInput(SeatInput):
    pass


@strawberry.input
class CheckInInput(SeatInput):
    source: CheckInSource | None = strawberry.field(
        default=None, description="Null: staff, or the member themselves, by who asks."
    )
    overrides: list[BookingOverride] = strawberry.field(
        default_factory=list,
        description="The desk: of CHECK_IN_NOT_OPEN, CHECK_IN_CLOSED and WAIVER_REQUIRED those set "
        "aside, with a reason.",
    )
    reason: str = strawberry.field(default="", description="Of staff, for an override.")


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
