"""Programs and class types: what a gym offers."""

from enum import StrEnum

from contracts.booking import PolicyOverrides
from contracts.envelope import Command, Event
from contracts.ids import (
    ClassTypeId,
    ProgramId,
)
from contracts.timetable.words import Capacity, Minutes, Name, Prose


class SessionKind(StrEnum):
    """What a session of the class type is. Only classes count as classes in the KPIs."""

    CLASS = "class"
    OPEN_GYM = "open_gym"
    EVENT = "event"
    APPOINTMENT = "appointment"


class DefineProgram(Command):
    """Name a kind of training the gym gives."""

    command_type = "booking.define_program"
    program_id: ProgramId
    name: Name
    description: Prose = ""


class ChangeProgram(Command):
    """Say anew what the program is."""

    command_type = "booking.change_program"
    program_id: ProgramId
    name: Name
    description: Prose = ""


class RetireProgram(Command):
    """Nothing new is planned under the program; what is planned stays."""

    command_type = "booking.retire_program"
    program_id: ProgramId


class DefineClassType(Command):
    """Name a class of a program: how long, for how many, under which rules of its own."""

    command_type = "booking.define_class_type"
    class_type_id: ClassTypeId
    program_id: ProgramId
    name: Name
    description: Prose = ""
    minutes: Minutes = 60
    capacity: Capacity
    overrides: PolicyOverrides = PolicyOverrides()
    kind: SessionKind = SessionKind.CLASS


class ChangeClassType(Command):
    """Say anew what the class type is; sessions on the calendar stay as they are."""

    command_type = "booking.change_class_type"
    class_type_id: ClassTypeId
    name: Name
    description: Prose = ""
    minutes: Minutes = 60
    capacity: Capacity
    overrides: PolicyOverrides = PolicyOverrides()
    kind: SessionKind = SessionKind.CLASS


class RetireClassType(Command):
    """Nothing new is planned with the class type; what is planned stays."""

    command_type = "booking.retire_class_type"
    class_type_id: ClassTypeId


class ProgramDefined(Event):
    """The gym gives this kind of training."""

    event_type = "booking.program_defined.v1"
    program_id: ProgramId
    name: str
    description: str


class ProgramChanged(Event):
    """The program is described anew."""

    event_type = "booking.program_changed.v1"
    program_id: ProgramId
    name: str
    description: str


class ProgramRetired(Event):
    """Nothing new is planned under the program."""

    event_type = "booking.program_retired.v1"
    program_id: ProgramId


class ClassTypeDefined(Event):
    """The gym gives this class."""

    event_type = "booking.class_type_defined.v1"
    class_type_id: ClassTypeId
    program_id: ProgramId
    name: str
    description: str
    minutes: int
    capacity: int
    overrides: PolicyOverrides
    kind: SessionKind = SessionKind.CLASS


class ClassTypeChanged(Event):
    """The class type is described anew."""

    event_type = "booking.class_type_changed.v1"
    class_type_id: ClassTypeId
    name: str
    description: str
    minutes: int
    capacity: int
    overrides: PolicyOverrides
    kind: SessionKind = SessionKind.CLASS


class ClassTypeRetired(Event):
    """Nothing new is planned with the class type."""

    event_type = "booking.class_type_retired.v1"
    class_type_id: ClassTypeId
