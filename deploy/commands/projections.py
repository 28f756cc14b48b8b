"""Read models: how far they are, and making one anew."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, NamedTuple

import asyncpg
import typer
from nats.aio.client import Client
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from chassis.bus.asker import Asker
from chassis.projection import ReadModel
from chassis.projection.ledger import Poison
from chassis.projection.rebuild import RebuildFailed
from chassis.projection.rebuild import rebuild as rebuild_beside
from chassis.reader import count_behind
from chassis.settings import ProcessSettings, WrongSettings, load
from chassis.telemetry import configure_traces, flush_traces
from deploy.commands.terminal import say
from deploy.operator import Operator
from deploy.trouble import Trouble
from services.projections.app import models

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Read models: how far they are, and made anew."
)

Progress = Callable[[int, int], None]


class Standing(NamedTuple):
    """How far one read model is."""

    name: str
    source: str
    position: int
    """In the store of the service its events come from."""
    behind: int
    """Events not applied yet."""
    since: str
    """When it last moved; empty when it never did."""


@cli.command("status")
def status_command() -> None:
    """How far each read model is."""
    table = Table("read model", "stream", "position", "behind", "moved at (UTC)")
    for each in asyncio.run(status(Operator())):
        table.add_row(each.name, each.source, str(each.position), str(each.behind), each.since)
    Console().print(table)


@cli.command("rebuild")
def rebuild_command(
    names: Annotated[list[str] | None, typer.Argument(help="As `status` shows them.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every one, one after the other.")] = False,
) -> None:
    """Make read models anew beside the live ones, then swap."""
    if every == bool(names):
        raise typer.BadParameter("names, or --all")
    operator = Operator()
    with _traced():
        for name in names or asyncio.run(_every(operator)):
            _rebuild(operator, name)


def _rebuild(operator: Operator, name: str) -> None:
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns) as bar:
        task = bar.add_task(f"rebuilding {name}", total=None)

        def progress(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        seq = asyncio.run(rebuild(operator, name, progress))
    say(f"{name} is rebuilt up to sequence {seq}")


@contextmanager
def _traced() -> Iterator[None]:
    """Spans of the block go where those of the processes go."""
    try:
        told = load(ProcessSettings)
    except WrongSettings as error:
        raise Trouble(str(error)) from error
    configure_traces(
        "b2b", ratio=told.trace_sample_ratio, endpoint=told.otel_exporter_otlp_endpoint
    )
    try:
        yield
    finally:
        flush_traces()


async def _every(operator: Operator) -> list[str]:
    async with operator.nats() as client:
        return [model.name for model in _models(operator, client)]


async def status(operator: Operator) -> list[Standing]:
    """Every read model, in the order they are kept."""
    async with operator.nats() as client:
        async with operator.views() as db:
            rows = await db.fetch("SELECT name, seq, position, at FROM views.checkpoints")
        kept = {row["name"]: row for row in rows}
        return [await _standing(client, model, kept) for model in _models(operator, client)]


async def rebuild(operator: Operator, name: str, progress: Progress) -> int:
    """Rebuild ``name`` beside itself and swap; the sequence of the last event it shows.

    Raises ``Trouble`` for an unknown name or when the copy cannot be finished.
    """
    async with operator.nats() as client:
        known = {model.name: model for model in _models(operator, client)}
        if name not in known:
            raise Trouble(f"no read model is called {name}: there are {', '.join(known)}")
        try:
            return await rebuild_beside(
                known[name], dsn=operator.views_url, client=client, progress=progress
            )
        except (RebuildFailed, Poison) as error:
            raise Trouble(str(error)) from error


def _models(operator: Operator, client: Client) -> Sequence[ReadModel]:
    asker = Asker(client, key=operator.caller_key, clock=operator.clock)
    return models(asker, operator.clock)


async def _standing(client: Client, model: ReadModel, kept: dict[str, asyncpg.Record]) -> Standing:
    row = kept.get(model.name)
    seq, position, at = (row["seq"], row["position"], f"{row['at']:%F %T}") if row else (0, 0, "")
    behind = await count_behind(client, model.source, model.subjects, seq)
    return Standing(model.name, model.source, position, behind, at)
