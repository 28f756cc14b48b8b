"""Signing somebody in without their password. On a developer's machine only."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Annotated, Any
from uuid import UUID

import typer

from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.tenancy import Pool, open_pool
from contracts.ids import GymId, MalformedId, read
from contracts.members import Tokens
from deploy.commands import gym as gyms
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.trouble import Trouble
from services.members.app import MembersSettings, gathered, master_keys
from services.members.commands.parts import Parts
from services.members.roles import roles_of
from services.members.signing_keys import SigningKeys
from services.members.tokens import Issuer, TokenMint
from services.members.vault import Vault

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Access tokens, for development."
)

_KINDS = {"stf": "staff", "cli": "client"}


@cli.callback()
def group() -> None:
    """Access tokens, for development."""


@cli.command("mint")
def mint_command(
    who: Annotated[str, typer.Argument(help="E-mail, stf_..., cli_... or staff:<uuid>.")],
    gym: Annotated[str, typer.Option(help="Slug, gym_... or UUID.")] = "harbor",
) -> None:
    """An access token for somebody, without their password. Development only."""

    async def minted() -> str:
        operator = Operator()
        return (await mint(operator, await gyms.find(operator, gym), who)).access_token

    say(asyncio.run(minted()))


async def mint(operator: Operator, gym: GymId, who: str) -> Tokens:
    """Tokens for ``who``: an e-mail, an id as apps show it, or an actor such as ``staff:<uuid>``.

    Raises ``Trouble`` when nothing runs here or the gym knows no such person.
    """
    told: dict[str, Any] = {
        name.lower(): text for name, text in operator.local.environment("members").items()
    }
    told["master_keys"] = json.loads(told["master_keys"])
    settings = MembersSettings.model_validate(told)
    async with AsyncExitStack() as stack:
        pool = await _pool(stack, settings.database_url.get_secret_value())
        vault = await _pool(stack, settings.vault_database_url.get_secret_value())
        master = master_keys(settings)
        store = EventStore(PostgresRecorder(pool))
        parts = await gathered(store, pool, Vault(vault, master))
        actor = await _actor(parts, gym, who)
        roles = await roles_of(store, gym, actor)
        if not roles:
            raise Trouble(f"{who} has no roles at this gym")
        clock = settings.clock()
        issuer = Issuer(settings.token_issuer, settings.token_audience)
        maker = TokenMint(SigningKeys(pool, master, clock), issuer, clock)
        return await maker.tokens(await parts.sign_ins.start(gym, actor, clock.now()), roles)


async def _pool(stack: AsyncExitStack, dsn: str) -> Pool:
    pool = await open_pool(dsn, name="token mint", size=1)
    stack.push_async_callback(pool.close)
    return pool


async def _actor(parts: Parts, gym: GymId, who: str) -> str:
    if "@" in who:
        found = await parts.credentials.find(gym, parts.index.email(gym, who))
        if found is None:
            raise Trouble(f"nobody at this gym signs in as {who}")
        return found.actor
    prefix = who.partition("_")[0]
    if prefix in _KINDS:
        return f"{_KINDS[prefix]}:{_read(prefix, who)}"
    return who


def _read(prefix: str, who: str) -> UUID:
    try:
        return read(prefix, who)
    except MalformedId as error:
        raise Trouble(f"{who}: {error}") from error
