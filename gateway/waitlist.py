"""The waitlist in GraphQL once seats come free: offers, claims, and staff's promotion."""

from typing import Annotated

import strawberry

from contracts.booking import (
    ClaimSpot,
    DeclineOffer,
    PromoteNow,
)
from gateway import seating
from gateway.booking_payloads import SeatInput
from gateway.codes.seats import (
    ClaimSpotErrorCode,
    DeclineOfferErrorCode,
    PromoteNowErrorCode,
)
from gateway.context import Info
from gateway.mutations import UserError
from gateway.positions import Position
from gateway.roster import Reservation, WaitlistEntry


@strawberry.input
class ClaimSpotInput(SeatInput):
    spot: str | None = strawberry.field(default=None, description="Null: any.")


@strawberry.input
class DeclineOfferInput(SeatInput):
    keep_place: bool = strawberry.field(
        default=False, description="Stay in line to claim a seat later; no more offers."
    )


@strawberry.input
class PromoteNowInput(SeatInput):
    reason: str
    overbook: bool = strawberry.field(default=False, description="A seat there is not.")


@strawberry.type
class ClaimSpotPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[ClaimSpotErrorCode]]


@strawberry.type
class DeclineOfferPayload:
    waitlist_entry: WaitlistEntry | None
    left_entry_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[DeclineOfferErrorCode]]


@strawberry.type
class PromoteNowPayload:
    reservation: Reservation | None
    position: Position | None
    user_errors: list[UserError[PromoteNowErrorCode]]


@strawberry.type
class WaitlistMutation:
    @strawberry.mutation(
        description="Take the seat that was offered, or a free one while there are some to claim."
    )
    async def claim_spot(
        self, info: Info, input_: Annotated[ClaimSpotInput, strawberry.argument(name="input")]
    ) -> ClaimSpotPayload:
        return await seating.answer(
            ClaimSpotPayload, ClaimSpotErrorCode, info.context, input_,
            lambda session_id, client_id: ClaimSpot(
                session_id=session_id, client_id=client_id, spot=input_.spot
            ),
        )  # fmt: skip

    @strawberry.mutation(description="No, thank you; out of the line, unless the place is kept.")
    async def decline_offer(
        self, info: Info, input_: Annotated[DeclineOfferInput, strawberry.argument(name="input")]
    ) -> DeclineOfferPayload:
        return await seating.answer(
            DeclineOfferPayload, DeclineOfferErrorCode, info.context, input_,
            lambda session_id, client_id: DeclineOffer(
                session_id=session_id, client_id=client_id, keep_place=input_.keep_place
            ),
        )  # fmt: skip

    @strawberry.mutation(description="Staff: give somebody in line a seat out of turn.")
    async def promote_now(
        self, info: Info, input_: Annotated[PromoteNowInput, strawberry.argument(name="input")]
    ) -> PromoteNowPayload:
        return await seating.answer(
            PromoteNowPayload, PromoteNowErrorCode, info.context, input_,
            lambda session_id, client_id: PromoteNow(
                session_id=session_id,
                client_id=client_id,
                overbook=input_.overbook,
                reason=input_.reason,
            ),
        )  # fmt: skip
