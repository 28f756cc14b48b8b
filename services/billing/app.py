"""Billing, wired: settings, database, store, relay, deadlines, desk."""

import anyio
from nats.aio.client import Client

from chassis.bus.desk import Desk
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.nats_client import broker, connect
from chassis.process import Process
from chassis.relay import Relay
from chassis.relay.bell import Doorbell
from chassis.settings import DatabaseSettings, RelaySettings
from chassis.tenancy import open_pool
from contracts.permissions import allows
from services.billing import api, reactions

SERVICE = "billing"


class BillingSettings(RelaySettings, DatabaseSettings):
    """What billing must be told."""


async def main(process: Process[BillingSettings]) -> None:
    """Start the parts of the service this process is to run."""
    parts = process.settings.parts
    if "relay" in parts:
        await _relay(process)
    if parts == {"relay"}:
        return
    nats = await connect(process.settings.nats, name="billing bell")
    process.on_stop(nats.close)
    store = await _store(process, nats)
    if "deadlines" in parts:
        _deadlines(process, store)
    if parts & {"commands", "reactions"}:
        await _desk(process, store)


async def _relay(process: Process[BillingSettings]) -> None:
    settings, stopping = process.settings, anyio.Event()
    client = await connect(settings.relay_nats, name="billing relay")
    process.on_stop(client.close)
    dsn = settings.relay_database_url.get_secret_value()
    relay = Relay(context=SERVICE, dsn=dsn, client=client)
    process.background("relay", lambda: relay.run(stopping), stop=stopping.set)
    process.check("relay", lambda: relay.ready)


async def _store(process: Process[BillingSettings], nats: Client) -> EventStore:
    pool = await open_pool(process.settings.database_url.get_secret_value(), name=SERVICE)
    process.on_stop(pool.close)

    async def answers() -> bool:
        return bool(await pool.fetchval("SELECT true"))

    process.check("database", answers)
    bell, stopping = Doorbell(nats, SERVICE), anyio.Event()
    process.background("bell", lambda: bell.run(stopping), stop=stopping.set)
    return await process.enter(EventStore(PostgresRecorder(pool), ring=bell.ring))


def _deadlines(process: Process[BillingSettings], store: EventStore) -> None:
    stopping = anyio.Event()
    worker = DeadlineWorker(
        process.settings.relay_database_url.get_secret_value(),
        store,
        process.clock,
        {},  # nothing is due by the clock yet; the worker drops old answers
        actor=reactions.ACTOR,
    )
    process.background("deadlines", lambda: worker.run(stopping), stop=stopping.set)


async def _desk(process: Process[BillingSettings], store: EventStore) -> None:
    settings, clock = process.settings, process.clock
    key = settings.caller_key.get_secret_value()
    desk = Desk(
        broker(settings.nats, name=SERVICE), service=SERVICE, key=key, clock=clock, allows=allows
    )
    if "commands" in settings.parts:
        api.attach(desk, store)
    if "reactions" in settings.parts:
        reactions.attach(desk, store, clock)
    await desk.start()
    process.on_stop(desk.stop)
    process.check("bus", lambda: desk.is_open)
