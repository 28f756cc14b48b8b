"""Staff in GraphQL: who works here, hired and given roles; identities of other issuers."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import StaffId
from contracts.members import ChangeStaffRoles, HireStaff, LinkIdentity
from gateway import ids
from gateway.codes.members import (
    ChangeStaffRolesErrorCode,
    HireStaffErrorCode,
    LinkIdentityErrorCode,
)
from gateway.context import Info
from gateway.faults import BadInput
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.roles import Role
from services.projections import directory


@strawberry.type(description="What a staff member may teach or do: a class type or a label.")
class Qualification:
    class_type_id: strawberry.ID | None
    label: str | None
    expires_on: date | None = strawberry.field(description="The last day; null: never.")


@strawberry.type(description="A person who works for the gym; without roles they left.")
class StaffMember:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    name: str
    email: str
    roles: list[Role]
    qualifications: list[Qualification]


@strawberry.input(description="With a password the person can sign in at once.")
class HireStaffInput:
    idempotency_key: UUID
    name: str
    email: str
    roles: list[Role]
    password: str | None = None


@strawberry.input(description="No roles end the employment.")
class ChangeStaffRolesInput:
    idempotency_key: UUID
    staff_id: strawberry.ID
    roles: list[Role]


@strawberry.input(description="Exactly one of staffId and clientId.")
class LinkIdentityInput:
    idempotency_key: UUID
    issuer: str
    subject: str
    staff_id: strawberry.ID | None = None
    client_id: strawberry.ID | None = None


@strawberry.type
class HireStaffPayload:
    staff_member: StaffMember | None
    position: Position | None
    user_errors: list[UserError[HireStaffErrorCode]]


@strawberry.type
class ChangeStaffRolesPayload:
    staff_id: strawberry.ID | None
    roles: list[Role] | None
    position: Position | None
    user_errors: list[UserError[ChangeStaffRolesErrorCode]]


@strawberry.type
class LinkIdentityPayload:
    linked_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[LinkIdentityErrorCode]]


@strawberry.type
class StaffQuery:
    @strawberry.field(description="Staff by name, those who left too.")
    async def staff(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        at_least: Position | None = None,
    ) -> Connection[StaffMember]:
        info.context.must("read.staff")
        size, behind = page_size(first), ids.text_keyset("staff", after)
        position, rows = await info.context.read(
            "people", at_least, lambda pool, gym: directory.staff(pool, gym, behind, size + 1)
        )
        return page(rows, size, position, _shown, _cursor)


@strawberry.type
class StaffMutation:
    @strawberry.mutation(description="Give a person roles at the gym.")
    async def hire_staff(
        self, info: Info, input_: Annotated[HireStaffInput, strawberry.argument(name="input")]
    ) -> HireStaffPayload:
        new = StaffId(minted("staff", input_.idempotency_key, actor_of(info.context)))
        hired = StaffMember(
            id=ids.shown("stf", new), version=None, name=input_.name.strip(), email=input_.email,
            roles=input_.roles, qualifications=[],
        )  # fmt: skip
        return await answer(
            HireStaffPayload, HireStaffErrorCode, info.context, input_,
            lambda: HireStaff(
                staff_id=new, name=input_.name, email=input_.email, roles=tuple(input_.roles),
                password=input_.password,
            ),
            staff_member=hired,
        )  # fmt: skip

    @strawberry.mutation(description="Give a staff member other roles.")
    async def change_staff_roles(
        self,
        info: Info,
        input_: Annotated[ChangeStaffRolesInput, strawberry.argument(name="input")],
    ) -> ChangeStaffRolesPayload:
        return await answer(
            ChangeStaffRolesPayload, ChangeStaffRolesErrorCode, info.context, input_,
            lambda: ChangeStaffRoles(
                staff_id=ids.staff(input_.staff_id), roles=tuple(input_.roles)
            ),
            staff_id=input_.staff_id, roles=input_.roles,
        )  # fmt: skip

    @strawberry.mutation(description="A person known to an external issuer is this person here.")
    async def link_identity(
        self, info: Info, input_: Annotated[LinkIdentityInput, strawberry.argument(name="input")]
    ) -> LinkIdentityPayload:
        return await answer(
            LinkIdentityPayload, LinkIdentityErrorCode, info.context, input_,
            lambda: _link(input_),
            linked_id=input_.staff_id or input_.client_id,
        )  # fmt: skip


def _link(asked: LinkIdentityInput) -> LinkIdentity:
    staff_id, client_id = asked.staff_id, asked.client_id
    if (staff_id is None) == (client_id is None):
        raise BadInput("staffId", "name either staffId or clientId")
    return LinkIdentity(
        issuer=asked.issuer,
        subject=asked.subject,
        staff_id=ids.staff(staff_id) if staff_id else None,
        client_id=ids.client(client_id) if client_id else None,
    )


def _shown(row: directory.StaffMember) -> StaffMember:
    return StaffMember(
        id=ids.shown("stf", row.staff_id),
        version=row.version,
        name=row.name,
        email=row.email,
        roles=[Role(role) for role in row.roles],
        qualifications=[
            Qualification(
                class_type_id=ids.shown_or_null("cty", one.class_type_id),
                label=one.label,
                expires_on=one.expires_on,
            )
            for one in row.qualifications
        ],
    )


def _cursor(row: directory.StaffMember) -> str:
    return ids.cursor("staff", row.sort_name, row.staff_id)
