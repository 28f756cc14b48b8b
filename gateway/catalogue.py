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
from gateway.mutations import actor_of, answer
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
        return await answer(
            DefineProgramPayload, DefineProgramErrorCode, info.context, input_,
            lambda: DefineProgram(
                program_id=new, name=input_.name, description=input_.description
            ),
            program_id=ids.shown("prg", new),
        )  # fmt: skip

    @strawberry.mutation(description="Say anew what a program is.")
    async def change_program(
        self, info: Info, input_: Annotated[ChangeProgramInput, strawberry.argument(name="input")]
    ) -> ChangeProgramPayload:
        return await answer(
            ChangeProgramPayload, ChangeProgramErrorCode, info.context, input_,
            lambda: ChangeProgram(
                program_id=ids.program(input_.program_id), name=input_.name,
                description=input_.description,
            ),
            program_id=input_.program_id,
        )  # fmt: skip

    @strawberry.mutation(description="Plan nothing new under a program.")
    async def retire_program(
        self, info: Info, input_: Annotated[RetireProgramInput, strawberry.argument(name="input")]
    ) -> RetireProgramPayload:
        return await answer(
            RetireProgramPayload, RetireProgramErrorCode, info.context, input_,
            lambda: RetireProgram(program_id=ids.program(input_.program_id)),
            program_id=input_.program_id,
        )  # fmt: skip


@strawberry.type
class ClassTypeMutation:
    @strawberry.mutation(description="Name a class of a program.")
    async def define_class_type(
        self, info: Info, input_: Annotated[DefineClassTypeInput, strawberry.argument(name="input")]
    ) -> DefineClassTypePayload:
        new = ClassTypeId(_new(info, "class type", input_.idempotency_key))
        return await answer(
            DefineClassTypePayload, DefineClassTypeErrorCode, info.context, input_,
            lambda: DefineClassType(
                class_type_id=new, program_id=ids.program(input_.program_id), name=input_.name,
                description=input_.description, minutes=input_.minutes,
                capacity=input_.capacity, kind=input_.kind,
                overrides=policy_overrides.asked(input_.overrides),
            ),
            class_type_id=ids.shown("cty", new),
        )  # fmt: skip

    @strawberry.mutation(description="Say anew what a class type is; what is scheduled stays.")
    async def change_class_type(
        self, info: Info, input_: Annotated[ChangeClassTypeInput, strawberry.argument(name="input")]
    ) -> ChangeClassTypePayload:
        return await answer(
            ChangeClassTypePayload, ChangeClassTypeErrorCode, info.context, input_,
            lambda: ChangeClassType(
                class_type_id=ids.class_type(input_.class_type_id), name=input_.name,
                description=input_.description, minutes=input_.minutes,
                capacity=input_.capacity, kind=input_.kind,
                overrides=policy_overrides.asked(input_.overrides),
            ),
            class_type_id=input_.class_type_id,
        )  # fmt: skip

    @strawberry.mutation(description="Plan nothing new with a class type.")
    async def retire_class_type(
        self, info: Info, input_: Annotated[RetireClassTypeInput, strawberry.argument(name="input")]
    ) -> RetireClassTypePayload:
        return await answer(
            RetireClassTypePayload, RetireClassTypeErrorCode, info.context, input_,
            lambda: RetireClassType(class_type_id=ids.class_type(input_.class_type_id)),
            class_type_id=input_.class_type_id,
        )  # fmt: skip


def _new(info: Info, kind: str, key: UUID) -> UUID:
    return minted(kind, key, actor_of(info.context))
