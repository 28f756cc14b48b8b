"""A rush for one class: who asks for a seat, and what each was last told."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise

from contracts.ids import new_id
from tests.world import documents
from tests.world.gym import Gym
from tests.world.people import Person


class Rush:
    """Clients of ``gym`` who want into ``session``, each with one of ``desks`` to ask at."""

    def __init__(
        self, gym: Gym, session: str, clients: list[str], desks: Sequence[Person] = ()
    ) -> None:
        self.gym, self.session, self.clients = gym, session, clients
        self.ask_at(desks or (gym.owner,))
        self.told: dict[str, str] = {}
        """Client -> ``reserved``, ``waiting``, ``cancelled`` or a refusal's code."""
        self.answered_at: list[float] = []
        """When each booking was answered, by the machine's own clock."""
        self.halfway = asyncio.Event()
        """A quarter were answered: in the middle of it."""

    def ask_at(self, desks: Sequence[Person]) -> None:
        """From now on they ask at these, in turns."""
        self._desks = {client: desks[n % len(desks)] for n, client in enumerate(self.clients)}

    async def book(self, client: str, key: str | None = None) -> str:
        """``reserved``, ``waiting`` or the refusal's code."""
        told = await self._desks[client].do(
            documents.BOOK, key=key or str(new_id()), sessionId=self.session, clientId=client,
            orWaitlist=True,
        )  # fmt: skip
        if told["userErrors"]:
            self.told[client] = str(told["userErrors"][0]["code"])
        else:
            self.told[client] = "reserved" if told["reservation"] else "waiting"
        self.answered_at.append(time.monotonic())
        if len(self.told) * 4 >= len(self.clients):
            self.halfway.set()
        return self.told[client]

    @property
    def longest_silence(self) -> float:
        """Seconds between two answers, at the most."""
        return max(after - before for before, after in pairwise(self.answered_at))

    async def cancel(self, client: str) -> None:
        """Give the seat back."""
        desk = self._desks[client]
        told = await desk.do(documents.CANCEL, sessionId=self.session, clientId=client)
        refused = told["userErrors"]
        self.told[client] = str(refused[0]["code"]) if refused else "cancelled"

    async def all_book(self) -> None:
        """Everybody at once; every fifth thinks better of a seat."""
        await asyncio.gather(*(self._come(n, client) for n, client in enumerate(self.clients)))

    async def leave(self, clients: Iterable[str]) -> None:
        """These at once."""
        await asyncio.gather(*(self.cancel(client) for client in clients))

    async def _come(self, n: int, client: str) -> None:
        if await self.book(client) == "reserved" and n % 5 == 0:
            await self.cancel(client)


async def rush(gym: Gym, *, seats: int, people: int, desks: Sequence[Person] = ()) -> Rush:
    """A class of so many ``seats``, and so many people who are about to ask."""
    return Rush(gym, await gym.session(seats, hours=48), await gym.clients(people), desks)
