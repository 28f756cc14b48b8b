"""A relay or a projection as a process of its own, for tests that kill and freeze processes."""

import asyncio
import json
import sys
from typing import Any

import anyio
import nats

from chassis.projection import open_views
from chassis.projection.engine import Projection
from chassis.relay import Relay
from tests.component.messaging.probe import CONTEXT
from tests.component.messaging.tallies import Tally


async def _work(task: dict[str, Any]) -> None:
    client = await nats.connect(
        task["nats"], user="developer", password="secret", max_reconnect_attempts=-1
    )
    forever = anyio.Event()
    if task["part"] == "relay":
        await Relay(context=CONTEXT, dsn=task["dsn"], client=client).run(forever)
    else:
        pool = await open_views(task["dsn"], size=1)
        tally = Tally(task["name"])
        await Projection(tally, client=client, pool=pool, max_batch=7).run(forever)


if __name__ == "__main__":
    asyncio.run(_work(json.loads(sys.argv[1])))
