"""``b2b check``: the invariants, looked at from outside."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from chassis.bus.asker import Asker
from chassis.projection import NotYet
from deploy.check.checker import ON_ITS_WAY, Grounds
from deploy.check.checker import check as look
from deploy.check.verdict import Verdict
from deploy.operator import Operator
from deploy.schema import database_url
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)


@cli.command()
def check_command(
    on_its_way: Annotated[
        float, typer.Option(help="Seconds an event may be on its way to who hears of it.")
    ] = ON_ITS_WAY.total_seconds(),
) -> None:
    """Look at every invariant of every gym; exit code 1 when one does not hold."""
    verdicts = asyncio.run(check(Operator(), timedelta(seconds=on_its_way)))
    show(verdicts)
    if not all(one.holds for one in verdicts):
        raise typer.Exit(1)


async def check(operator: Operator, on_its_way: timedelta = ON_ITS_WAY) -> list[Verdict]:
    """See ``deploy.check.checker``. Raises ``Trouble`` when it cannot look."""
    async with operator.nats() as client:
        asker = Asker(client, key=operator.caller_key, clock=operator.clock)
        grounds = Grounds(
            lambda name: database_url(operator.auditor_url, name), client, asker, operator.clock
        )
        try:
            return await look(grounds, on_its_way)
        except (asyncpg.PostgresError, OSError, NotYet) as error:
            raise Trouble(f"cannot look: {error}") from error


def show(verdicts: Sequence[Verdict]) -> None:
    """A line each, and who offends."""
    table = Table("", "invariant", "looked at", "holds", show_edge=False)
    for one in verdicts:
        holds = "yes" if one.holds else f"NO: {one.offences}"
        table.add_row(one.code, one.says, f"{one.looked_at} {one.unit}", holds)
    console = Console()
    console.print(table)
    for one in verdicts:
        for offender in one.offenders:
            console.print(f"{one.code} {offender}", highlight=False, soft_wrap=True)
