"""Booking, wired."""

from chassis.process import Process
from chassis.service import Service, ServiceSettings, serve
from contracts.permissions import allows
from services.booking import api, reactions
from services.booking.members import Members

BOOKING = Service(
    name="booking",
    allows=allows,
    due=api.DUE,
    commands=lambda desk, store, asker: api.attach(desk, store, Members(asker)),
    hears=reactions.HEARS,
    caused=api.CAUSED,
)


async def main(process: Process[ServiceSettings]) -> None:
    """Start the parts of the service this process is to run."""
    await serve(process, BOOKING)
