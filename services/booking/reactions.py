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
from contracts.members import (
    ClientRegistered,
    GymRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    PersonalDataErased,
    RoomAdded,
    StaffHired,
    StaffRolesChanged,
)
from contracts.timetable import (
    HearClosure,
    HearClosureRemoved,
    HearGym,
    HearInstructor,
    HearLocation,
    HearRoom,
)
from services.booking.closures import hear_closure, hear_closure_removed
from services.booking.doors import check_in_at_door
from services.booking.hearings import hear_gym, hear_instructor, hear_location, hear_room
from services.booking.ledgers import bar_erased_client, open_ledger

ACTOR = "system:booking"


class Reaction(NamedTuple):
    """What an event of another context asks of booking."""

    context: str
    name: str
    """Of the durable consumer."""
    asks: Callable[[Any, int], Command | None]
    """From it and its stream's version; ``None``: this one asks nothing."""
    rule: Callable[[Any, Unit], Any]
    at: Callable[[Envelope, Clock], datetime]
    """The moment it is decided at."""


def _now(_: Envelope, clock: Clock) -> datetime:
    return clock.now()


def _then(envelope: Envelope, _: Clock) -> datetime:
    """When it happened, however late we hear of it."""
    return envelope.occurred_at


def _arrival(event: AccessGranted, _: int) -> Command | None:
    if event.client_id is None:
        return None
    return CheckInAtDoor(
        client_id=event.client_id, location_id=event.location_id, session_id=event.session_id
    )


HEARS: dict[type[Event], Reaction] = {
    ClientRegistered: Reaction(
        "members", "booking_open_ledger", lambda e, _: OpenLedger(client_id=e.client_id),
        open_ledger, _now,
    ),
    PersonalDataErased: Reaction(
        "members", "booking_bar_erased", lambda e, _: BarErasedClient(client_id=e.client_id),
        bar_erased_client, _now,
    ),
    LocationOpened: Reaction(
        "members", "booking_location_opened",
        lambda e, _: HearLocation(location_id=e.location_id, time_zone=e.time_zone),
        hear_location, _now,
    ),
    GymRegistered: Reaction(
        "members", "booking_gym_registered",
        lambda e, _: HearGym(gym_id=e.gym_id, currency=e.currency), hear_gym, _now,
    ),
    LocationClosureAdded: Reaction(
        "members", "booking_location_closed",
        lambda e, _: HearClosure(
            closure_id=e.closure_id, location_id=e.location_id, time_zone=e.time_zone,
            from_date=e.from_date, until_date=e.until_date, reason=e.reason,
        ),
        hear_closure, _now,
    ),
    LocationClosureRemoved: Reaction(
        "members", "booking_location_not_closed",
        lambda e, _: HearClosureRemoved(closure_id=e.closure_id, location_id=e.location_id),
        hear_closure_removed, _now,
    ),
    RoomAdded: Reaction(
        "members", "booking_room_added",
        lambda e, _: HearRoom(room_id=e.room_id, location_id=e.location_id), hear_room, _now,
    ),
    StaffHired: Reaction(
        "members", "booking_staff_hired",
        lambda e, v: HearInstructor(staff_id=e.staff_id, works=True, version=v),
        hear_instructor, _now,
    ),
    StaffRolesChanged: Reaction(
        "members", "booking_staff_roles_changed",
        lambda e, v: HearInstructor(staff_id=e.staff_id, works=bool(e.roles), version=v),
        hear_instructor, _now,
    ),
    AccessGranted: Reaction("access", "booking_door_check_in", _arrival, check_in_at_door, _then),
}  # fmt: skip


def attach(desk: Desk, store: EventStore, clock: Clock) -> None:
    """Register every reaction with the desk."""
    for kind, reaction in HEARS.items():

        async def hear(envelope: Envelope, reaction: Reaction = reaction) -> None:
            command = reaction.asks(envelope.event, envelope.version)
            if command is not None:
                ctx = Context.because(envelope, ACTOR, reaction.at(envelope, clock))
                await store.carry_out(command, ctx, reaction.rule)

        desk.reaction(kind, hear, name=reaction.name, stream=event_stream(reaction.context))
