"""Grants in GraphQL once they are given: changed, paused, ended."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.booking import (
    ChangeEntitlement,
    EndEntitlement,
    ResumeEntitlement,
    SuspendEntitlement,
    Suspension,
)
from gateway import coverages, ids
from gateway.codes.entitlements import (
    ChangeEntitlementErrorCode,
    EndEntitlementErrorCode,
    ResumeEntitlementErrorCode,
    SuspendEntitlementErrorCode,
)
from gateway.context import Info
from gateway.coverages import CoverageInput
from gateway.ledgers import LedgerPayload
from gateway.mutations import UserError, answer

strawberry.enum(Suspension, description="Why a grant pays for nothing for the time being.")


@strawberry.input(description="A grant of a client.")
class GrantInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    grant_id: strawberry.ID


@strawberry.input(description="Null leaves as it is.")
class ChangeEntitlementInput(GrantInput):
    credits: int | None = None
    expires_at: datetime | None = None
    expires_on: date | None = strawberry.field(
        default=None, description="Instead of expiresAt: the last local day, in timeZone."
    )
    time_zone: str | None = strawberry.field(
        default=None, description="IANA zone of the gym; needed with expiresOn."
    )
    early_hours: int | None = None
    coverage: CoverageInput | None = strawberry.field(
        default=None, description="An empty one covers every session again."
    )
    reason: str = ""


@strawberry.input
class SuspendEntitlementInput(GrantInput):
    because: Suspension
    reason: str = ""


@strawberry.input
class ResumeEntitlementInput(GrantInput):
    pass


@strawberry.input
class EndEntitlementInput(GrantInput):
    reason: str = ""


@strawberry.type
class ChangeEntitlementPayload(LedgerPayload):
    user_errors: list[UserError[ChangeEntitlementErrorCode]]


@strawberry.type
class SuspendEntitlementPayload(LedgerPayload):
    user_errors: list[UserError[SuspendEntitlementErrorCode]]


@strawberry.type
class ResumeEntitlementPayload(LedgerPayload):
    user_errors: list[UserError[ResumeEntitlementErrorCode]]


@strawberry.type
class EndEntitlementPayload(LedgerPayload):
    user_errors: list[UserError[EndEntitlementErrorCode]]


@strawberry.type
class EntitlementMutation:
    @strawberry.mutation(
        description="Give a grant other credits, another end, head start or coverage."
    )
    async def change_entitlement(
        self,
        info: Info,
        input_: Annotated[ChangeEntitlementInput, strawberry.argument(name="input")],
    ) -> ChangeEntitlementPayload:
        return await answer(
            ChangeEntitlementPayload, ChangeEntitlementErrorCode, info.context, input_,
            lambda: ChangeEntitlement(
                client_id=ids.client(input_.client_id),
                grant_id=ids.grant(input_.grant_id),
                credits=input_.credits,
                expires_at=input_.expires_at,
                expires_on=input_.expires_on,
                time_zone=input_.time_zone,
                early_hours=input_.early_hours,
                coverage=coverages.asked(input_.coverage),
                reason=input_.reason,
            ),
            client_id=input_.client_id,
        )  # fmt: skip

    @strawberry.mutation(description="Let a grant pay for nothing new until it is resumed.")
    async def suspend_entitlement(
        self,
        info: Info,
        input_: Annotated[SuspendEntitlementInput, strawberry.argument(name="input")],
    ) -> SuspendEntitlementPayload:
        return await answer(
            SuspendEntitlementPayload, SuspendEntitlementErrorCode, info.context, input_,
            lambda: SuspendEntitlement(
                client_id=ids.client(input_.client_id),
                grant_id=ids.grant(input_.grant_id),
                because=input_.because,
                reason=input_.reason,
            ),
            client_id=input_.client_id,
        )  # fmt: skip

    @strawberry.mutation(description="Let a suspended grant pay again.")
    async def resume_entitlement(
        self,
        info: Info,
        input_: Annotated[ResumeEntitlementInput, strawberry.argument(name="input")],
    ) -> ResumeEntitlementPayload:
        return await answer(
            ResumeEntitlementPayload, ResumeEntitlementErrorCode, info.context, input_,
            lambda: ResumeEntitlement(
                client_id=ids.client(input_.client_id), grant_id=ids.grant(input_.grant_id)
            ),
            client_id=input_.client_id,
        )  # fmt: skip

    @strawberry.mutation(description="Let a grant pay for nothing new any more.")
    async def end_entitlement(
        self, info: Info, input_: Annotated[EndEntitlementInput, strawberry.argument(name="input")]
    ) -> EndEntitlementPayload:
        return await answer(
            EndEntitlementPayload, EndEntitlementErrorCode, info.context, input_,
            lambda: EndEntitlement(
                client_id=ids.client(input_.client_id),
                grant_id=ids.grant(input_.grant_id),
                reason=input_.reason,
            ),
            client_id=input_.client_id,
        )  # fmt: skip
