"""An event-sourced service, wired: relay, store, deadlines, desk, as its process is to run.

``main`` of a service is one call of ``serve`` with what is particular about it, or calls the pieces
``serve`` is made of.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import anyio
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.bus.broker import broker
from chassis.bus.clerk import Allows
from chassis.bus.desk import Desk
from chassis.bus.homes import Homes
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore, Rules
from chassis.hears import Hears, hear_all
from chassis.nats_client import connect, leave
from chassis.process import Process
from chassis.pulse import dead_letters_of
from chassis.relay import Relay
from chassis.relay.bell import Doorbell
from chassis.settings import BusSettings, DatabaseSettings, ProcessSettings, RelaySettings
from chassis.tenancy import Pool, open_store_pool
from contracts.envelope import Event


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
    hears: Mapping[type[Event], Hears]
    """Of other services."""
    caused: Rules
    """What that asks."""


async def serve(process: Process[ServiceSettings], service: Service) -> None:
    """Start the parts of ``service`` this process is to run."""
    parts = process.settings.parts
    others = parts - {"relay"}
    if "relay" in parts:
        await start_relay(process, service.name, is_alone=not others)
    if not others:
        return
    nats = await open_bus(process, f"{service.name} asks")
    dsn = process.settings.database_url.get_secret_value()
    opening = open_store_pool(dsn, name=service.name)
    pool = await open_database(process, "database", opening)
    store = await open_store(process, service.name, pool, nats)
    if "deadlines" in parts:
        start_deadlines(process, service.name, store, service.due)
    if parts & {"commands", "reactions"}:
        await _desk(process, service, store, nats, pool)


async def start_relay(process: Process[RelaySettings], name: str, *, is_alone: bool) -> None:
    """The relay of service ``name``; ``is_alone``: nobody else here says how the process is."""
    settings, stopping = process.settings, anyio.Event()
    client = await connect(settings.relay_nats, name=f"{name} relay")
    process.on_stop(partial(leave, client))
    dsn = settings.relay_database_url.get_secret_value()
    relay = Relay(context=name, dsn=dsn, client=client)
    process.background("relay", lambda: relay.run(stopping), stop=stopping.set)
    process.check("relay", lambda: relay.ready)
    process.pulse.tell("relay", relay.told)
    if is_alone:
        process.beat(client)


async def open_bus(process: Process[BusSettings], name: str) -> Client:
    """A connection that NATS knows by ``name``; the process says over it how it is."""
    nats = await connect(process.settings.nats, name=name)
    process.on_stop(partial(leave, nats))
    process.beat(nats)
    return nats


async def open_database(
    process: Process[ProcessSettings], check: str, opening: Awaitable[Pool]
) -> Pool:
    """The pool that ``opening`` opens; while it does not answer, ``check`` says: not ready."""
    pool = await opening
    process.on_stop(pool.close)

    async def answers() -> bool:
        return bool(await pool.fetchval("SELECT true"))

    process.check(check, answers)
    return pool


async def open_store(
    process: Process[ProcessSettings], name: str, pool: Pool, nats: Client
) -> EventStore:
    """The store of service ``name``; over ``nats`` it tells the relay that something is new."""
    bell, stopping = Doorbell(nats, name), anyio.Event()
    process.background("bell", lambda: bell.run(stopping), stop=stopping.set)
    return await process.enter(EventStore(PostgresRecorder(pool), ring=bell.ring))


def start_deadlines(
    process: Process[RelaySettings], name: str, store: EventStore, due: Rules
) -> None:
    """Even where nothing is ever due: the worker drops answers nobody will ask for again."""
    stopping = anyio.Event()
    worker = DeadlineWorker(
        process.settings.relay_database_url.get_secret_value(),
        store,
        process.clock,
        {kind.command_type: rule for kind, rule in due.items()},
        actor=f"system:{name}",
    )
    process.background("deadlines", lambda: worker.run(stopping), stop=stopping.set)
    process.pulse.tell("deadlines", worker.told)


def watch_desk(process: Process[RelaySettings], desk: Desk) -> None:
    """Ready only while ``desk``, which was started, is open; it is what stops first."""
    process.on_stop(desk.stop)
    process.check("bus", lambda: desk.is_open)
    if "commands" in process.settings.parts:
        process.pulse.tell("answers", lambda: desk.is_open)


async def _desk(
    process: Process[ServiceSettings], service: Service, store: EventStore, nats: Client, pool: Pool
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
        actor = f"system:{service.name}"
        hear_all(desk, service.hears, service.caused, store, clock, actor=actor)
        process.pulse.tell("dead_letters", dead_letters_of(nats, service.name))
    await desk.start()
    stopping = anyio.Event()
    process.background("hearing", lambda: desk.keep_hearing(stopping), stop=stopping.set)
    process.background("homes", lambda: homes.keep(stopping), stop=stopping.set)
    looking = partial(pool.fetchval, "SELECT true")
    process.background("store", lambda: homes.heed(looking, stopping), stop=stopping.set)
    watch_desk(process, desk)
