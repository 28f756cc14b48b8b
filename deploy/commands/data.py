"""The local data folder."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.terminal import say
from deploy.local.runner import alone
from deploy.local.settings import read_settings

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="The local data folder.")


@cli.callback()
def group() -> None:
    """The local data folder."""


@cli.command("reset")
def reset_command(
    *, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Throw the local data away: databases, streams, passwords, keys."""
    folder = read_settings().data
    if not folder.exists():
        say(f"nothing at {folder}")
        return
    if not yes:
        typer.confirm(f"Throw {folder.resolve()} away for good?", abort=True)
    reset(folder)
    say(f"{folder} is gone")


def reset(data: Path) -> None:
    """Throw everything in ``data`` away. Raises ``CannotStart`` while something runs on it.

    Servers named by ``POSTGRES_URL`` or ``NATS_SERVER_URL`` keep what they have.
    """
    if not data.exists():
        return
    with alone(data):
        postgres = data / "postgres"
        if postgres.is_symlink() and postgres.exists():  # it lies outside, see deploy.local.places
            shutil.rmtree(postgres.resolve())
        shutil.rmtree(data)
