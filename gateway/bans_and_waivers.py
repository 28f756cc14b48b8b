"""Waivers and bans in GraphQL: whether a client may book at all."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.booking import ImposeBookingBan, LiftBookingBan, SignWaiver
from gateway import ids
from gateway.codes.entitlements import (
    ImposeBookingBanErrorCode,
    LiftBookingBanErrorCode,
    SignWaiverErrorCode,
)
from gateway.context import Info
from gateway.ledgers import LedgerPayload
from gateway.mutations import UserError, answer, carry_out
from gateway.whose import whose


@strawberry.input(description="Staff name the client, members leave it.")
class SignWaiverInput:
    idempotency_key: UUID
    client_id: strawberry.ID | None = None
    document: str = strawberry.field(default="liability", description="Which text, its version.")


@strawberry.input
class ImposeBookingBanInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    until: datetime | None = strawberry.field(default=None, description="Null: until lifted.")
    reason: str


@strawberry.input
class LiftBookingBanInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    reason: str = ""


@strawberry.type
class SignWaiverPayload(LedgerPayload):
    user_errors: list[UserError[SignWaiverErrorCode]]


@strawberry.type
class ImposeBookingBanPayload(LedgerPayload):
    user_errors: list[UserError[ImposeBookingBanErrorCode]]


@strawberry.type
class LiftBookingBanPayload(LedgerPayload):
    user_errors: list[UserError[LiftBookingBanErrorCode]]


@strawberry.type
class BansAndWaiversMutation:
    @strawberry.mutation(description="Accept the gym's waiver.")
    async def sign_waiver(
        self, info: Info, input_: Annotated[SignWaiverInput, strawberry.argument(name="input")]
    ) -> SignWaiverPayload:
        done = await carry_out(
            info.context,
            input_,
            SignWaiverErrorCode,
            lambda: SignWaiver(
                client_id=whose(info.context, input_.client_id), document=input_.document
            ),
        )
        return SignWaiverPayload(
            client_id=None if done.errors else _shown(info, input_),
            position=done.position,
            user_errors=done.errors,
        )

    @strawberry.mutation(description="Keep a client from booking.")
    async def impose_booking_ban(
        self,
        info: Info,
        input_: Annotated[ImposeBookingBanInput, strawberry.argument(name="input")],
    ) -> ImposeBookingBanPayload:
        return await answer(
            ImposeBookingBanPayload, ImposeBookingBanErrorCode, info.context, input_,
            lambda: ImposeBookingBan(
                client_id=ids.client(input_.client_id), until=input_.until, reason=input_.reason
            ),
            client_id=input_.client_id,
        )  # fmt: skip

    @strawberry.mutation(description="Let a client book again.")
    async def lift_booking_ban(
        self, info: Info, input_: Annotated[LiftBookingBanInput, strawberry.argument(name="input")]
    ) -> LiftBookingBanPayload:
        return await answer(
            LiftBookingBanPayload, LiftBookingBanErrorCode, info.context, input_,
            lambda: LiftBookingBan(client_id=ids.client(input_.client_id), reason=input_.reason),
            client_id=input_.client_id,
        )  # fmt: skip


def _shown(info: Info, asked: SignWaiverInput) -> strawberry.ID:
    return ids.shown("cli", whose(info.context, asked.client_id))
