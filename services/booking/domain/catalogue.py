"""Catalogue: the programs a gym gives and the class types in them.

Keeps      a class type belongs to one program for ever; what is retired is planned no more, what
           stands on the calendar stays
Streams    ``program-{program_id}`` and ``classtype-{class_type_id}``
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, Refused
from contracts.booking import BookingPolicy, PolicyOverrides
from contracts.ids import ProgramId
from contracts.timetable import (
    ChangeClassType,
    ChangeProgram,
    ClassTypeChanged,
    ClassTypeDefined,
    ClassTypeRetired,
    DefineClassType,
    DefineProgram,
    ProgramChanged,
    ProgramDefined,
    ProgramRetired,
    RetireClassType,
    RetireProgram,
    TimetableCode,
)
from services.booking.domain import policies

ProgramEvent: TypeAlias = ProgramDefined | ProgramChanged | ProgramRetired
ClassTypeEvent: TypeAlias = ClassTypeDefined | ClassTypeChanged | ClassTypeRetired


class Stage(StrEnum):
    """Whether something may still be planned with it."""

    ABSENT = "absent"
    OFFERED = "offered"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Program:
    """What the past has made of the program."""

    stage: Stage = Stage.ABSENT
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ClassType:
    """What the past has made of the class type."""

    stage: Stage = Stage.ABSENT
    program_id: ProgramId | None = None
    name: str = ""
    description: str = ""
    minutes: int = 0
    capacity: int = 0  # people
    overrides: PolicyOverrides = field(default_factory=PolicyOverrides)

    def policy(self, gyms: BookingPolicy) -> BookingPolicy:
        """The gym's policy with what this class does differently; still that version."""
        return policies.overridden(gyms, self.overrides)


def evolve_program(state: Program, event: ProgramEvent) -> Program:
    match event:
        case ProgramDefined() | ProgramChanged():
            stage = Stage.OFFERED if state.stage is Stage.ABSENT else state.stage
            return Program(stage, event.name, event.description)
        case ProgramRetired():
            return replace(state, stage=Stage.RETIRED)
    assert_never(event)


def evolve_class_type(state: ClassType, event: ClassTypeEvent) -> ClassType:
    match event:
        case ClassTypeDefined():
            return _described(ClassType(Stage.OFFERED, event.program_id), event)
        case ClassTypeChanged():
            return _described(state, event)
        case ClassTypeRetired():
            return replace(state, stage=Stage.RETIRED)
    assert_never(event)


def _described(state: ClassType, event: ClassTypeDefined | ClassTypeChanged) -> ClassType:
    return replace(
        state, name=event.name, description=event.description, minutes=event.minutes,
        capacity=event.capacity, overrides=event.overrides,
    )  # fmt: skip


program: Aggregate[Program, ProgramEvent] = Aggregate("program", Program(), evolve_program)
class_type: Aggregate[ClassType, ClassTypeEvent] = Aggregate(
    "classtype", ClassType(), evolve_class_type
)


def must_be_there(state: Program, *, field: str = "program_id") -> None:
    """Raise ``Refused`` unless the gym gives the program, or gave it."""
    if state.stage is Stage.ABSENT:
        raise Refused(TimetableCode.PROGRAM_NOT_FOUND, "There is no such program.", field=field)


def must_be_offered_program(state: Program) -> None:
    """Raise ``Refused`` unless something may be planned under the program."""
    must_be_there(state)
    if state.stage is Stage.RETIRED:
        raise Refused(TimetableCode.PROGRAM_RETIRED, "The program was retired.", field="program_id")


def must_be_offered(state: ClassType) -> None:
    """Raise ``Refused`` unless something may be planned with the class type."""
    if state.stage is Stage.ABSENT:
        raise Refused(
            TimetableCode.CLASS_TYPE_NOT_FOUND, "There is no such class type.",
            field="class_type_id",
        )  # fmt: skip
    if state.stage is Stage.RETIRED:
        raise Refused(
            TimetableCode.CLASS_TYPE_RETIRED, "The class type was retired.", field="class_type_id"
        )


def define_program(state: Program, command: DefineProgram) -> list[ProgramEvent]:
    """Name a kind of training."""
    if state.stage is not Stage.ABSENT:
        raise Refused(TimetableCode.ALREADY_DEFINED, "The program exists.", field="program_id")
    return [ProgramDefined(**command.model_dump())]


def change_program(state: Program, command: ChangeProgram) -> list[ProgramEvent]:
    """Say anew what it is; nothing when it is that already."""
    must_be_offered_program(state)
    if (state.name, state.description) == (command.name, command.description):
        return []
    return [ProgramChanged(**command.model_dump())]


def retire_program(state: Program, command: RetireProgram) -> list[ProgramEvent]:
    """Plan nothing new under it."""
    must_be_offered_program(state)
    return [ProgramRetired(program_id=command.program_id)]


def define_class_type(state: ClassType, command: DefineClassType) -> list[ClassTypeEvent]:
    """Name a class; whether its program is offered is looked at before."""
    if state.stage is not Stage.ABSENT:
        raise Refused(
            TimetableCode.ALREADY_DEFINED, "The class type exists.", field="class_type_id"
        )
    return [ClassTypeDefined(**dict(command))]


def change_class_type(state: ClassType, command: ChangeClassType) -> list[ClassTypeEvent]:
    """Say anew what it is; nothing when it is that already."""
    must_be_offered(state)
    changed = ClassTypeChanged(**dict(command))
    return [] if evolve_class_type(state, changed) == state else [changed]


def retire_class_type(state: ClassType, command: RetireClassType) -> list[ClassTypeEvent]:
    """Plan nothing new with it."""
    must_be_offered(state)
    return [ClassTypeRetired(class_type_id=command.class_type_id)]
