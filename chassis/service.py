"""An event-sourced service, wired: relay, store, deadlines, desk, as its process is to run.

``main`` of each service is one call of ``serve`` with what is particular about it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import anyio
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.bus.broker import broker
from chassis.bus.clerk import Allows
from chassis.bus.desk import Desk
from chassis.bus.homes import Homes
from chassis.clock import Clock
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore, Unit
from chassis.nats_client import connect
from chassis.process import Process
from chassis.pulse import dead_letters_of
from chassis.relay import Relay
from chassis.relay.bell import Doorbell
from chassis.settings import DatabaseSettings, RelaySettings
from chassis.tenancy import open_store_pool
from contracts.envelope import Command

Rules: TypeAlias = Mapping[type[Command], Callable[[Any, Unit], Any]]


class ServiceSettings(RelaySettings, DatabaseSettings):
    """What a service that keeps its own events must be told."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is particular about one service."""

    name: str
    """Its context: names its subjects, its stream and its database."""
    allows: Allows
    due: Rules
    """What the clock asks."""
    commands: Callable[[Desk, EventStore, Asker], None]
    """Registers what others ask."""
    reactions: Callable[[Desk, EventStore, Clock], None]
    """Registers what it hears."""


async def serve(process: Process[ServiceSettings], service: Service) -> None:
    """Start the parts of ``service`` this process is to run."""
    parts = process.settings.parts
    if "relay" in parts:
        relays = await _relay(process, service)
        if parts == {"relay"}:
            process.beat(relays)
            return
    nats = await connect(process.settings.nats, name=f"{service.name} asks")
    process.on_stop(nats.close)
    process.beat(nats)
    store = await _store(process, service, nats)
    if "deadlines" in parts:
        _deadlines(process, service, store)
    if parts & {"commands", "reactions"}:
        await _desk(process, service, store, nats)


async def _relay(process: Process[ServiceSettings], service: Service) -> Client:
    settings, stopping = process.settings, anyio.Event()
    client = await connect(settings.relay_nats, name=f"{service.name} relay")
    process.on_stop(client.close)
    dsn = settings.relay_database_url.get_secret_value()
    relay = Relay(context=service.name, dsn=dsn, client=client)
    process.background("relay", lambda: relay.run(stopping), stop=stopping.set)
    process.check("relay", lambda: relay.ready)
    process.pulse.tell("relay", relay.told)
    return client


async def _store(process: Process[ServiceSettings], service: Service, nats: Client) -> EventStore:
    dsn = process.settings.database_url.get_secret_value()
    pool = await open_store_pool(dsn, name=service.name)
    process.on_stop(pool.close)

    async def answers() -> bool:
        return bool(await pool.fetchval("SELECT true"))

    process.check("database", answers)
    bell, stopping = Doorbell(nats, service.name), anyio.Event()
    process.background("bell", lambda: bell.run(stopping), stop=stopping.set)
    return await process.enter(EventStore(PostgresRecorder(pool), ring=bell.ring))


def _deadlines(process: Process[ServiceSettings], service: Service, store: EventStore) -> None:
    """Even where nothing is ever due: the worker drops answers nobody will ask for again."""
    stopping = anyio.Event()
    worker = DeadlineWorker(
        process.settings.relay_database_url.get_secret_value(),
        store,
        process.clock,
        {kind.command_type: rule for kind, rule in service.due.items()},
        actor=f"system:{service.name}",
    )
    process.background("deadlines", lambda: worker.run(stopping), stop=stopping.set)
    process.pulse.tell("deadlines", worker.told)


async def _desk(
    process: Process[ServiceSettings], service: Service, store: EventStore, nats: Client
) -> None:
    settings, clock = process.settings, process.clock
    keys, homes = settings.caller_keys, Homes(service.name)
    desk = Desk(
        broker(settings.nats, name=service.name), service=service.name, keys=keys, clock=clock,
        allows=service.allows, homes=homes,
    )  # fmt: skip
    if "commands" in settings.parts:
        service.commands(desk, store, Asker(nats, key=keys[0], clock=clock))
    if "reactions" in settings.parts:
        service.reactions(desk, store, clock)
        process.pulse.tell("dead_letters", dead_letters_of(nats, service.name))
    await desk.start()
    stopping = anyio.Event()
    process.background("hearing", lambda: desk.keep_hearing(stopping), stop=stopping.set)
    process.background("homes", lambda: homes.keep(stopping), stop=stopping.set)
    process.on_stop(desk.stop)
    process.check("bus", lambda: desk.is_open)
    if "commands" in settings.parts:
        process.pulse.tell("answers", lambda: desk.is_open)
