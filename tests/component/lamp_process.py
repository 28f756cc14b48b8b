"""A process for ``test_process``: a lamp that serves, fails or dawdles as ``LAMP`` says."""

import os
from typing import Any

import anyio

from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.process import Process, run
from chassis.service import open_bus
from chassis.settings import BusSettings
from contracts.envelope import Query


class IsLit(Query):
    """Whether the lamp is lit; slow to answer."""


IsLit.command_type = "booking.test_is_lit"


def say(word: str) -> None:
    """Tell the test how far we are."""
    print(word, flush=True)


async def main(process: Process[BusSettings]) -> None:
    """Wire the lamp."""
    how = os.environ["LAMP"]
    if how == "broken":
        raise RuntimeError("the lamp is broken")

    nats = await open_bus(process, "lamp asks")

    async def burn() -> None:
        while how == "flickers":
            await nats.publish("bell.booking")
            if not nats.is_connected:
                say("in vain")
            await anyio.sleep(0.05)
        if how == "burns-out":
            raise RuntimeError("the lamp burnt out")
        if how == "goes-out":
            return
        await anyio.sleep_forever()

    async def is_lit(_: IsLit, __: Context) -> dict[str, Any]:
        say("asked")
        await anyio.sleep(1)
        return {"lit": True}

    process.background("lamp", burn)
    desk = Desk(
        broker(process.settings.nats, name="booking"),
        service="booking",
        keys=process.settings.caller_keys,
        clock=process.clock,
        allows=lambda operation, roles, *, own: True,
    )
    desk.query(IsLit, is_lit)
    await desk.start()
    process.on_stop(desk.stop)
    process.check("bus", lambda: desk.is_open)
    process.check("lamp", lambda: how != "dark")
    say("wired")


if __name__ == "__main__":
    run(main, BusSettings, name="lamp")
