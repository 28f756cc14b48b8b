"""Two of every process on one machine: what each of them has done, by its own metrics."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families

from chassis.reader import count_behind
from deploy.local.access import PROCESSES
from deploy.local.runner import WAVES
from services.projections.app import models
from tests.world.bus import Bus
from tests.world.gym import Gym
from tests.world.people import Person
from tests.world.system import System
from tests.world.waiting import until

WITHIN = 60.0  # seconds until one of two must have been elected
CHECKPOINTS = "SELECT name, seq FROM views.checkpoints"


class Pair(NamedTuple):
    """One number of each."""

    first: float
    second: float

    @property
    def both(self) -> float:
        return self.first + self.second

    def since(self, before: "Pair") -> "Pair":
        """How much each has grown."""
        return Pair(self.first - before.first, self.second - before.second)


@dataclass(frozen=True, slots=True)
class Replicas:
    """A system in which there are ``booking`` and ``booking 2``, and two of all others."""

    system: System

    @property
    def urls(self) -> tuple[str, str]:
        """Where the gateways are."""
        first, second = (self._port(name) for name in twins("gateway"))
        return f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"

    async def each(self, process: str, metric: str, **labels: str) -> Pair:
        """What both say about ``metric``, all samples with these ``labels`` added up."""
        first, second = twins(process)
        return Pair(
            await self.told(first, metric, **labels), await self.told(second, metric, **labels)
        )

    async def told(self, name: str, metric: str, **labels: str) -> float:
        """What one of them says. Raises ``httpx.TransportError`` when it does not answer."""
        async with httpx.AsyncClient(timeout=30) as http:
            page = (await http.get(f"http://127.0.0.1:{self._port(name)}/metrics")).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        )

    async def elected(self, process: str, metric: str, **labels: str) -> str:
        """The one of both that says 1, as soon as the other says 0."""

        async def one() -> str | None:
            try:
                said = await self.each(process, metric, **labels)
            except httpx.TransportError:
                return None  # it is being started again
            return twins(process)[said.index(1)] if sorted(said) == [0, 1] else None

        found: str = await until(one, WITHIN)
        return found

    async def relaying(self, process: str) -> str:
        """The one of both whose relay is at work."""
        return await self.elected(process, "b2b_relay_state", **_relaying(process))

    async def keeping_time(self, process: str) -> str:
        """The one of both that carries deadlines out."""
        return await self.elected(process, "b2b_deadline_worker")

    async def takes_over(self, name: str) -> None:
        """Return when the relay of that one is at work, whatever the other says."""
        label = _relaying(name.removesuffix(" 2"))

        async def at_work() -> bool:
            return await self.told(name, "b2b_relay_state", **label) == 1

        await until(at_work, WITHIN)

    async def home_of(self, gym: Gym) -> int:
        """Which booking decides for the gym: 0 or 1."""
        scheduled = {"command": "booking.schedule_session", "outcome": "done"}
        before = await self.each("booking", "b2b_commands_total", **scheduled)
        await gym.session()
        after = await self.each("booking", "b2b_commands_total", **scheduled)
        grown = after.since(before)
        assert sorted(grown) == [0, 1], grown
        return grown.index(1)

    async def stands_by(self, name: str) -> None:
        """Return when the relay of that one does; at first it does not know yet."""
        label = {"b2b_relay_state": "standby", "context": name.removesuffix(" 2")}

        async def waits() -> bool:
            return await self.told(name, "b2b_relay_state", **label) == 1

        await until(waits, WITHIN)

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """It does nothing for the length of the block, and does not know."""
        pid = self.system.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    async def applied(self) -> dict[str, Pair]:
        """Read model -> how many events each of both has applied to it."""
        async with Bus(self.system.installation) as bus:
            names = [one.name for one in models(bus.asker, bus.clock)]
        metric = partial(self.each, "projections", "b2b_projection_applied_total")
        return {name: await metric(projection=name) for name in names}

    async def places(self) -> dict[str, int]:
        """Read model -> the sequence it is at."""
        db = await asyncpg.connect(self.system.installation.dsn("auditor", "b2b_views"))
        try:
            return {row["name"]: row["seq"] for row in await db.fetch(CHECKPOINTS)}
        finally:
            await db.close()

    async def events_behind(self, places: dict[str, int]) -> dict[str, int]:
        """Read model -> how many events there are for it behind these places."""
        async with Bus(self.system.installation) as bus:
            return {
                one.name: await count_behind(
                    bus.client, one.source, one.subjects, places[one.name]
                )
                for one in models(bus.asker, bus.clock)
            }  # fmt: skip

    def _port(self, name: str) -> int:
        return self.system.supervisor.children[name].program.health_port


def twins(process: str) -> tuple[str, str]:
    """The names of both."""
    return process, f"{process} 2"


def other(name: str) -> str:
    """The twin of that one."""
    first, second = twins(name.removesuffix(" 2"))
    return second if name == first else first


def _relaying(process: str) -> dict[str, str]:
    return {"b2b_relay_state": "running", "context": process}


@asynccontextmanager
async def doubled(system: System) -> AsyncIterator[Replicas]:
    """A second one of every process, for the length of the block."""
    await system.all_ready()
    try:
        for wave in WAVES:
            await asyncio.gather(*(system.start(one, name=twins(one)[1]) for one in wave))
        yield Replicas(system)
    finally:
        for one in reversed(PROCESSES):
            if twins(one)[1] in system.supervisor.children:
                await system.stop(twins(one)[1])


async def at(url: str, gym: Gym) -> Person:
    """The owner of ``gym`` at another gateway."""
    person = Person(url, patience=gym.patience)
    gym.people.append(person)
    await person.sign_in(gym.slug, gym.owner.email)
    return person
