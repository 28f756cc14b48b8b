"""What the catalogue's queries and mutations take and answer."""

from uuid import UUID

import strawberry

from contracts.timetable import SessionKind
from gateway import ids, policy_overrides
from gateway.codes.timetable import (
    ChangeClassTypeErrorCode,
    ChangeProgramErrorCode,
    DefineClassTypeErrorCode,
    DefineProgramErrorCode,
    RetireClassTypeErrorCode,
    RetireProgramErrorCode,
)
from gateway.context import Info
from gateway.mutations import UserError
from gateway.policy_overrides import PolicyOverrides, PolicyOverridesInput
from gateway.positions import Position
from gateway.serve.faults import ConsistencyTimeout
from services.projections import timetable

strawberry.enum(SessionKind, description="What its sessions are. Only classes count as classes.")


@strawberry.type(description="A kind of training the gym gives.")
class Program:
    id: strawberry.ID
    version: int
    name: str
    description: str
    is_retired: bool = strawberry.field(description="Nothing new is planned under it.")


@strawberry.type(description="A class of a program.")
class ClassType:
    id: strawberry.ID
    version: int
    program_id: strawberry.ID
    name: str
    description: str
    minutes: int
    capacity: int = strawberry.field(description="People.")
    overrides: PolicyOverrides
    kind: SessionKind
    is_retired: bool = strawberry.field(description="Nothing new is planned with it.")


@strawberry.input
class DefineProgramInput:
    idempotency_key: UUID
    name: str
    description: str = ""


@strawberry.input
class ChangeProgramInput:
    idempotency_key: UUID
    program_id: strawberry.ID
    name: str
    description: str = ""


@strawberry.input
class RetireProgramInput:
    idempotency_key: UUID
    program_id: strawberry.ID


@strawberry.input
class ClassTypeInput:
    idempotency_key: UUID
    name: str
    description: str = ""
    minutes: int = 60
    capacity: int = strawberry.field(description="People, 1 to 500.")
    overrides: PolicyOverridesInput | None = None
    kind: SessionKind = SessionKind.CLASS


@strawberry.input
class DefineClassTypeInput(ClassTypeInput):
    program_id: strawberry.ID


@strawberry.input
class ChangeClassTypeInput(ClassTypeInput):
    class_type_id: strawberry.ID


@strawberry.input
class RetireClassTypeInput:
    idempotency_key: UUID
    class_type_id: strawberry.ID


@strawberry.interface(description="A program was changed.")
class ProgramPayload:
    program_id: strawberry.ID | None
    position: Position | None

    @strawberry.field(description="Null when the timetable takes over half a second.")
    async def program(self, info: Info) -> Program | None:
        if self.program_id is None:
            return None
        try:
            found = await programs(info, self.position)
        except ConsistencyTimeout:
            return None
        return next((one for one in found if one.id == self.program_id), None)


@strawberry.interface(description="A class type was changed.")
class ClassTypePayload:
    class_type_id: strawberry.ID | None
    position: Position | None

    @strawberry.field(description="Null when the timetable takes over half a second.")
    async def class_type(self, info: Info) -> ClassType | None:
        if self.class_type_id is None:
            return None
        try:
            found = await class_types(info, self.position)
        except ConsistencyTimeout:
            return None
        return next((one for one in found if one.id == self.class_type_id), None)


@strawberry.type
class DefineProgramPayload(ProgramPayload):
    user_errors: list[UserError[DefineProgramErrorCode]]


@strawberry.type
class ChangeProgramPayload(ProgramPayload):
    user_errors: list[UserError[ChangeProgramErrorCode]]


@strawberry.type
class RetireProgramPayload(ProgramPayload):
    user_errors: list[UserError[RetireProgramErrorCode]]


@strawberry.type
class DefineClassTypePayload(ClassTypePayload):
    user_errors: list[UserError[DefineClassTypeErrorCode]]


@strawberry.type
class ChangeClassTypePayload(ClassTypePayload):
    user_errors: list[UserError[ChangeClassTypeErrorCode]]


@strawberry.type
class RetireClassTypePayload(ClassTypePayload):
    user_errors: list[UserError[RetireClassTypeErrorCode]]


async def programs(info: Info, at_least: Position | None) -> list[Program]:
    """All programs, by name."""
    _, rows = await info.context.read("timetable", at_least, timetable.programs)
    return [
        Program(
            id=ids.shown("prg", row.program_id), version=row.version, name=row.name,
            description=row.description, is_retired=row.is_retired,
        )
        for row in rows
    ]  # fmt: skip


async def class_types(info: Info, at_least: Position | None) -> list[ClassType]:
    """All class types, by name."""
    _, rows = await info.context.read("timetable", at_least, timetable.class_types)
    return [
        ClassType(
            id=ids.shown("cty", row.class_type_id), version=row.version, name=row.name,
            program_id=ids.shown("prg", row.program_id), description=row.description,
            minutes=row.minutes, capacity=row.capacity, is_retired=row.is_retired,
            overrides=policy_overrides.shown(row.overrides), kind=row.kind,
        )
        for row in rows
    ]  # fmt: skip
