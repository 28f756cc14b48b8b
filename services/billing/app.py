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
    reactions=reactions.attach,
)


async def main(process: Process[ServiceSettings]) -> None:
    """Start the parts of the service this process is to run."""
    await serve(process, BILLING)
