"""What is heard late is decided as of when it happened, by a rule that knows when it was heard."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from chassis.bus.desk import Desk
from chassis.eventstore.memory import MemoryRecorder
from chassis.eventstore.store import EventStore, Rules, Unit
from chassis.hears import hear_all
from contracts.access import AccessGranted, AccessGrantKind
from contracts.booking import BarErasedClient, CheckInAtDoor
from contracts.envelope import Command, Envelope, Event
from contracts.ids import ClientId, DoorId, EntryId, GymId, LocationId, new_id
from contracts.members import PersonalDataErased
from services.booking.reactions import HEARS
from tests.envelopes import RECORDED_AT, Recording

React = Callable[[Envelope], Awaitable[None]]
HEARD_AT = RECORDED_AT + timedelta(days=2)
ANN = ClientId(UUID(int=11))


class TwoDaysLater:
    def now(self) -> datetime:
        return HEARD_AT


class Reactions(dict[type[Event], React]):
    """A desk that keeps them, to be called by hand."""

    def reaction(self, kind: type[Event], react: React, **_: Any) -> None:
        self[kind] = react


async def moments(event: Event) -> tuple[datetime, datetime | None]:
    """That of the decision, and that of hearing, as booking's rule for the event sees them."""
    seen: list[tuple[datetime, datetime | None]] = []

    def rule(_: Command, unit: Unit) -> None:
        seen.append((unit.ctx.now, unit.ctx.heard_at))

    desk = Reactions()
    rules: Rules = {CheckInAtDoor: rule, BarErasedClient: rule}
    async with EventStore(MemoryRecorder()) as store:
        hear_all(cast("Desk", desk), HEARS, rules, store, TwoDaysLater(), actor="system:booking")
        (envelope,) = Recording(GymId(new_id())).of("entry", new_id(), event)
        await desk[type(event)](envelope)
    [told] = seen
    return told


async def test_an_entry_is_of_the_moment_the_door_opened_and_known_to_be_late() -> None:
    entry = AccessGranted(
        entry_id=EntryId(new_id()), door_id=DoorId(new_id()), location_id=LocationId(new_id()),
        client_id=ANN, staff_id=None, credential_id=None,
        grant_kind=AccessGrantKind.MEMBERSHIP, grant_id=new_id(),
    )  # fmt: skip
    assert await moments(entry) == (RECORDED_AT, HEARD_AT)


async def test_what_is_decided_when_it_is_heard_has_one_moment() -> None:
    assert await moments(PersonalDataErased(client_id=ANN)) == (HEARD_AT, HEARD_AT)
