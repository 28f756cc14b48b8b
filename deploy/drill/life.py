"""The life of the installation before it is lost: demo gyms, a quiet moment, people going on."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.clock import LOOK_EVERY
from deploy.demo.seeding import Size, shown
from deploy.drill import proofs
from deploy.drill.running import Running, until
from deploy.drill.steps import Failed

QUIET = timedelta(minutes=30)
"""For so long nothing may fall due by itself: then only what was lost makes a difference."""
NIGHT = timedelta(hours=3, minutes=30)
"""After midnight UTC: both demo gyms are closed."""
WEDNESDAY = 2
GROWTH = 40  # events people cause before, and again after, the backup that is taken meanwhile
RATE = "20"  # deeds a second


def night() -> datetime:
    """The one after the coming Wednesday."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=(WEDNESDAY - today.weekday()) % 7 + 1) + NIGHT


async def live(running: Running, size: Size) -> str:
    """Make the demo gyms up to now by the processes' clock; what it took."""
    days, clients = str(size.days), str(size.clients)
    seeding = await running.begin_b2b("seed", B2B_DEMO_DAYS=days, B2B_DEMO_CLIENTS=clients)
    said, _ = await seeding.communicate()
    if seeding.returncode:
        raise Failed(f"b2b seed: {said.decode()}")
    lines = said.decode().splitlines()
    return next(line.removeprefix("demo: ") for line in lines if " commands in " in line)


async def quiet_moment(running: Running) -> datetime:
    """Move the clock past what is about to fall due, until nothing is."""
    moment = night()
    while True:
        running.set_clock(moment)
        await asyncio.sleep(LOOK_EVERY)
        await running.nothing_is_due(moment)
        await everything_is_shown(running)
        due = await running.next_deadline()
        if due is None or due > moment + QUIET:
            return moment
        moment = due + timedelta(seconds=1)


async def go_on(running: Running, backup: Path) -> str:
    """Let people go on, with a ``backup`` taken while they do; what they did."""
    traffic = await running.begin_b2b("demo-traffic", "--rate", RATE)
    await _grown(running)
    await running.b2b("backup", "take", str(backup))
    await _grown(running)
    traffic.send_signal(signal.SIGINT)
    said, _ = await traffic.communicate()
    if traffic.returncode:
        raise Failed(f"b2b demo-traffic: {said.decode()}")
    return said.decode().splitlines()[-1].removeprefix("traffic: ")


async def everything_is_shown(running: Running) -> None:
    """Return when everything is relayed, reacted to and on every screen."""
    await shown(running.installation, lambda _: None)


async def _grown(running: Running) -> None:
    async def count() -> int:
        return sum(map(len, (await proofs.history(running)).values()))

    before = await count()

    async def enough() -> bool:
        return await count() >= before + GROWTH

    await until(enough, f"people cause {GROWTH} events")
