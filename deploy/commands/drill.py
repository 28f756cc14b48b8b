"""``b2b drill``."""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from deploy.commands.terminal import say
from deploy.demo.seeding import Size
from deploy.drill.course import Course
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)

ELSEWHERE = ("POSTGRES_URL", "NATS_SERVER_URL")


@cli.command()
def drill(
    days: Annotated[int, typer.Option(min=1, max=365, envvar="B2B_DEMO_DAYS")] = 3,
    clients: Annotated[int, typer.Option(min=12, max=3000, envvar="B2B_DEMO_CLIENTS")] = 12,
) -> None:
    """Lose an installation of its own and bring it back; exit code 1 on any difference."""
    if named := [name for name in ELSEWHERE if os.environ.get(name)]:
        raise Trouble(f"{' and '.join(named)} set: the drill destroys what it plays with")
    with TemporaryDirectory(prefix="back2back-drill-") as folder:
        Path(folder).chmod(0o755)  # an unprivileged Postgres must be able to enter
        say(f"the drill plays in {folder}")
        asyncio.run(Course(Path(folder), Size(days, clients), say).run())
