"""The operator at the bus: asks services what no app may ask."""

import base64
from datetime import timedelta
from types import TracebackType
from typing import Self

import nats
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import MovableClock
from contracts.envelope import Caller, Command, Reply
from contracts.ids import GymId, new_id
from contracts.permissions import OPERATOR
from deploy.local.access import Access

WITHIN = 10.0  # seconds until an answer


class Bus:
    """A connection as the operator, as long as the block lasts."""

    def __init__(self, installation: Access) -> None:
        self._installation = installation
        self.clock = MovableClock(installation.clock_file)

    async def __aenter__(self) -> Self:
        self.client: Client = await nats.connect(**self._installation.nats_login("developer"))
        key = base64.b64decode(self._installation.environment("gateway")["CALLER_KEY"])
        self.asker = Asker(self.client, key=key, clock=self.clock)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.client.close()

    async def ask(self, command: Command, gym_id: GymId) -> Reply:
        """What the service says. Raises ``chassis.bus.Unavailable``."""
        one = new_id()
        caller = Caller(
            gym_id=gym_id, actor="system:operator", roles=(OPERATOR,), command_id=one,
            correlation_id=one, causation_id=one,
            deadline=self.clock.now() + timedelta(seconds=WITHIN),
        )  # fmt: skip
        return await self.asker.ask(command, caller, WITHIN)
