"""Hears the pulse of every process, and keeps the picture of all of them up to date."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import anyio
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from chassis.clock import SystemClock
from chassis.nats_client import settled
from contracts.health import Beat
from gateway.diagnosis import SERVICES, Diagnosis
from gateway.health_types import Health
from gateway.heartbeats import Heartbeats

FIRST_WORD = 5.0  # seconds until everybody who lives must have been heard of
LOOK_EVERY = 1.0  # seconds

log = structlog.get_logger(__name__)


class Pulses:
    """What this gateway knows of every process."""

    def __init__(self, views: Mapping[str, str], changed: Callable[[], None]) -> None:
        """``views``: read model -> the service whose events it shows.

        ``changed`` is called when the picture has become another one.
        """
        self._clock, self._changed = SystemClock(), changed
        self._beats = Heartbeats(self._clock.now())
        self._diagnosis = Diagnosis(self._beats, views)
        self._heard_of_all = anyio.Event()
        self._last: Health | None = None

    async def listen(self, client: Client) -> None:
        """Hear everybody, as long as ``client`` lives."""

        async def heard(message: Msg) -> None:
            try:
                beat = Beat.model_validate_json(message.data)
            except ValidationError:
                log.warning("beat_not_understood", subject=message.subject)
                return
            if message.subject == f"health.{beat.process}":  # as who the bus knows it is
                self.hear(beat)

        await client.subscribe("health.*", cb=heard)
        await settled(client)

    def hear(self, beat: Beat) -> None:
        """Take note of a beat."""
        self._beats.hear(beat, self._clock.now())
        if self._beats.have_heard(SERVICES):
            self._heard_of_all.set()

    async def health(self) -> Health:
        """The picture now; in our first seconds, once everybody had the time to be heard of."""
        await self._heard_of_all.wait()
        return self._diagnosis.at(self._clock.now())

    async def run(self) -> None:
        """Look again every second, whoever asks: who falls silent does so without a word."""
        with anyio.move_on_after(FIRST_WORD):
            await self._heard_of_all.wait()
        self._heard_of_all.set()
        while True:
            await anyio.sleep(LOOK_EVERY)
            picture = self._diagnosis.at(self._clock.now())
            if self._last is None or not _is_same(picture, self._last):
                self._changed()
            self._last = picture


def _is_same(one: Health, other: Health) -> bool:
    """But for when it was looked at."""
    return one == replace(other, at=one.at)
