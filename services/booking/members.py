"""What booking asks members when it has not heard of somebody, or of something, yet."""

from chassis.bus.asker import Asker
from chassis.bus.questions import Questions
from chassis.context import Context
from contracts.ids import ClientId
from contracts.members import ClientStanding, GymReferences, KnownReferences


class Members:
    """The members service, as far as booking asks it."""

    def __init__(self, asker: Asker) -> None:
        self._questions = Questions(asker, "booking")

    async def know(self, client: ClientId, ctx: Context) -> bool:
        """Whether the client may be served in ``ctx``'s gym. Raises ``Busy`` without an answer."""
        told = await self._questions.ask(ClientStanding(client_id=client), ctx)
        return bool(told["known"])

    async def have(self, asked: GymReferences, ctx: Context) -> KnownReferences:
        """Which of these ``ctx``'s gym has. Raises ``Busy`` without an answer."""
        return KnownReferences.model_validate(await self._questions.ask(asked, ctx))
