"""What booking does because something happened elsewhere: event in, command out."""

from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.context import Context
from chassis.eventstore.store import EventStore
from chassis.streams import event_stream
from contracts.access import AccessGranted
from contracts.booking import BarErasedClient, CheckInAtDoor, OpenLedger
from contracts.envelope import Envelope
from contracts.members import ClientRegistered, PersonalDataErased
from services.booking.doors import check_in_at_door
from services.booking.ledgers import bar_erased_client, open_ledger

ACTOR = "system:booking"


def attach(desk: Desk, store: EventStore, clock: Clock) -> None:
    """Register every reaction with the desk."""

    async def open_a_ledger(envelope: Envelope) -> None:
        if isinstance(envelope.event, ClientRegistered):
            ctx = Context.because(envelope, ACTOR, clock.now())
            command = OpenLedger(client_id=envelope.event.client_id)
            await store.carry_out(command, ctx, open_ledger)

    desk.reaction(
        ClientRegistered,
        open_a_ledger,
        name="booking_open_ledger",
        stream=event_stream("members"),
    )

    async def bar(envelope: Envelope) -> None:
        if isinstance(envelope.event, PersonalDataErased):
            ctx = Context.because(envelope, ACTOR, clock.now())
            command = BarErasedClient(client_id=envelope.event.client_id)
            await store.carry_out(command, ctx, bar_erased_client)

    desk.reaction(
        PersonalDataErased, bar, name="booking_bar_erased", stream=event_stream("members")
    )

    async def check_in(envelope: Envelope) -> None:
        """At the moment the door opened, however late we hear of it."""
        event = envelope.event
        if isinstance(event, AccessGranted) and event.client_id is not None:
            ctx = Context.because(envelope, ACTOR, envelope.occurred_at)
            command = CheckInAtDoor(client_id=event.client_id, location_id=event.location_id)
            await store.carry_out(command, ctx, check_in_at_door)

    desk.reaction(
        AccessGranted, check_in, name="booking_door_check_in", stream=event_stream("access")
    )
