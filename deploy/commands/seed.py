"""``b2b seed``."""

import asyncio

import typer

from deploy.commands.terminal import say
from deploy.local import demo
from deploy.operator import Operator

cli = typer.Typer(add_completion=False)


@cli.command()
def seed() -> None:
    """Make the demo gym on what runs here; what is there already stays as it is."""
    local = Operator().local
    url = f"http://127.0.0.1:{local.ports['gateway']}"
    asyncio.run(demo.seed(url, local, say))
