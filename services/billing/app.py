"""Billing, wired."""

from chassis.process import Process
from chassis.service import Service, ServiceSettings, serve
from contracts.permissions import allows
from services.billing import api, reactions

BILLING = Service(
    name="billing",
    allows=allows,
    due={},
    commands=lambda desk, store, _: api.attach(desk, store),
    hears=reactions.HEARS,
    caused=api.CAUSED,
)


async def main(process: Process[ServiceSettings]) -> None:
    """Start the parts of the service this process is to run."""
    await serve(process, BILLING)
