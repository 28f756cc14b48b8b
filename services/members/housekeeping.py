"""What members does unasked: finishes erasures, rotates and re-wraps keys, forgets old attempts."""

from datetime import datetime, timedelta

import anyio
import asyncpg
import structlog

from chassis.clock import Clock
from chassis.tenancy import CONNECTION_LOST
from services.members.attempts import Attempts
from services.members.commands.clients import finish_erasure
from services.members.commands.parts import Parts
from services.members.signing_keys import SigningKeys

EVERY = 60.0  # seconds
HOURLY = timedelta(hours=1)
TAKES_AT_MOST = timedelta(seconds=60)  # an erasure older than this was left by a crash

log = structlog.get_logger(__name__)


class Housekeeping:
    """Every step can be repeated, and done by several replicas at once."""

    def __init__(self, parts: Parts, keys: SigningKeys, attempts: Attempts, clock: Clock) -> None:
        self._parts, self._keys, self._attempts, self._clock = parts, keys, attempts, clock
        self._hourly_at: datetime | None = None

    async def run(self, stopping: anyio.Event) -> None:
        """Until ``stopping``. A database that is away costs a turn."""
        while not stopping.is_set():
            try:
                await self.tidy()
            except (asyncpg.PostgresError, *CONNECTION_LOST) as fault:
                log.warning("housekeeping put off", cause=type(fault).__name__)
            with anyio.move_on_after(EVERY):
                await stopping.wait()

    async def tidy(self) -> None:
        """One turn."""
        now = self._clock.now()
        for erasure in await self._parts.erasures.begun_before(now - TAKES_AT_MOST):
            await finish_erasure(self._parts, erasure, now)
            log.info("erasure finished late", gym_id=str(erasure.gym_id))
        if self._hourly_at is None or now - self._hourly_at >= HOURLY:
            await self._keys.rotate()
            await self._attempts.drop_old(now)
            await self._rewrap()
            self._hourly_at = now

    async def _rewrap(self) -> None:
        """With today's master key, so that older ones may go."""
        await self._parts.vault.rewrap_secrets()
        for gym_id in await self._parts.credentials.gyms():
            while await self._parts.vault.rewrap(gym_id):
                continue
