"""What may still be planned with: a program or a class type is offered, then retired for good."""

from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Aggregate, Refused
from contracts.envelope import Command
from contracts.ids import ClassTypeId, ProgramId
from contracts.timetable import (
    ChangeClassType,
    ChangeProgram,
    DefineClassType,
    DefineProgram,
    RetireClassType,
    RetireProgram,
    TimetableCode,
)
from services.booking.domain.catalogue import Stage, class_type, program
from tests.domain.booking.language import NOON, given

RIDE, SPIN = ProgramId(UUID(int=61)), ClassTypeId(UUID(int=62))
FOUND = DefineProgram(program_id=RIDE, name="Cycling")
DEFINE, CHANGE, RETIRE = "define", "change", "retire"
COMMANDS: dict[str, dict[str, Command]] = {
    "program": {
        DEFINE: FOUND,
        CHANGE: ChangeProgram(program_id=RIDE, name="Ride"),
        RETIRE: RetireProgram(program_id=RIDE),
    },
    "class type": {
        DEFINE: DefineClassType(class_type_id=SPIN, program_id=RIDE, name="Spin", capacity=9),
        CHANGE: ChangeClassType(class_type_id=SPIN, name="Spin", capacity=12),
        RETIRE: RetireClassType(class_type_id=SPIN),
    },
}
STREAMS: dict[str, tuple[Aggregate[Any, Any], UUID]] = {
    "program": (program, RIDE), "class type": (class_type, SPIN),
}  # fmt: skip
GONE = {"program": TimetableCode.PROGRAM_RETIRED, "class type": TimetableCode.CLASS_TYPE_RETIRED}


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize(
    ("steps", "stage"),
    [
        ((), Stage.ABSENT),
        ((DEFINE,), Stage.OFFERED),
        ((DEFINE, CHANGE), Stage.OFFERED),
        ((DEFINE, RETIRE), Stage.RETIRED),
        ((DEFINE, CHANGE, RETIRE), Stage.RETIRED),
    ],
)
def test_it_is_where_the_last_step_has_brought_it(
    kind: str, steps: tuple[str, ...], stage: Stage
) -> None:
    scenario = given()
    if kind == "class type":
        scenario.when(FOUND, NOON)
    for step in steps:
        scenario.when(COMMANDS[kind][step], NOON)
        assert not isinstance(scenario.outcome, Refused), scenario.outcome

    assert scenario.gym.state(*STREAMS[kind]).stage is stage


@pytest.mark.parametrize("kind", COMMANDS)
def test_nothing_brings_back_what_is_retired(kind: str) -> None:
    does, scenario = COMMANDS[kind], given()
    scenario.when(FOUND, NOON).when(does[DEFINE], NOON).when(does[RETIRE], NOON)
    scenario.when(does[RETIRE], NOON).then_refused(GONE[kind])
    scenario.when(does[CHANGE], NOON).then_refused(GONE[kind])
    scenario.when(does[DEFINE], NOON).then_refused(TimetableCode.ALREADY_DEFINED)
