"""What booking does because something happened elsewhere: event in, command out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.context import Context
from chassis.eventstore.store import EventStore, Unit
from chassis.streams import event_stream
from contracts.access import AccessGranted
from contracts.booking import BarErasedClient, CheckInAtDoor, OpenLedger
from contracts.envelope import Command, Envelope, Event
from contracts.members import ClientRegistered, LocationOpened, PersonalDataErased
from contracts.timetable import HearLocation
from services.booking.doors import check_in_at_door
from services.booking.ledgers import bar_erased_client, open_ledger
from services.booking.timetable_commands import hear_location

ACTOR = "system:booking"


class Reaction(NamedTuple):
    """What an event of another context asks of booking."""

    context: str
    name: str
    """Of the durable consumer."""
    asks: Callable[[Any], Command | None]
    """``None``: this one asks nothing."""
    rule: Callable[[Any, Unit], Any]
    at: Callable[[Envelope, Clock], datetime]
    """The moment it is decided at."""


def _now(_: Envelope, clock: Clock) -> datetime:
    return clock.now()


def _then(envelope: Envelope, _: Clock) -> datetime:
    """When it happened, however late we hear of it."""
    return envelope.occurred_at


def _arrival(event: AccessGranted) -> Command | None:
    if event.client_id is None:
        return None
    return CheckInAtDoor(
        client_id=event.client_id, location_id=event.location_id, session_id=event.session_id
    )


HEARS: dict[type[Event], Reaction] = {
    ClientRegistered: Reaction(
        "members", "booking_open_ledger", lambda e: OpenLedger(client_id=e.client_id),
        open_ledger, _now,
    ),
    PersonalDataErased: Reaction(
        "members", "booking_bar_erased", lambda e: BarErasedClient(client_id=e.client_id),
        bar_erased_client, _now,
    ),
    LocationOpened: Reaction(
        "members", "booking_location_opened",
        lambda e: HearLocation(location_id=e.location_id, time_zone=e.time_zone),
        hear_location, _now,
    ),
    AccessGranted: Reaction("access", "booking_door_check_in", _arrival, check_in_at_door, _then),
}  # fmt: skip


def attach(desk: Desk, store: EventStore, clock: Clock) -> None:
    """Register every reaction with the desk."""
    for kind, reaction in HEARS.items():

        async def hear(envelope: Envelope, reaction: Reaction = reaction) -> None:
            command = reaction.asks(envelope.event)
            if command is not None:
                ctx = Context.because(envelope, ACTOR, reaction.at(envelope, clock))
                await store.carry_out(command, ctx, reaction.rule)

        desk.reaction(kind, hear, name=reaction.name, stream=event_stream(reaction.context))
