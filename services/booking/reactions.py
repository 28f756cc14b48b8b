"""What booking does because something happened in members: event in, command out."""

from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.context import Context
from chassis.eventstore.store import EventStore
from chassis.streams import event_stream
from contracts.booking import OpenLedger
from contracts.envelope import Envelope
from contracts.members import ClientRegistered
from services.booking.commands import open_ledger

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
