"""``b2b migrate``."""

import asyncio
from typing import Annotated

import typer

from chassis.migrate import MigrationFailed, Phase
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.schema import migrate_all
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)

_PHASES: dict[str, tuple[Phase, ...]] = {
    "pre": ("pre",),
    "post": ("post",),
    "both": ("pre", "post"),
}


@cli.command()
def migrate(
    phase: Annotated[str, typer.Option(help="pre: before the release, post: after it.")] = "both",
) -> None:
    """Bring every database to this code's schema."""
    if phase not in _PHASES:
        raise typer.BadParameter("pre, post or both", param_hint="--phase")
    try:
        applied = asyncio.run(_migrate(Operator(), _PHASES[phase]))
    except MigrationFailed as error:
        raise Trouble(str(error)) from error
    say(f"{len(applied)} applied" if applied else "nothing to do")


async def _migrate(operator: Operator, phases: tuple[Phase, ...]) -> list[str]:
    return [
        file for phase in phases for file in await migrate_all(operator.migrator_url, phase, say)
    ]
