"""Programs and class types in GraphQL: what the gym gives."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import ClassTypeId, ProgramId
from contracts.timetable import (
    ChangeClassType,
    ChangeProgram,
    DefineClassType,
    DefineProgram,
    RetireClassType,
    RetireProgram,
)
from gateway import ids, policy_overrides
from gateway.catalogue_types import (
    ChangeClassTypeInput,
    ChangeClassTypePayload,
    ChangeProgramInput,
    ChangeProgramPayload,
    ClassType,
    DefineClassTypeInput,
    DefineClassTypePayload,
    DefineProgramInput,
    DefineProgramPayload,
    Program,
    RetireClassTypeInput,
    RetireClassTypePayload,
    RetireProgramInput,
    RetireProgramPayload,
    class_types,
    programs,
)
from gateway.codes.timetable import (
    ChangeClassTypeErrorCode,
    ChangeProgramErrorCode,
    DefineClassTypeErrorCode,
    DefineProgramErrorCode,
    RetireClassTypeErrorCode,
    RetireProgramErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import actor_of, carry_out
from gateway.positions import Position


@strawberry.type
class CatalogueQuery:
    @strawberry.field(description="All programs, the retired too, by name.")
    async def programs(self, info: Info, at_least: Position | None = None) -> list[Program]:
        info.context.must("read.timetable")
        return await programs(info, at_least)

    @strawberry.field(description="All class types, the retired too, by name.")
    async def class_types(
        self,
        info: Info,
        program_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> list[ClassType]:
        info.context.must("read.timetable")
        wanted = ids.shown("prg", ids.program(program_id)) if program_id else None
        found = await class_types(info, at_least)
        return [one for one in found if wanted is None or one.program_id == wanted]


@strawberry.type
class ProgramMutation:
    @strawberry.mutation(description="Name a kind of training the gym gives.")
    async def define_program(
        self, info: Info, input_: Annotated[DefineProgramInput, strawberry.argument(name="input")]
    ) -> DefineProgramPayload:
        new = ProgramId(_new(info, "program", input_.idempotency_key))
        done = await carry_out(
            info.context, input_, DefineProgramErrorCode,
            lambda: DefineProgram(
                program_id=new, name=input_.name, description=input_.description
            ),
        )  # fmt: skip
        defined = None if done.errors else ids.shown("prg", new)
        return DefineProgramPayload(
            program_id=defined, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Say anew what a program is.")
    async def change_program(
        self, info: Info, input_: Annotated[ChangeProgramInput, strawberry.argument(name="input")]
    ) -> ChangeProgramPayload:
        done = await carry_out(
            info.context, input_, ChangeProgramErrorCode,
            lambda: ChangeProgram(
                program_id=ids.program(input_.program_id), name=input_.name,
                description=input_.description,
            ),
        )  # fmt: skip
        changed = None if done.errors else input_.program_id
        return ChangeProgramPayload(
            program_id=changed, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Plan nothing new under a program.")
    async def retire_program(
        self, info: Info, input_: Annotated[RetireProgramInput, strawberry.argument(name="input")]
    ) -> RetireProgramPayload:
        done = await carry_out(
            info.context, input_, RetireProgramErrorCode,
            lambda: RetireProgram(program_id=ids.program(input_.program_id)),
        )  # fmt: skip
        changed = None if done.errors else input_.program_id
        return RetireProgramPayload(
            program_id=changed, position=done.position, user_errors=done.errors
        )


@strawberry.type
class ClassTypeMutation:
    @strawberry.mutation(description="Name a class of a program.")
    async def define_class_type(
        self, info: Info, input_: Annotated[DefineClassTypeInput, strawberry.argument(name="input")]
    ) -> DefineClassTypePayload:
        new = ClassTypeId(_new(info, "class type", input_.idempotency_key))
        done = await carry_out(
            info.context, input_, DefineClassTypeErrorCode,
            lambda: DefineClassType(
                class_type_id=new, program_id=ids.program(input_.program_id), name=input_.name,
                description=input_.description, minutes=input_.minutes,
                capacity=input_.capacity, kind=input_.kind,
                overrides=policy_overrides.asked(input_.overrides),
            ),
        )  # fmt: skip
        defined = None if done.errors else ids.shown("cty", new)
        return DefineClassTypePayload(
            class_type_id=defined, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Say anew what a class type is; what is scheduled stays.")
    async def change_class_type(
        self, info: Info, input_: Annotated[ChangeClassTypeInput, strawberry.argument(name="input")]
    ) -> ChangeClassTypePayload:
        done = await carry_out(
            info.context, input_, ChangeClassTypeErrorCode,
            lambda: ChangeClassType(
                class_type_id=ids.class_type(input_.class_type_id), name=input_.name,
                description=input_.description, minutes=input_.minutes,
                capacity=input_.capacity, kind=input_.kind,
                overrides=policy_overrides.asked(input_.overrides),
            ),
        )  # fmt: skip
        changed = None if done.errors else input_.class_type_id
        return ChangeClassTypePayload(
            class_type_id=changed, position=done.position, user_errors=done.errors
        )

    @strawberry.mutation(description="Plan nothing new with a class type.")
    async def retire_class_type(
        self, info: Info, input_: Annotated[RetireClassTypeInput, strawberry.argument(name="input")]
    ) -> RetireClassTypePayload:
        done = await carry_out(
            info.context, input_, RetireClassTypeErrorCode,
            lambda: RetireClassType(class_type_id=ids.class_type(input_.class_type_id)),
        )  # fmt: skip
        changed = None if done.errors else input_.class_type_id
        return RetireClassTypePayload(
            class_type_id=changed, position=done.position, user_errors=done.errors
        )


def _new(info: Info, kind: str, key: UUID) -> UUID:
    return minted(kind, key, actor_of(info.context))
