"""``python -m bench``: measure, then write RESULTS.md and results.json."""

import asyncio
import os
import platform
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import typer
import uvloop

from bench import figures
from bench.figures import Figure
from bench.goals import GOALS
from bench.ground import Ground, stand
from bench.live.demo import demo
from bench.live.rebuild import rebuild
from bench.live.replicas import replicas_rush, replicas_spread
from bench.live.roster import roster_cpu
from bench.live.rush import rush
from bench.live.screens import screens_cpu, screens_p99
from bench.live.start import memory, start
from bench.live.telemetry import telemetry
from bench.sittings import Sitting, committed
from bench.sizes import Sizes, quick
from bench.write.append import append
from bench.write.growth import growth
from bench.write.hot import hot, spread
from deploy.schema import ROOT

HERE = Path(__file__).parent

BENCHES: dict[str, Callable[[Ground], Awaitable[Figure]]] = {
    "hot": hot,
    "spread": spread,
    "append": append,
    "rush": rush,
    "replicas_rush": replicas_rush,
    "replicas_spread": replicas_spread,
    "screens_p99": screens_p99,
    "screens_cpu": screens_cpu,
    "roster_cpu": roster_cpu,
    "telemetry": telemetry,
    "growth": growth,
    "rebuild": rebuild,
    "start": start,
    "memory": memory,
    "demo": demo,
}


def say(line: str) -> None:
    """Progress, for whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


async def measure(wanted: list[str], sizes: Sizes, sitting: Sitting) -> dict[str, Figure]:
    """The wanted figures, in order, each on servers that nothing else has used.

    What the ``sitting`` has already is not measured again. Raises ``AssertionError`` for a wrong
    result.
    """
    for key in wanted:
        if key in sitting.earlier:
            say(f"{key}: measured in an earlier sitting")
            continue
        say(f"{key}: measuring")
        async with stand(sizes, say) as ground:
            figure = await BENCHES[key](ground)
        sitting.keep(key, figure)
        told = f"{figures.short(figure.value)} {GOALS[key].unit} ({figure.detail})"
        say(f"{key}: {told}{'' if GOALS[key].is_met(figure.value) else ' MISSED'}")
    return {key: sitting.figures[key] for key in wanted}


def machine(load_before: float) -> str:
    """What this ran on, and how busy that was before we began."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with Python {platform.python_version()} "
        f"on {os.cpu_count()} cores, {memory:.0f} GB; load {load_before:.1f} before."
    )


def chosen(words: Iterable[str]) -> list[str]:
    """The figures whose ids begin with one of ``words``, in their order; without any, all.

    Raises ``typer.BadParameter`` for a word that no id begins with.
    """
    wanted = tuple(words)
    if unknown := [word for word in wanted if not any(key.startswith(word) for key in BENCHES)]:
        raise typer.BadParameter(f"no such figure: {', '.join(unknown)}")
    return [key for key in BENCHES if key.startswith(wanted or "")]


def main(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Figures, or how their ids begin; nothing is all.")
    ] = None,
    *,
    only: Annotated[str, typer.Option(help="The same, with commas between.")] = "",
    rounds: Annotated[int, typer.Option(help="Rounds of each comparison; 0: as planned.")] = 0,
    fast: Annotated[bool, typer.Option("--quick", help="Tiny: proves the bench works.")] = False,
    events: Annotated[int, typer.Option(help="Events of the grown store; 0: as planned.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; a partial run needs it.")
    ] = None,
) -> None:
    """Measure every goal, or some, and write RESULTS.md and results.json.

    A whole run that was cut short goes on where it ended, as long as the code is the same.
    """
    wanted = chosen([*(ids or ()), *filter(None, only.split(","))])
    os.environ.setdefault("LOG_LEVEL", "error")  # for the processes: we measure them
    sizes = quick() if fast else Sizes()
    sizes = replace(sizes, rounds=rounds or sizes.rounds, many_events=events or sizes.many_events)
    load_before = os.getloadavg()[0]
    is_whole = not fast and len(wanted) == len(BENCHES)
    sitting = Sitting(HERE / ".sitting.json", committed(ROOT, sizes) if is_whole else None)
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with loop:
        measured = loop.run(measure(wanted, sizes, sitting))
    if not is_whole and (fast or out is None):
        say("not the whole run: nothing is written")
        return
    folder = out or HERE
    about = machine(load_before)
    if sitting.earlier:
        about += f" In more than one sitting: {', '.join(sorted(sitting.earlier))} before."
    (folder / "RESULTS.md").write_text(figures.as_markdown(measured, about=about))
    (folder / "results.json").write_text(figures.as_json(measured))
    if is_whole:
        sitting.end()
    say(f"written to {folder}")


if __name__ == "__main__":
    cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    cli.command()(main)
    cli()
