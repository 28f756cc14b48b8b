"""``b2b demo-traffic``."""

import asyncio
import signal
from typing import Annotated

import typer

from chassis.clock import MovableClock
from deploy.commands.terminal import say
from deploy.demo.traffic import Traffic
from deploy.operator import Operator

cli = typer.Typer(add_completion=False)


@cli.command()
def demo_traffic(
    rate: Annotated[float, typer.Option(min=0.1, max=100, help="Deeds a second.")] = 2.0,
) -> None:
    """Keep the demo gyms on what runs here moving, until Ctrl-C."""
    asyncio.run(_run(rate))


async def _run(rate: float) -> None:
    local, stop = Operator().local, asyncio.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sig, stop.set)
    url = f"http://127.0.0.1:{local.ports['gateway']}"
    await Traffic(url, MovableClock(local.clock_file), rate).run(stop, say)
