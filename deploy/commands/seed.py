"""``b2b seed``."""

import asyncio
import signal
from typing import Annotated

import typer
import uvloop

from deploy.commands.terminal import say
from deploy.demo.seeding import Size, go_on
from deploy.local.settings import read_settings
from deploy.operator import Operator
from deploy.trouble import Trouble

cli = typer.Typer(add_completion=False)


@cli.command("seed")
def make(
    *,
    ahead: Annotated[bool, typer.Option(help="Leave it to later that screens show it.")] = False,
    seed: Annotated[
        str | None,
        typer.Option(help="Whatever names the lives they live; else B2B_DEMO_SEED."),
    ] = None,
) -> None:
    """Make the demo gyms on what runs here, if they are not there.

    B2B_DEMO_DAYS, _CLIENTS and _SEED say how; the same of all three make the same gyms.
    """
    settings = read_settings()
    size = Size(settings.demo_days, settings.demo_clients, seed or settings.demo_seed)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_made(size, ahead=ahead))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise Trouble("the demo gyms are not finished: `b2b seed` goes on with them") from None


async def _made(size: Size, *, ahead: bool) -> None:
    """Until made, or told to end; the clock is given back either way."""
    making = asyncio.ensure_future(go_on(Operator().local, say, size, ahead=ahead))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, making.cancel)
    await making
