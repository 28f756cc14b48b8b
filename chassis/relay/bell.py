"""The doorbell: tells the relay, in whichever process it was elected, that there is work."""

import asyncio

import anyio
import structlog
from nats.aio.client import Client
from nats.errors import Error

log = structlog.get_logger(__name__)


class Doorbell:
    """Publishes ``bell.<context>``. A ring that is lost costs one slow poll of the relay."""

    def __init__(self, client: Client, context: str) -> None:
        self._client, self._subject = client, f"bell.{context}"
        self._pulled = asyncio.Event()

    def ring(self) -> None:
        """Something was recorded. Many rings in one turn of the loop are one."""
        self._pulled.set()

    async def run(self, stopping: anyio.Event) -> None:
        """Pass rings on until ``stopping``."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._ring_until, stopping)
            await stopping.wait()
            tasks.cancel_scope.cancel()

    async def _ring_until(self, stopping: anyio.Event) -> None:
        while not stopping.is_set():
            await self._pulled.wait()
            self._pulled.clear()
            try:
                await self._client.publish(self._subject)
            except (Error, OSError) as error:
                log.warning("bell not rung", why=type(error).__name__)
