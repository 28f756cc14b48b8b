"""Gyms as an operator names them, and opening a new one."""

import asyncio
import os
from typing import Annotated, TextIO
from uuid import UUID

import typer
from pydantic import ValidationError

from chassis.bus.asker import Asker, Unavailable
from contracts.ids import PLATFORM, GymId, MalformedId, StaffId, new_id, read, show
from contracts.members import RegisterGym
from deploy.commands.terminal import say
from deploy.operator import PATIENCE, Operator
from deploy.trouble import Trouble

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Gyms on this platform.")


async def find(operator: Operator, text: str) -> GymId:
    """The gym meant by ``text``: an id as apps show it, a UUID, or the gym's slug.

    Raises ``Trouble`` when there is none.
    """
    try:
        return GymId(read("gym", text) if text.startswith("gym_") else UUID(text))
    except (MalformedId, ValueError):  # then it is a slug
        pass
    async with operator.views() as db:
        found = await db.fetchval("SELECT gym_id FROM views.gyms WHERE slug = $1", text)
    if found is None:
        raise Trouble(f"no gym is called {text}")
    return GymId(UUID(str(found)))


async def register(operator: Operator, command: RegisterGym) -> None:
    """Open a gym. Raises ``Trouble`` when the rules refuse or nobody answers."""
    async with operator.nats() as client:
        asker = Asker(client, key=operator.caller_key, clock=operator.clock)
        try:
            reply = await asker.ask(command, operator.caller(PLATFORM), PATIENCE.total_seconds())
        except Unavailable as error:
            raise Trouble(f"{error}: is members running?") from error
    if reply.outcome != "done":
        raise Trouble(f"{reply.code or reply.outcome}: {reply.message}")


def _password(file: TextIO | None) -> str:
    """The owner's. No argument of a command: those are seen by all, and kept in audit logs."""
    if file is not None:
        return file.read().removesuffix("\n")
    told = os.environ.get("OWNER_PASSWORD")
    return told or str(typer.prompt("Owner password", hide_input=True))


@cli.callback()
def group() -> None:
    """Gyms on this platform."""


@cli.command("register")
def register_command(
    slug: Annotated[str, typer.Argument(help="Short name people sign in to: iron-and-oak.")],
    *,
    name: Annotated[str, typer.Option()],
    owner_name: Annotated[str, typer.Option()],
    owner_email: Annotated[str, typer.Option()],
    owner_password_file: Annotated[
        typer.FileText | None,
        typer.Option(help="With the owner's password; - for what is piped in. Else you are asked."),
    ] = None,
    time_zone: Annotated[str, typer.Option(help="IANA zone.")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
) -> None:
    """Open a gym with its first owner."""
    try:
        command = RegisterGym(
            gym_id=GymId(new_id()), slug=slug, name=name, time_zone=time_zone, currency=currency,
            owner_id=StaffId(new_id()), owner_name=owner_name, owner_email=owner_email,
            owner_password=_password(owner_password_file),
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise Trouble(f"{first['loc'][0]}: {first['msg']}") from None
    asyncio.run(register(Operator(), command))
    say(show("gym", command.gym_id))
