"""``replicas_rush`` and ``replicas_spread``: two of every process to one, on the same machine.

Both sides are the whole system, through GraphQL over HTTP, on the same servers and data; between
rounds the second ones are stopped or started, and everybody has a turn before time is taken. With
two, half of the people are at each gateway. What is asked is the same: the thousand members of
``rush`` on one class, and commanders who book and give up seats of a thousand classes.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from bench.live.rush import ASK_AGAIN, BOOK, SEATS, rushed
from bench.live.screens import CANCEL
from bench.live.system import System, as_shipped, spent, system
from bench.live.wire import Connection, graphql, open_all_in_turn
from bench.write.commanders import commands_per_second
from chassis.eventstore.postgres import PostgresRecorder
from chassis.eventstore.store import EventStore
from chassis.tenancy import open_pool
from contracts.ids import ClientId, SessionId, new_id, show
from deploy.local.places import free_port
from deploy.local.runner import WAVES
from deploy.local.supervisor import Program
from services.booking.domain.class_session import class_session

SECOND = " 2"  # what the second one's name ends with
DRAIN_WITHIN = 10.0  # seconds
WARM_PART = 0.25  # of a round's time
AT_ONCE = 32  # classes being made


async def replicas_rush(ground: Ground) -> Figure:
    """Seconds to seconds."""
    async with system(ground) as running:
        people = await running.clients(ground.sizes.members)
        rounds = count()

        async def with_gateways(ports: Sequence[int]) -> float:
            seconds = 0.0
            for _ in ("warm", "timed"):
                session = await running.schedule(SEATS, hours=24 + next(rounds))
                seconds = await rushed(running, ports, session, people)
            return seconds

        async def two() -> float:
            return await with_gateways(await _doubled(running))

        async def one() -> float:
            return await with_gateways(await _single(running))

        return await ratio(ground.sizes.rounds, two, one, unit="s", tell=ground.tell)


async def replicas_spread(ground: Ground) -> Figure:
    """Commands a second to commands a second."""
    async with system(ground) as running:
        people = await running.clients(ground.sizes.commanders)
        sessions = await _scheduled(running, ground.sizes.classes, seats=len(people))

        async def with_gateways(ports: Sequence[int]) -> float:
            rate = 0.0
            for seconds in (WARM_PART * ground.sizes.seconds, ground.sizes.seconds):
                rate = await _commanded(running, ports, sessions, people, seconds)
            return rate

        async def two() -> float:
            return await with_gateways(await _doubled(running))

        async def one() -> float:
            return await with_gateways(await _single(running))

        return await ratio(ground.sizes.rounds, two, one, unit="commands/s", tell=ground.tell)


async def _doubled(running: System) -> list[int]:
    """See to it that there are two of every process; the gateways' ports."""
    for wave in WAVES:
        wanted = [name for name in wave if name + SECOND not in running.supervisor.children]
        await running.supervisor.start(*(_second(running, name) for name in wanted))
    second = running.supervisor.children["gateway" + SECOND].program.health_port
    return [running.port, second]


async def _single(running: System) -> list[int]:
    """See to it that there is one of every process; the gateway's port."""
    seconds = [name for name in running.supervisor.children if name.endswith(SECOND)]
    leaving = [running.supervisor.children.pop(name) for name in seconds]
    await asyncio.gather(*(child.stop(DRAIN_WITHIN) for child in leaving))
    return [running.port]


def _second(running: System, name: str) -> Program:
    usual, port = as_shipped(running.ground.installation, name), free_port()
    where = "GATEWAY_PORT" if name == "gateway" else "HEALTH_PORT"
    environment = {**usual.environment, where: str(port)}
    return replace(usual, name=name + SECOND, environment=environment, health_port=port)


async def _scheduled(running: System, classes: int, *, seats: int) -> list[SessionId]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> SessionId:
        async with turns:
            return await running.schedule(seats)

    return await asyncio.gather(*(one() for _ in range(classes)))


class _Desk:
    """Takes commands of people who each have a connection to one of the gateways."""

    def __init__(
        self, connections: dict[ClientId, Connection], tokens: dict[ClientId, str]
    ) -> None:
        self._connections, self._tokens = connections, tokens
        self.answered = 0

    async def book(self, session: SessionId, client: ClientId) -> None:
        await self._ask(BOOK, session, client)

    async def cancel(self, session: SessionId, client: ClientId) -> None:
        await self._ask(CANCEL, session, client)

    async def _ask(self, document: str, session: SessionId, client: ClientId) -> None:
        asked = {"idempotencyKey": str(new_id()), "sessionId": show("ses", session)}
        press = graphql(document, {"input": asked}, self._tokens[client])
        answer = await self._connections[client].send(press)
        while any(code in answer.body for code in ASK_AGAIN):
            answer = await self._connections[client].send(press)
        (told,) = answer.json()["data"].values()
        if told["userErrors"]:
            raise WrongResult(f"refused: {told['userErrors']}")
        self.answered += 1


@asynccontextmanager
async def _desk(
    running: System, ports: Sequence[int], people: Sequence[ClientId]
) -> AsyncIterator[_Desk]:
    connections = await open_all_in_turn(ports, len(people))
    try:
        held = await running.members(people)
        yield _Desk(
            dict(zip(people, connections, strict=True)), dict(zip(people, held, strict=True))
        )
    finally:
        for connection in connections:
            connection.close()


async def _commanded(
    running: System,
    ports: Sequence[int],
    sessions: Sequence[SessionId],
    people: Sequence[ClientId],
    seconds: float,
) -> float:
    """Commands answered a second; nobody has a seat afterwards, as before."""
    async with _desk(running, ports, people) as desk:
        before = running.cpu()
        rate = await commands_per_second(desk, sessions, people, seconds)
        told = spent(before, running.cpu(), desk.answered)
        running.ground.tell(f"{rate:.0f} commands/s, CPU a command: {told}")
        await _must_be_reserved(running, sessions[0], set(people))
        await asyncio.gather(*(desk.cancel(sessions[0], client) for client in people))
        await _must_be_reserved(running, sessions[0], set())
    return rate


async def _must_be_reserved(running: System, session: SessionId, people: set[ClientId]) -> None:
    """Raises ``WrongResult`` unless they and nobody else have a seat, folded from the store."""
    dsn = running.ground.installation.environment("booking")["DATABASE_URL"]
    pool = await open_pool(dsn, name="bench", size=1)
    try:
        store = EventStore(PostgresRecorder(pool))
        state, _ = await store.read(running.gym_id, class_session, session)
    finally:
        await pool.close()
    if set(state.reserved) != people:
        raise WrongResult(f"{len(state.reserved)} seats are taken, {len(people)} acknowledged")
