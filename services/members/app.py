"""Members, wired: settings, databases, store, relay, desk."""

import anyio
from pydantic import SecretStr

from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.eventstore.store import EventStore
from chassis.process import Process
from chassis.service import (
    ServiceSettings,
    open_bus,
    open_database,
    open_store,
    start_deadlines,
    start_relay,
    watch_desk,
)
from chassis.settings import TokenSettings, VaultSettings
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


class MembersSettings(ServiceSettings, VaultSettings, TokenSettings):
    """What members must be told."""


async def main(process: Process[MembersSettings]) -> None:
    """Start the parts of the service this process is to run."""
    settings, parts = process.settings, process.settings.parts
    others = parts & {"commands", "deadlines"}  # it has no reactions
    if "relay" in parts:
        await start_relay(process, SERVICE, is_alone=not others)
    if not others:
        return
    pool = await _database(process, "database", settings.database_url)
    store = await _store(process)
    if "deadlines" in parts:
        start_deadlines(process, SERVICE, store, {})
    if "commands" in parts:
        await _commands(process, store, pool)


async def _database(process: Process[MembersSettings], check: str, dsn: SecretStr) -> Pool:
    return await open_database(process, check, open_pool(dsn.get_secret_value(), name=SERVICE))


async def _store(process: Process[MembersSettings]) -> EventStore:
    dsn = process.settings.database_url.get_secret_value()
    pool = await open_store_pool(dsn, name=f"{SERVICE} store")
    process.on_stop(pool.close)
    return await open_store(process, SERVICE, pool, await open_bus(process, f"{SERVICE} bell"))


async def _commands(process: Process[MembersSettings], store: EventStore, pool: Pool) -> None:
    settings, clock = process.settings, process.clock
    vault_pool = await _database(process, "vault", settings.vault_database_url)
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
    mint = TokenMint(keys, issuer, clock)
    api.attach(desk, parts, sign_in_desk(parts, attempts, mint, clock), keys)
    await desk.start()
    watch_desk(process, desk)


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
    """Where people sign in, made of the same rooms."""
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
