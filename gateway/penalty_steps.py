"""What may be done about a fee in GraphQL: waived, contested, decided."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts.booking import ContestFee, ResolveContest, WaiveFee
from gateway import ids
from gateway.codes.fees import ContestFeeErrorCode, ResolveContestErrorCode, WaiveFeeErrorCode
from gateway.context import Info
from gateway.mutations import UserError, answer, carry_out
from gateway.penalty_types import PenaltyCase, shown
from gateway.positions import Position
from gateway.serve.faults import ConsistencyTimeout
from gateway.whose import whose
from services.projections import penalties
from services.projections.penalties import Wanted


@strawberry.input
class WaiveFeeInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    reservation_id: strawberry.ID
    reason: str


@strawberry.input(description="Staff name the client, members leave it.")
class ContestFeeInput:
    idempotency_key: UUID
    client_id: strawberry.ID | None = None
    reservation_id: strawberry.ID
    reason: str


@strawberry.input
class ResolveContestInput(WaiveFeeInput):
    fee_stands: bool


@strawberry.interface(description="Something was done about a fee.")
class PenaltyPayload:
    client_id: strawberry.ID | None
    reservation_id: strawberry.ID | None
    position: Position | None

    @strawberry.field(
        description="The case with the change; null when that takes over half a second."
    )
    async def penalty(self, info: Info) -> PenaltyCase | None:
        if self.client_id is None or self.reservation_id is None:
            return None
        wanted = Wanted(
            client_id=ids.client(self.client_id),
            reservation_id=ids.reservation_of(self.reservation_id),
        )
        try:
            _, rows = await info.context.read(
                "penalties", self.position,
                lambda pool, gym: penalties.page(pool, gym, wanted, None, 1),
            )  # fmt: skip
        except ConsistencyTimeout:
            return None
        to_staff = info.context.principal.client_id is None
        return shown(rows[0], to_staff=to_staff) if rows else None


@strawberry.type
class WaiveFeePayload(PenaltyPayload):
    user_errors: list[UserError[WaiveFeeErrorCode]]


@strawberry.type
class ContestFeePayload(PenaltyPayload):
    user_errors: list[UserError[ContestFeeErrorCode]]


@strawberry.type
class ResolveContestPayload(PenaltyPayload):
    user_errors: list[UserError[ResolveContestErrorCode]]


@strawberry.type
class PenaltyMutation:
    @strawberry.mutation(description="Let a client off a fee that is pending.")
    async def waive_fee(
        self, info: Info, input_: Annotated[WaiveFeeInput, strawberry.argument(name="input")]
    ) -> WaiveFeePayload:
        return await answer(
            WaiveFeePayload, WaiveFeeErrorCode, info.context, input_,
            lambda: WaiveFee(
                client_id=ids.client(input_.client_id),
                reservation_id=ids.reservation_of(input_.reservation_id), reason=input_.reason,
            ),
            client_id=input_.client_id, reservation_id=input_.reservation_id,
        )  # fmt: skip

    @strawberry.mutation(
        description="Say that a fee is wrong. It is not collected until somebody has looked."
    )
    async def contest_fee(
        self, info: Info, input_: Annotated[ContestFeeInput, strawberry.argument(name="input")]
    ) -> ContestFeePayload:
        done = await carry_out(
            info.context, input_, ContestFeeErrorCode,
            lambda: ContestFee(
                client_id=whose(info.context, input_.client_id),
                reservation_id=ids.reservation_of(input_.reservation_id), reason=input_.reason,
            ),
        )  # fmt: skip
        return ContestFeePayload(
            client_id=None if done.errors else _shown(info, input_),
            reservation_id=None if done.errors else input_.reservation_id,
            position=done.position,
            user_errors=done.errors,
        )

    @strawberry.mutation(
        description="Decide on a contested fee: it stands, or it is waived or taken back."
    )
    async def resolve_contest(
        self, info: Info, input_: Annotated[ResolveContestInput, strawberry.argument(name="input")]
    ) -> ResolveContestPayload:
        return await answer(
            ResolveContestPayload, ResolveContestErrorCode, info.context, input_,
            lambda: ResolveContest(
                client_id=ids.client(input_.client_id), fee_stands=input_.fee_stands,
                reservation_id=ids.reservation_of(input_.reservation_id), reason=input_.reason,
            ),
            client_id=input_.client_id, reservation_id=input_.reservation_id,
        )  # fmt: skip


def _shown(info: Info, asked: ContestFeeInput) -> strawberry.ID:
    return ids.shown("cli", whose(info.context, asked.client_id))
