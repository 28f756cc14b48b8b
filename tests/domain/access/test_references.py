"""Locations that doors, lockdowns and grants name must be there."""

from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Refused
from contracts.access import (
    AddDoor,
    DoorAdded,
    EndLockdown,
    GrantEntry,
    HearLocation,
    LocationKnown,
    StartLockdown,
)
from contracts.envelope import Command
from contracts.ids import DoorId
from contracts.members import KnownReferences
from services.access.api import RULES
from services.access.domain.door import door, premises
from services.access.references import NotHeard, checked, hearing, must_be_known
from tests.domain.access.language import ANN, ANNEX, GYM, HALL, NOON, home
from tests.scenario import Gym, Scenario, fact

SIDE = DoorId(UUID(int=83))
ADD = AddDoor(door_id=SIDE, location_id=HALL, name="Side")
LOCK = StartLockdown(location_id=HALL, reason="gas")
GRANT = GrantEntry(client_id=ANN, grant_id=UUID(int=1), location_ids=(HALL, ANNEX))
KNOWN = LocationKnown(location_id=HALL, time_zone="UTC")


def at_home(event: Any) -> Any:
    if isinstance(event, LocationKnown):
        return premises, event.location_id
    return (door, event.door_id) if isinstance(event, DoorAdded) else home(event)


def given(*past: Any, known: KnownReferences | None = None) -> Scenario:
    rules: dict[type[Command], Any] = {kind: checked(kind, rule) for kind, rule in RULES.items()}
    if known is not None:
        rules = {kind: hearing(known, rule) for kind, rule in rules.items()}
    here = Gym(rules, at_home, GYM)
    here.happened(*past)
    return Scenario(here)


@pytest.mark.parametrize("command", [ADD, LOCK, EndLockdown(location_id=HALL), GRANT])
def test_a_location_nobody_told_of_is_asked_for_and_refused_when_there_is_none(
    command: Command,
) -> None:
    with pytest.raises(NotHeard) as missing:
        given().gym.do(command, NOON)
    with pytest.raises(Refused) as refused:
        must_be_known(command, missing.value.locations, KnownReferences(currency="EUR"))
    field = "location_ids" if command is GRANT else "location_id"
    assert (refused.value.code, refused.value.field) == ("LOCATION_NOT_FOUND", field)


def test_one_known_location_of_two_is_not_enough() -> None:
    with pytest.raises(NotHeard) as missing:
        given(KNOWN).gym.do(GRANT, NOON)
    with pytest.raises(Refused):
        must_be_known(
            GRANT, missing.value.locations, KnownReferences(currency="EUR", locations={HALL: "UTC"})
        )


def test_what_members_told_is_kept() -> None:
    told = KnownReferences(currency="EUR", locations={HALL: "UTC"})
    given(known=told).when(ADD, NOON).then(
        fact(LocationKnown, location_id=HALL, time_zone="UTC"), fact(DoorAdded, door_id=SIDE)
    )
    given(KNOWN).when(ADD, NOON).then(fact(DoorAdded, door_id=SIDE))


def test_a_lockdown_of_the_whole_gym_names_no_location() -> None:
    whole = StartLockdown(reason="gas")
    told = given().when(whole, NOON).outcome
    assert not isinstance(told, Refused)
    assert len(told) == 1


def test_a_location_is_heard_once_and_stays_known_through_a_lockdown() -> None:
    hears = HearLocation(location_id=HALL, time_zone="UTC")
    scenario = given().when(hears, NOON).then(fact(LocationKnown, time_zone="UTC"))
    scenario.when(LOCK, NOON)
    scenario.when(EndLockdown(location_id=HALL), NOON)
    scenario.when(hears, NOON).then_nothing()
    scenario.when(ADD, NOON).then(fact(DoorAdded))
