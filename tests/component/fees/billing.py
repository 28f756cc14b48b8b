"""Billing as a process that comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import nats
from nats.js.errors import NotFoundError

from deploy.local.installation import Installation
from deploy.local.places import free_port
from tests.component.fees.house import LONG
from tests.component.serving import ready, started
from tests.world.waiting import until

FEES, REVERSALS = "billing_invoice_fee", "billing_reverse_fee"


@asynccontextmanager
async def billing(town: Installation, parts: str = "") -> AsyncIterator[Callable[[], None]]:
    """Billing, or only these parts of it; yields what kills it."""
    told = town.environment("billing") | {"HEALTH_PORT": str(free_port())}
    process = started("billing", told | ({"PARTS": parts} if parts else {}))
    try:
        await ready(told["HEALTH_PORT"], process)
        yield process.kill
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 60)


async def caught_up(town: Installation) -> None:
    """Return once billing has heard all there is."""
    operator = await nats.connect(**town.nats_login("developer"))
    js = operator.jetstream()
    try:
        for name in (FEES, REVERSALS):
            await until(partial(_is_idle, js, name), LONG)
    finally:
        await operator.close()


async def _is_idle(js: nats.js.JetStreamContext, consumer: str) -> bool:
    try:
        found = await js.consumer_info("EVT_BOOKING", consumer)
    except NotFoundError:
        return False  # billing makes it when it starts
    return (found.num_pending, found.num_ack_pending) == (0, 0)


async def forget_what_was_heard(town: Installation) -> None:
    """Have everything delivered to billing once more."""
    operator = await nats.connect(**town.nats_login("developer"))
    js = operator.jetstream()
    try:
        for name in (FEES, REVERSALS):
            await js.delete_consumer("EVT_BOOKING", name)
    finally:
        await operator.close()
