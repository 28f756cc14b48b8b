"""Qualifications in GraphQL: what a staff member may teach or do."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import ClassTypeId
from contracts.members import SetStaffQualifications, Skill
from gateway import ids
from gateway.codes.profiles import SetStaffQualificationsErrorCode
from gateway.context import Info
from gateway.mutations import UserError, answer
from gateway.positions import Position


@strawberry.input(description="Exactly one of classTypeId and label.")
class QualificationInput:
    class_type_id: strawberry.ID | None = None
    label: str | None = None
    expires_on: date | None = None


@strawberry.input(description="All of them: what is left out is gone.")
class SetStaffQualificationsInput:
    idempotency_key: UUID
    staff_id: strawberry.ID
    qualifications: list[QualificationInput]


@strawberry.type
class SetStaffQualificationsPayload:
    staff_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[SetStaffQualificationsErrorCode]]


@strawberry.type
class QualificationMutation:
    @strawberry.mutation(description="What a staff member may teach or do.")
    async def set_staff_qualifications(
        self,
        info: Info,
        input_: Annotated[SetStaffQualificationsInput, strawberry.argument(name="input")],
    ) -> SetStaffQualificationsPayload:
        return await answer(
            SetStaffQualificationsPayload, SetStaffQualificationsErrorCode, info.context, input_,
            lambda: SetStaffQualifications(
                staff_id=ids.staff(input_.staff_id),
                qualifications=tuple(_skill(one) for one in input_.qualifications),
            ),
            staff_id=input_.staff_id,
        )  # fmt: skip


def _skill(asked: QualificationInput) -> Skill:
    taught = asked.class_type_id
    return Skill(
        class_type_id=ClassTypeId(ids.read("cty", taught, "qualifications")) if taught else None,
        label=asked.label,
        expires_on=asked.expires_on,
    )
