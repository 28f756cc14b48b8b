"""``b2b streams``."""

import asyncio
from typing import Annotated

import typer

from chassis.streams import StillHeard, StreamDiffers, configurations, declare, renew
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)


@cli.command()
def streams(
    *,
    replicas: Annotated[int | None, typer.Option(help="Copies of each stream, 1 to 5.")] = None,
    anew: Annotated[
        bool, typer.Option(help="Throw them away first: Postgres is older than they are.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Declare the streams on the bus; idempotent.

    With --anew, after a restore and while no service runs, every stream is emptied, dead letters
    too; relays fill them again from Postgres.
    """
    if anew and not yes:
        typer.confirm("Throw every message of every stream away?", abort=True)
    try:
        touched = asyncio.run(_declare(Operator(), replicas, anew=anew))
    except StreamDiffers as error:
        raise Trouble(str(error)) from error
    except StillHeard as error:
        raise Trouble(f"{error}: stop every service first, relays may stay") from error
    say(f"declared {', '.join(touched)}" if touched else "nothing to do")


async def _declare(operator: Operator, replicas: int | None, *, anew: bool) -> list[str]:
    async with operator.nats() as client:
        renewed = await renew(client, configurations(replicas or 1)) if anew else []
        declared = await declare(client, replicas)
        return list(dict.fromkeys(renewed + declared))
