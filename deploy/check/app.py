"""The auditor, wired: read-only rights on every store, the streams and the read models."""

from datetime import timedelta

from pydantic import Field, SecretStr

from chassis.bus.asker import Asker
from chassis.nats_client import connect, leave
from chassis.process import Process
from chassis.settings import BusSettings
from deploy.check.auditor import Auditor, Pace
from deploy.check.checker import ON_ITS_WAY, Grounds, Watch
from deploy.schema import database_url


class Settings(BusSettings):
    """What the auditor reads from the environment."""

    auditor_url: SecretStr
    """DSN of the role that checks invariants; the database's name in it does not matter."""
    check_every: float = Field(default=60, ge=0.1)
    """Seconds between looks at what is new."""
    check_again: float = Field(default=900, ge=0.1)
    """Seconds between looks from zero while one must take back what is mended."""
    check_night: int = Field(default=3, ge=0, le=23)
    """Hour, UTC, of the daily look from zero."""
    check_on_its_way: float = Field(default=ON_ITS_WAY.total_seconds(), ge=0)
    """Seconds an event may be on its way to who hears of it."""


async def main(process: Process[Settings]) -> None:
    """Look until the process stops."""
    settings = process.settings
    client = await connect(settings.nats, name=process.name)
    process.on_stop(lambda: leave(client))
    asker = Asker(client, key=settings.caller_keys[0], clock=process.clock)
    dsn = settings.auditor_url.get_secret_value()
    grounds = Grounds(lambda name: database_url(dsn, name), client, asker, process.clock)
    on_its_way = timedelta(seconds=settings.check_on_its_way)
    pace = Pace(settings.check_every, settings.check_again, settings.check_night)
    auditor = Auditor(lambda: Watch.begun(grounds, on_its_way), pace, process.clock)
    process.background("looking", auditor.run)
    process.pulse.tell("audit", auditor.told)
    process.beat(client)
    process.check("nats", lambda: client.is_connected)
    process.check("looks", lambda: auditor.can_look)
