"""Members, wired: settings, databases, store, relay, desk."""

import anyio
from nats.aio.client import Client
from pydantic import SecretStr

from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.eventstore.deadlines import DeadlineWorker
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.nats_client import connect
from chassis.process import Process
from chassis.relay import Relay
from chassis.relay.bell import Doorbell
from chassis.settings import DatabaseSettings, RelaySettings, TokenSettings, VaultSettings
from chassis.tenancy import Pool, open_pool, open_store_pool
from contracts.permissions import allows
from services.members import api
from services.members.attempts import Attempts
from services.members.blind_index import BlindIndex
from services.members.commands.parts import Parts
from services.members.credentials import Credentials
from services.members.erasures import Erasures
from services.members.housekeeping import Housekeeping
from services.members.identities import Identities
from services.members.master_keys import MasterKeys
from services.members.passwords import Passwords
from services.members.sign_in import SignInDesk
from services.members.sign_ins import SignIns
from services.members.signing_keys import SigningKeys
from services.members.tokens import Issuer, TokenMint
from services.members.vault import Vault

SERVICE = "members"


class MembersSettings(RelaySettings, DatabaseSettings, VaultSettings, TokenSettings):
    """What members must be told."""


async def main(process: Process[MembersSettings]) -> None:
    """Start the parts of the service this process is to run."""
    parts = process.settings.parts
    no_more = parts.isdisjoint({"commands", "deadlines"})
    if "relay" in parts:
        relays = await _relay(process)
        if no_more:
            process.beat(relays)
    if no_more:
        return
    pool = await _pool(process, "database", process.settings.database_url)
    store = await _store(process)
    if "deadlines" in parts:
        _deadlines(process, store)
    if "commands" in parts:
        await _commands(process, store, pool)


async def _relay(process: Process[MembersSettings]) -> Client:
    settings, stopping = process.settings, anyio.Event()
    client = await connect(settings.relay_nats, name="members relay")
    process.on_stop(client.close)
    dsn = settings.relay_database_url.get_secret_value()
    relay = Relay(context=SERVICE, dsn=dsn, client=client)
    process.background("relay", lambda: relay.run(stopping), stop=stopping.set)
    process.check("relay", lambda: relay.ready)
    process.pulse.tell("relay", relay.told)
    return client


async def _store(process: Process[MembersSettings]) -> EventStore:
    dsn = process.settings.database_url.get_secret_value()
    pool = await open_store_pool(dsn, name=f"{SERVICE} store")
    process.on_stop(pool.close)
    nats = await connect(process.settings.nats, name="members bell")
    process.on_stop(nats.close)
    process.beat(nats)
    bell, stopping = Doorbell(nats, SERVICE), anyio.Event()
    process.background("bell", lambda: bell.run(stopping), stop=stopping.set)
    return await process.enter(EventStore(PostgresRecorder(pool), ring=bell.ring))


def _deadlines(process: Process[MembersSettings], store: EventStore) -> None:
    """Members sets no deadlines yet; the worker also drops answers nobody will ask for again."""
    stopping = anyio.Event()
    dsn = process.settings.relay_database_url.get_secret_value()
    worker = DeadlineWorker(dsn, store, process.clock, {}, actor=f"system:{SERVICE}")
    process.background("deadlines", lambda: worker.run(stopping), stop=stopping.set)
    process.pulse.tell("deadlines", worker.told)


async def _commands(process: Process[MembersSettings], store: EventStore, pool: Pool) -> None:
    settings, clock = process.settings, process.clock
    vault_pool = await _pool(process, "vault", settings.vault_database_url)
    master = master_keys(settings)
    parts = await gathered(store, pool, Vault(vault_pool, master))
    keys, attempts = SigningKeys(pool, master, clock), Attempts(pool)
    await keys.rotate()
    _keep_house(process, Housekeeping(parts, keys, attempts, clock))
    desk = Desk(
        broker(settings.nats, name=SERVICE),
        service=SERVICE,
        keys=settings.caller_keys,
        clock=clock,
        allows=allows,
    )
    issuer = Issuer(settings.token_issuer, settings.token_audience)
    door = sign_in_desk(parts, attempts, TokenMint(keys, issuer, clock), clock)
    api.attach(desk, parts, door, keys)
    await desk.start()
    process.on_stop(desk.stop)
    process.check("bus", lambda: desk.is_open)
    process.pulse.tell("answers", lambda: desk.is_open)


def master_keys(settings: VaultSettings) -> MasterKeys:
    """The keys of the setting ``MASTER_KEYS``."""
    keys = {version: key.get_secret_value() for version, key in settings.master_keys.items()}
    return MasterKeys(keys, settings.sealing_version)


async def gathered(store: EventStore, pool: Pool, vault: Vault) -> Parts:
    """The rooms commands work with, on these databases."""
    index = BlindIndex(await vault.secret("blind index"))
    return Parts(
        store=store,
        vault=vault,
        index=index,
        credentials=Credentials(pool),
        passwords=Passwords(),
        identities=Identities(pool, index),
        sign_ins=SignIns(pool, index),
        erasures=Erasures(pool),
    )


def sign_in_desk(parts: Parts, attempts: Attempts, mint: TokenMint, clock: Clock) -> SignInDesk:
    """The door, made of the same rooms."""
    return SignInDesk(
        store=parts.store,
        index=parts.index,
        attempts=attempts,
        credentials=parts.credentials,
        passwords=parts.passwords,
        sign_ins=parts.sign_ins,
        mint=mint,
        clock=clock,
    )


def _keep_house(process: Process[MembersSettings], house: Housekeeping) -> None:
    stopping = anyio.Event()
    process.background("housekeeping", lambda: house.run(stopping), stop=stopping.set)


async def _pool(process: Process[MembersSettings], name: str, dsn: SecretStr) -> Pool:
    pool = await open_pool(dsn.get_secret_value(), name=SERVICE)
    process.on_stop(pool.close)

    async def answers() -> bool:
        return bool(await pool.fetchval("SELECT true"))

    process.check(name, answers)
    return pool
