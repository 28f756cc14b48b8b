"""Whether members knows a client: asked once, when booking has not heard of them yet."""

from datetime import timedelta

from chassis.bus.asker import ASK_SECONDS, Asker, Unavailable
from chassis.context import Context
from chassis.eventstore.store import Busy
from contracts.envelope import Caller
from contracts.ids import ClientId, new_id
from contracts.members import ClientStanding


class Members:
    """The members service, as far as booking asks it."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def know(self, client: ClientId, ctx: Context) -> bool:
        """Whether the client may be served in ``ctx``'s gym. Raises ``Busy`` without an answer."""
        question = new_id()
        caller = Caller(
            gym_id=ctx.gym_id, actor="system:booking", roles=("system",),
            command_id=question, correlation_id=ctx.correlation_id, causation_id=ctx.command_id,
            deadline=ctx.now + timedelta(seconds=ASK_SECONDS), traceparent=ctx.traceparent,
        )  # fmt: skip
        try:
            reply = await self._asker.ask(ClientStanding(client_id=client), caller)
        except Unavailable:
            raise Busy from None
        if reply.outcome != "done" or reply.result is None:
            raise Busy
        return bool(reply.result["known"])
