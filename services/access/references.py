"""Locations a command names must be there: heard of, or known to members, who is asked then."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chassis.bus.asker import Asker
from chassis.bus.questions import Questions
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Result, Rule, Unit
from contracts.access import (
    AccessCode,
    AddDoor,
    EndLockdown,
    GrantEntry,
    HearLocation,
    StartLockdown,
)
from contracts.envelope import Command
from contracts.ids import LocationId
from contracts.members import GymReferences, KnownReferences
from services.access.commands import hear_location
from services.access.domain.door import premises

C = TypeVar("C", bound=Command)


class Members:
    """The members service, as far as access asks it: for locations nobody told of yet."""

    def __init__(self, asker: Asker) -> None:
        self._questions = Questions(asker, "access")

    async def have(self, asked: GymReferences, ctx: Context) -> KnownReferences:
        """Which of these ``ctx``'s gym has. Raises ``Busy`` without an answer."""
        return KnownReferences.model_validate(await self._questions.ask(asked, ctx))


class NotHeard(Exception):
    """Access has not heard of locations a command names; members may know them."""

    def __init__(self, locations: tuple[LocationId, ...]) -> None:
        super().__init__("not heard of what is named")
        self.locations = locations


def _one(command: AddDoor | StartLockdown | EndLockdown) -> tuple[LocationId, ...]:
    return () if command.location_id is None else (command.location_id,)


NAMES: Mapping[type[Command], tuple[str, Callable[[Any], tuple[LocationId, ...]]]] = {
    AddDoor: ("location_id", _one),
    StartLockdown: ("location_id", _one),
    EndLockdown: ("location_id", _one),
    GrantEntry: ("location_ids", lambda command: command.location_ids),
}
"""Commands that name locations -> the field, and which."""


def checked(kind: type[C], rule: Rule[C]) -> Rule[C]:
    """``rule``, of locations that are there. Raises ``NotHeard``."""
    if kind not in NAMES:
        return rule
    _, names = NAMES[kind]

    def of_what_is_there(command: C, unit: Unit) -> Result:
        named = names(command)
        known = unit.states(premises, named)
        if any(one.time_zone is None for one in known):
            raise NotHeard(named)
        return rule(command, unit)

    return of_what_is_there


def must_be_known(
    command: Command, locations: tuple[LocationId, ...], known: KnownReferences
) -> None:
    """Raise ``Refused(LOCATION_NOT_FOUND)`` unless members knows them all."""
    if not known.locations.keys() >= set(locations):
        field, _ = NAMES[type(command)]
        raise Refused(AccessCode.LOCATION_NOT_FOUND, "There is no such location.", field=field)


def hearing(known: KnownReferences, rule: Rule[C]) -> Rule[C]:
    """``rule``, with what members told heard first in the same breath."""

    def in_one(command: C, unit: Unit) -> Result:
        for location, time_zone in known.locations.items():
            hear_location(HearLocation(location_id=location, time_zone=time_zone), unit)
        return rule(command, unit)

    return in_one
