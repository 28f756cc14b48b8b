"""Commanders: each books and gives up a seat for one client, as fast as it is answered."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Protocol

from contracts.ids import ClientId, SessionId


class Desk(Protocol):
    """Takes booking commands; ours and the baseline's."""

    async def book(self, session: SessionId, client: ClientId) -> None: ...

    async def cancel(self, session: SessionId, client: ClientId) -> None: ...


async def commands_per_second(
    desk: Desk, sessions: Sequence[SessionId], clients: Sequence[ClientId], seconds: float
) -> float:
    """Commands answered a second; every client ends with a seat booked in ``sessions[0]``."""
    until = time.perf_counter() + seconds
    choice = random.Random(1)

    async def command(client: ClientId) -> int:
        done = 0
        while time.perf_counter() < until:
            session = choice.choice(sessions)
            await desk.book(session, client)
            await desk.cancel(session, client)
            done += 2
        return done

    began = time.perf_counter()
    done = sum(await asyncio.gather(*map(command, clients)))
    rate = done / (time.perf_counter() - began)
    await asyncio.gather(*(desk.book(sessions[0], client) for client in clients))
    return rate
