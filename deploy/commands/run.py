"""``b2b run``."""

import typer

from deploy.local.runner import main
from deploy.local.settings import read_settings

cli = typer.Typer(add_completion=False)


@cli.command()
def run() -> None:
    """Start everything on this machine; Ctrl-C stops it."""
    raise typer.Exit(main(read_settings()))
