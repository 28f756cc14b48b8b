"""``b2b streams``."""

import asyncio
from typing import Annotated

import typer

from chassis.streams import StreamDiffers, declare
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)


@cli.command()
def streams(
    replicas: Annotated[int | None, typer.Option(help="Copies of each stream, 1 to 5.")] = None,
) -> None:
    """Declare the streams on the bus; idempotent."""
    try:
        touched = asyncio.run(_declare(Operator(), replicas))
    except StreamDiffers as error:
        raise Trouble(str(error)) from error
    say(f"declared {', '.join(touched)}" if touched else "nothing to do")


async def _declare(operator: Operator, replicas: int | None) -> list[str]:
    async with operator.nats() as client:
        return await declare(client, replicas)
