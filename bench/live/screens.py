"""``screens_p99`` and ``screens_cpu``: a booking, and a thousand screens that watch the roster.

A round books and cancels a seat again and again over HTTP. The latency runs from just before the
booking is sent until a screen has the frame that shows it; the CPU is the gateway's, by frames
delivered, to that of a plain Strawberry server whose roster lies in memory.
"""

import os
import sys
import time
from statistics import median, quantiles

from bench.figures import Figure, ratio
from bench.ground import Ground
from bench.live.screen import Screens, first
from bench.live.system import System, system
from bench.live.wire import Connection, graphql, request
from contracts.ids import ClientId, SessionId, new_id, show
from deploy.local.places import free_port
from deploy.local.supervisor import Program
from deploy.schema import ROOT

SEATS = 20
TRAINERS = 10  # a person has at most 500 live operations
BASELINE_SCREENS = 10  # times fewer: each of its deliveries costs a hundred of ours

FIELDS = """id version clientId clientName status source freeUntil madeAt"""
SESSION = """id title startsAt endsAt capacity reserved waiting status"""
WATCH = f"""subscription Watch($id: ID!) {{ rosterChanged(sessionId: $id) {{
  position roster {{ session {{ {SESSION} }} reservations {{ {FIELDS} }} }} }} }}"""
BOOK = """mutation Book($input: BookClassInput!) {
  bookClass(input: $input) { reservation { id } userErrors { code message } } }"""
CANCEL = """mutation Cancel($input: CancelReservationInput!) {
  cancelReservation(input: $input) { reservation { id } userErrors { code message } } }"""


async def screens_p99(ground: Ground) -> Figure:
    """Milliseconds."""
    async with system(ground) as running:
        gym = await _Watched.by(running, ground.sizes.screens)
        rounds = [await gym.latencies(ground.sizes.updates) for _ in range(ground.sizes.rounds)]
        gym.screens.switch_off()
    worst = [quantiles(times, n=100)[-1] * 1e3 for times in rounds]
    middle = median(median(times) for times in rounds) * 1e3
    return Figure(worst, f"half of all screens within {middle:.0f} ms")


async def screens_cpu(ground: Ground) -> Figure:
    """CPU seconds of ours to theirs, by frames delivered."""
    async with system(ground) as running:
        plain = free_port()
        await running.supervisor.start(_strawberry(plain))
        fewer = max(1, ground.sizes.screens // BASELINE_SCREENS)
        gym = await _Watched.by(running, ground.sizes.screens)
        others = Screens(plain, WATCH, {"id": "ses_1"})
        await others.switch_on([""] * fewer)

        async def ours() -> float:
            before, seen = running.cpu()["gateway"], gym.screens.delivered
            await gym.latencies(ground.sizes.updates)
            return (running.cpu()["gateway"] - before) / (gym.screens.delivered - seen) * 1e6

        async def theirs() -> float:
            before, seen = running.cpu()["screens"], others.delivered
            http = await Connection.to(plain)  # it hangs up on who is silent for five seconds
            for _ in range(ground.sizes.updates):
                others.clear()
                made = (await http.send(request("POST", "/book"))).json()["id"]
                await others.until(str(made).encode())
            http.close()
            return (running.cpu()["screens"] - before) / (others.delivered - seen) * 1e6

        figure = await ratio(ground.sizes.rounds, ours, theirs, unit="µs", tell=ground.tell)
        gym.screens.switch_off()
        others.switch_off()
        return figure


class _Watched:
    """A session with all seats but one taken, watched; and who takes and leaves the last one."""

    def __init__(self, running: System, session: SessionId, last: str, watched: Screens) -> None:
        self.screens = watched
        self._running, self._session, self._token = running, session, last

    @classmethod
    async def by(cls, running: System, screens: int) -> "_Watched":
        session = await full_but_one(running)
        people: list[ClientId] = await running.clients(1)
        watched = Screens(running.port, WATCH, {"id": show("ses", session)})
        trainers = await running.trainers(TRAINERS)
        await watched.switch_on([trainers[number % TRAINERS] for number in range(screens)])
        return cls(running, session, (await running.members(people))[0], watched)

    async def latencies(self, updates: int) -> list[float]:
        """Seconds from the booking to the frame, for each of ``updates`` on each screen."""
        took: list[float] = []
        http = await Connection.to(self._running.port)
        for _ in range(updates):
            self.screens.clear()
            began = time.perf_counter()
            shows = await self._change(http, BOOK, "bookClass")
            await self.screens.until(shows)
            took += [(first(screen, shows) or 0) - began for screen in self.screens.all]
            self.screens.clear()
            await self._change(http, CANCEL, "cancelReservation")
            await self.screens.until(shows, absent=True)
        http.close()
        return took

    async def _change(self, http: Connection, document: str, name: str) -> bytes:
        asked = {"idempotencyKey": str(new_id()), "sessionId": show("ses", self._session)}
        answer = await http.send(graphql(document, {"input": asked}, self._token))
        told = answer.json()["data"][name]
        assert not told["userErrors"], f"{name}: {told['userErrors']}"
        return str(told["reservation"]["id"]).encode()


async def full_but_one(running: System) -> SessionId:
    """A session with one seat left."""
    session = await running.schedule(SEATS)
    http = await Connection.to(running.port)
    for token in await running.members(await running.clients(SEATS - 1)):
        asked = {"idempotencyKey": str(new_id()), "sessionId": show("ses", session)}
        answer = await http.send(graphql(BOOK, {"input": asked}, token))
        assert not answer.json()["data"]["bookClass"]["userErrors"]
    http.close()
    return session


def _strawberry(port: int) -> Program:
    environment = {"PATH": os.environ.get("PATH", ""), "PORT": str(port)}
    command = (sys.executable, "-m", "bench.baselines.screens")
    return Program("screens", command, environment, port, str(ROOT))
