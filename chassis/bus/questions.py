"""A service's questions to others while it carries out a command."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.bus.asker import ASK_SECONDS, Asker, Unavailable
from chassis.context import Context
from chassis.eventstore.writer import Busy
from contracts.envelope import Caller, Query
from contracts.ids import new_id


class Questions:
    """What ``service`` asks on its own account."""

    def __init__(self, asker: Asker, service: str) -> None:
        self._asker = asker
        self._actor = f"system:{service}"

    async def ask(self, query: Query, ctx: Context) -> Mapping[str, Any]:
        """The answer, in the gym of ``ctx``. Raises ``Busy`` without one."""
        question = new_id()
        caller = Caller(
            gym_id=ctx.gym_id, actor=self._actor, roles=("system",),
            command_id=question, correlation_id=ctx.correlation_id, causation_id=ctx.command_id,
            deadline=ctx.now + timedelta(seconds=ASK_SECONDS), traceparent=ctx.traceparent,
        )  # fmt: skip
        try:
            reply = await self._asker.ask(query, caller)
        except Unavailable:
            raise Busy from None
        if reply.outcome != "done" or reply.result is None:
            raise Busy
        return reply.result
