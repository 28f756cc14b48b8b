"""The keys of persons' fields, asked of members for the moment they are needed."""

import asyncio
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from chassis.bus.asker import Asker, Unavailable
from chassis.clock import Clock
from chassis.projection import NotYet
from contracts.envelope import Caller
from contracts.ids import GymId, new_id
from contracts.members import PersonKeys
from contracts.permissions import SYSTEM
from services.projections.profiles import Person

AT_ONCE = 1000  # persons a question, as many as the contract allows
PATIENCE = 2.0  # seconds; longer would hold the projection's transaction open


class MembersKeys:
    """Asks members over the bus; keeps nothing."""

    def __init__(self, asker: Asker, clock: Clock) -> None:
        self._asker = asker
        self._clock = clock

    async def of(self, persons: Iterable[Person]) -> Mapping[Person, bytes | None]:
        """The persons' keys; ``None`` for the erased. Raises ``NotYet`` while members is away."""
        by_gym: dict[GymId, list[UUID]] = defaultdict(list)
        for gym, person in persons:
            by_gym[gym].append(person)
        questions = [
            self._ask(gym, ids[n : n + AT_ONCE])
            for gym, ids in by_gym.items()
            for n in range(0, len(ids), AT_ONCE)
        ]
        found: dict[Person, bytes | None] = {}
        for answer in await asyncio.gather(*questions):
            found |= answer
        return found

    async def _ask(self, gym: GymId, ids: list[UUID]) -> dict[Person, bytes | None]:
        question = PersonKeys.model_validate({"person_ids": ids})
        one = new_id()
        caller = Caller(
            gym_id=gym, actor="system:projections", roles=(SYSTEM,), command_id=one,
            correlation_id=one, causation_id=one,
            deadline=self._clock.now() + timedelta(seconds=PATIENCE),
        )  # fmt: skip
        try:
            reply = await self._asker.ask(question, caller, PATIENCE)
        except Unavailable as error:
            raise NotYet("members does not answer: persons' keys") from error
        if reply.outcome != "done" or reply.result is None:
            raise NotYet(f"members does not hand out keys: {reply.outcome} {reply.code or ''}")
        keys = reply.result["keys"]
        return {(gym, i): b64decode(k) if (k := keys.get(str(i))) else None for i in ids}
