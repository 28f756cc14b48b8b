"""``telemetry``: what a booking costs with a tenth of all traces sampled and sent, to without any.

Two systems stand side by side, each on servers of its own; one sends its spans to a collector in
yet another process, the other was never told of one. Members book over GraphQL and HTTP and read
the class again, while screens follow the roster; the CPU is that of all processes and servers,
without what the system that sends nothing takes while nobody books.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count, cycle

from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground, stand
from bench.live.screen import Screens
from bench.live.screens import BOOK, SEATS, WATCH
from bench.live.system import System, spent, system
from bench.live.wire import Connection, graphql, open_all, request
from contracts.ids import ClientId, new_id, show
from deploy.local.places import free_port
from deploy.local.supervisor import Program, Supervisor
from deploy.schema import ROOT

SAMPLED = "0.1"
CONNECTIONS = 32
IDLE = 5.0  # seconds to see what a system does for itself
SCREENS = 20  # each on another class
PATIENCE = 10.0  # seconds for a read model to show what was planned
SETTLE = 2.5  # seconds for read models, screens and exporters, on both sides
SEND_EVERY = "1000"  # milliseconds, so that all a round made is sent in it; five times as often

READ = """query Session($id: ID!) { session(id: $id) {
  title startsAt reserved capacity waiting } }"""


async def telemetry(ground: Ground) -> Figure:
    """CPU seconds a booking, whole systems."""
    collector = free_port()
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector}",
        "OTEL_BSP_SCHEDULE_DELAY": SEND_EVERY,
        "TRACE_SAMPLE_RATIO": SAMPLED,
    }
    async with (
        _collecting(ground, collector),
        stand(ground.sizes, ground.tell) as other,
        system(ground, settings=settings) as traced,
        system(other) as plain,
    ):
        ours, theirs = await _Town.of(traced, "traced"), await _Town.of(plain, "plain")

        await ours.bookings(0.0), await theirs.bookings(0.0)  # caches and plans
        idle = await theirs.idle()
        ground.tell(f"while nobody books, {idle:.3f} of a core")

        async def followed() -> float:
            before = await _taken(collector)
            cost = await ours.bookings(idle)
            _must_have_come(before, await _taken(collector))
            return cost

        return await ratio(
            ground.sizes.rounds, followed, lambda: theirs.bookings(idle), unit="µs",
            tell=ground.tell,
        )  # fmt: skip


class _Town:
    """One system and its members."""

    def __init__(
        self, running: System, name: str, people: Sequence[ClientId], trainer: str
    ) -> None:
        self._running, self._name, self._people, self._trainer = running, name, people, trainer
        self._rounds = count()

    @classmethod
    async def of(cls, running: System, name: str) -> "_Town":
        people = await running.clients(running.ground.sizes.bookings)
        return cls(running, name, people, (await running.trainers(1))[0])

    async def idle(self) -> float:
        """CPU seconds a second while nobody books."""
        began, before = time.monotonic(), self._running.cpu()
        await asyncio.sleep(IDLE)
        used = sum(self._running.cpu().values()) - sum(before.values())
        return used / (time.monotonic() - began)

    async def bookings(self, idle: float) -> float:
        """Everybody books a class, the class is full then; microseconds of CPU for each.

        ``idle`` is what would have been used all the same, CPU seconds a second.
        """
        running, hours = self._running, 24 + next(self._rounds)
        tokens = await running.members(self._people)
        classes = [
            show("ses", await running.schedule(SEATS, hours=hours))
            for _ in range(-(-len(tokens) // SEATS))
        ]
        screens = [Screens(running.port, WATCH, {"id": one}) for one in classes[:SCREENS]]
        for screen in screens:
            await screen.switch_on([self._trainer])
        connections = await open_all(running.port, CONNECTIONS)
        await _shown(connections[0], classes[-1], tokens[0])
        wanted = zip(cycle(classes), tokens, strict=False)

        async def book(connection: Connection) -> None:
            for session, token in wanted:
                await _book(connection, session, token)

        began, before = time.monotonic(), running.cpu()
        await asyncio.gather(*map(book, connections))
        await asyncio.sleep(SETTLE)
        after, seconds = running.cpu(), time.monotonic() - began
        for screen in screens:
            screen.switch_off()
        for connection in connections:
            connection.close()
        running.ground.tell(f"{self._name}: CPU a booking: {spent(before, after, len(tokens))}")
        used = sum(after.values()) - sum(before.values()) - idle * seconds
        return used / len(tokens) * 1e6


async def _book(connection: Connection, session: str, token: str) -> None:
    asked = {"idempotencyKey": str(new_id()), "sessionId": session}
    answer = await connection.send(graphql(BOOK, {"input": asked}, token))
    told = answer.json()["data"]["bookClass"]
    if told["userErrors"]:
        raise WrongResult(f"refused: {told['userErrors']}")
    (await connection.send(graphql(READ, {"id": session}, token))).json()


async def _shown(connection: Connection, session: str, token: str) -> None:
    """Return when the class, the last one planned, can be read."""
    async with asyncio.timeout(PATIENCE):
        while True:
            told = (await connection.send(graphql(READ, {"id": session}, token))).json()
            if told["data"]["session"] is not None:
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _collecting(ground: Ground, port: int) -> AsyncIterator[None]:
    """A collector in a process of its own, which no system's CPU counts."""
    supervisor = Supervisor(lambda name, line: ground.tell(f"{name}: {line}"))
    environment = {"PATH": os.environ.get("PATH", ""), "PORT": str(port)}
    command = (sys.executable, "-m", "bench.collector")
    await supervisor.start(Program("collector", command, environment, port, str(ROOT)))
    try:
        yield
    finally:
        await supervisor.drain(5)


async def _taken(port: int) -> dict[str, int]:
    """Spans that arrived so far, by process."""
    http = await Connection.to(port)
    try:
        return dict((await http.send(request("GET", "/taken"))).json())
    finally:
        http.close()


def _must_have_come(before: dict[str, int], after: dict[str, int]) -> None:
    for name in ("gateway", "booking", "projections"):
        if after.get(name, 0) <= before.get(name, 0):
            raise WrongResult(f"{name} sent no spans")
