"""Projections, wired: streams in, read models and live hints out."""

from collections.abc import Sequence
from functools import partial

import anyio

from chassis import nats_client
from chassis.bus.asker import Asker
from chassis.clock import Clock
from chassis.process import Process
from chassis.projection import ReadModel, open_views
from chassis.projection.engine import Projections
from chassis.settings import BusSettings, DatabaseSettings
from services.projections import (
    calendar,
    doors,
    entries,
    holders,
    invoices,
    kpis,
    ledgers,
    organisation,
    penalties,
    receipts,
    roster,
    timetable,
)
from services.projections.keys import MembersKeys
from services.projections.people import PeopleModel

CONNECTIONS = 4
"""To Postgres, shared by all read models: a transaction takes some milliseconds, and only a swap or
a person's key that is not there yet may hold one for longer. Each more is 15 MB of memory."""


class Settings(BusSettings, DatabaseSettings):
    """What projections read from the environment."""


def models(asker: Asker, clock: Clock) -> Sequence[ReadModel]:
    """Every read model there is."""
    people = PeopleModel(MembersKeys(asker, clock))
    return (
        calendar.MODEL, roster.MODEL, ledgers.MODEL, people, organisation.MODEL, kpis.MODEL,
        doors.MODEL, entries.MODEL, holders.MODEL, receipts.MODEL, timetable.MODEL,
        penalties.MODEL, invoices.MODEL,
    )  # fmt: skip


async def main(process: Process[Settings]) -> None:
    """Keep every read model up to date until the process stops."""
    settings = process.settings
    client = await nats_client.connect(settings.nats, name=process.name)
    process.on_stop(partial(nats_client.leave, client))
    asker = Asker(client, key=settings.caller_keys[0], clock=process.clock)
    kept = models(asker, process.clock)
    pool = await open_views(settings.database_url.get_secret_value(), size=CONNECTIONS)
    process.on_stop(pool.close)

    projections = Projections(kept, client=client, pool=pool)
    stopping = anyio.Event()
    process.background("read models", lambda: projections.run(stopping), stop=stopping.set)
    process.pulse.tell("views", projections.told)
    process.beat(client)
    process.check("nats", lambda: client.is_connected)
    process.check("read models", lambda: projections.ready)
