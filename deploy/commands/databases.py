"""``b2b databases``."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from deploy.commands.terminal import say
from deploy.local.databases import DATABASES, LOGINS, prepare
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)


@cli.command()
def databases(
    passwords: Annotated[
        Path, typer.Option(help="Folder with a file per role, its password in it.")
    ],
) -> None:
    """Make the roles and databases that are missing; idempotent.

    ADMIN_URL is of a role that may make both (CREATEROLE, CREATEDB); it need not be a superuser.
    """
    admin = os.environ.get("ADMIN_URL")
    if not admin:
        raise Trouble("wrong settings: ADMIN_URL is not set")
    try:
        asyncio.run(prepare(admin, read(passwords)))
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise Trouble(f"Postgres refused: {type(error).__name__}: {error}") from error
    say(f"{len(LOGINS)} roles, {len(DATABASES)} databases")


def read(folder: Path) -> dict[str, str]:
    """Role -> password. Raises ``Trouble`` naming every role that has none."""
    missing = [role for role in LOGINS if not (folder / role).is_file()]
    if missing:
        raise Trouble(f"no password in {folder} for {', '.join(missing)}")
    return {role: (folder / role).read_text().strip() for role in LOGINS}
