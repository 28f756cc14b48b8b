"""What billing does because something happened in booking: event in, command out."""

from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.eventstore.store import EventStore

ACTOR = "system:billing"


def attach(desk: Desk, store: EventStore, clock: Clock) -> None:
    """Register every reaction with the desk."""
