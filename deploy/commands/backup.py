"""``b2b backup``: the databases of this machine's installation, copied and brought back."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.backup.folder import Backup
from deploy.backup.restoring import restore
from deploy.backup.taking import take
from deploy.commands.terminal import say
from deploy.local.settings import read_settings
from deploy.operator import Operator

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Backups of what runs on this machine. In a cluster, CloudNativePG makes them.",
)

Folder = Annotated[Path, typer.Argument(help="Of one backup.")]


@cli.command("take")
def take_command(folder: Folder) -> None:
    """Copy every database as of one moment to a new folder, while everything runs."""
    backup = asyncio.run(take(Operator().local, folder))
    say(f"{folder}: {told(backup)}")
    say("the keys it needs are not in it: keep secrets/keys.json of the data folder elsewhere")


@cli.command("verify")
def verify_command(folder: Folder) -> None:
    """Look whether every file of a backup is as it was when it was taken."""
    backup = Backup.at(folder)
    backup.verify()
    say(f"{folder} is whole: {told(backup)}")


@cli.command("restore")
def restore_command(folder: Folder) -> None:
    """Make a backup the databases of B2B_DATA, which has none; its streams are thrown away."""
    settings = read_settings()
    backup = Backup.at(folder)
    restore(settings.data, backup)
    say(f"{settings.data} holds {told(backup)}")
    say("the next start fills the streams again; read models go on where they were")


def told(backup: Backup) -> str:
    """What is in it, in a line."""
    note = backup.note
    positions = ", ".join(f"{context} {position}" for context, position in note.positions.items())
    when = f"{note.taken_at:.19} UTC"
    return f"Postgres {note.postgres} at {when}, {backup.size / 1e6:.1f} MB, up to {positions}"
