"""Keeps the demo gyms moving: people book, give up, wait and come, staff books, checks in, closes.

Everything goes through GraphQL, as from apps. What a rule refuses is part of life and counted.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import httpx

from chassis.clock import Clock
from deploy.demo.app import App
from deploy.demo.gyms import GYMS
from deploy.demo.stage import Stage

AT_ONCE = 32  # deeds under way; at a higher rate the next ones wait
LOOK_EVERY = 20.0  # seconds between looks at the calendars
TELL_EVERY = 5.0  # seconds
PATIENCE = 10.0  # seconds for one answer
END_WITHIN = 5.0  # seconds for what is under way when it is to stop

Deed = tuple[App, str, dict[str, Any]]
Say = Callable[[str], None]


class Traffic:
    """``run`` until told to stop; ``done`` and ``refused`` say what has become of it so far."""

    def __init__(self, url: str, clock: Clock, rate: float, *, seed: str | None = None) -> None:
        """``rate`` is deeds a second, in both gyms together."""
        self._url, self._clock, self._rate = url, clock, rate
        self._chance = Random(seed)
        self._free = asyncio.Semaphore(AT_ONCE)
        self.done: Counter[str] = Counter()
        """Mutation -> how often it was carried out."""
        self.refused: Counter[str] = Counter()
        """Code -> how often a rule said no."""
        self.by_members: Counter[str] = Counter()
        """Mutation -> how often members asked for it themselves, whatever came of it."""
        self.troubles: Counter[str] = Counter()
        """What got in the way of an answer, and was overcome."""

    async def run(self, stop: asyncio.Event, say: Say) -> None:
        """Until ``stop``; what is under way then may be answered yet. Raises ``Trouble``."""
        stages: list[Stage] = []
        stopping = asyncio.create_task(stop.wait())
        limits = httpx.Limits(max_connections=2 * AT_ONCE)
        async with httpx.AsyncClient(base_url=self._url, timeout=PATIENCE, limits=limits) as http:
            stages += [Stage(gym, http, self._clock, self.troubles) for gym in GYMS]
            moving = asyncio.create_task(self._move(stages, stop, say))
            await asyncio.wait({moving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({moving}, timeout=END_WITHIN)
            moving.cancel()
            stopping.cancel()
            await _ended(moving)
        say(self.summary())

    async def _move(self, stages: list[Stage], stop: asyncio.Event, say: Say) -> None:
        await asyncio.gather(*(stage.open() for stage in stages))
        say(f"traffic: {self._rate:g} a second on {self._url}; Ctrl-C stops it")
        async with asyncio.TaskGroup() as work:
            looking = work.create_task(_every(LOOK_EVERY, lambda: _look(stages)))
            telling = work.create_task(_every(TELL_EVERY, lambda: _told(say, self.summary())))
            while not stop.is_set():
                await self._free.acquire()
                stage = self._chance.choice(stages)
                work.create_task(self._one(stage)).add_done_callback(self._finished)
                await _pause(stop, 1 / self._rate)
            looking.cancel()
            telling.cancel()

    def summary(self) -> str:
        """What has become of it so far, in a line."""
        parts = [", ".join(f"{name} {n}" for name, n in self.done.most_common()) or "nothing yet"]
        for name, counted in (("refused", self.refused), ("overcome", self.troubles)):
            if counted:
                told = ", ".join(f"{code} {n}" for code, n in counted.most_common())
                parts.append(f"{name}: {told}")
        return f"traffic: {'; '.join(parts)}"

    def _finished(self, _: asyncio.Task[None]) -> None:
        self._free.release()

    async def _one(self, stage: Stage) -> None:
        """One deed."""
        kinds = {
            self._books: 4, self._books_at_desk: 4, self._gives_up: 2, self._leaves_seat: 2,
            self._joins: 1, self._leaves_line: 1, self._claims: 1, self._comes: 4,
            self._enters: 3, self._walks_in: 1, self._closes: 1,
        }  # fmt: skip
        kind = self._chance.choices(list(kinds), list(kinds.values()))[0]
        deed = await kind(stage)
        if deed is None:
            return
        who, mutation, given = deed
        self.by_members[mutation] += who in stage.members
        code, _ = await who.do(mutation, **given)
        if code == "done":
            self.done[mutation] += 1
        else:
            self.refused[code] += 1

    async def _books(self, stage: Stage) -> Deed | None:
        session = self._one_of(stage.to_come())
        if session is None:
            return None
        who = self._chance.choice(stage.members)
        return who, "bookClass", {"sessionId": session, "orWaitlist": True}

    async def _books_at_desk(self, stage: Stage) -> Deed | None:
        """Mostly for what is next, so that there is somebody to check in."""
        near = [one for one in stage.to_come() if one in stage.near()]
        session = self._one_of(near or stage.to_come())
        client = self._one_of(stage.clients)
        if session is None or client is None:
            return None
        asked = {"sessionId": session, "clientId": client, "orWaitlist": True}
        return stage.desk, "bookClass", asked

    async def _gives_up(self, stage: Stage) -> Deed | None:
        session = self._one_of(stage.to_come())
        client = await stage.somebody(session, "RESERVED", self._chance) if session else None
        if client is None:
            return None
        return stage.desk, "cancelReservation", {"sessionId": session, "clientId": client}

    async def _leaves_seat(self, stage: Stage) -> Deed | None:
        who = self._chance.choice(stage.members)
        return _about(who, "cancelReservation", self._one_of(await stage.booked_by(who)))

    async def _joins(self, stage: Stage) -> Deed | None:
        who = self._chance.choice(stage.members)
        return _about(who, "joinWaitlist", self._one_of(stage.full()))

    async def _leaves_line(self, stage: Stage) -> Deed | None:
        who = self._chance.choice(stage.members)
        return _about(who, "leaveWaitlist", self._one_of(await stage.waited_for_by(who)))

    async def _claims(self, stage: Stage) -> Deed | None:
        who = self._chance.choice(stage.members)
        return _about(who, "claimSpot", self._one_of(await stage.waited_for_by(who)))

    async def _enters(self, stage: Stage) -> Deed | None:
        """A door that stays shut is an answer too."""
        door, who = self._one_of(stage.doors), self._chance.choice(stage.members)
        return (who, "requestEntry", {"doorId": door}) if door else None

    async def _comes(self, stage: Stage) -> Deed | None:
        session = self._one_of(stage.near())
        client = await stage.somebody(session, "RESERVED", self._chance) if session else None
        if client is None:
            return None
        return stage.coach, "checkIn", {"sessionId": session, "clientId": client}

    async def _walks_in(self, stage: Stage) -> Deed | None:
        session, client = self._one_of(stage.near()), self._one_of(stage.clients)
        if session is None or client is None:
            return None
        return stage.coach, "addWalkIn", {"sessionId": session, "clientId": client}

    async def _closes(self, stage: Stage) -> Deed | None:
        session = self._one_of(stage.over())
        if session is None:
            return None
        return stage.coach, "finalizeAttendance", {"sessionId": session}

    def _one_of(self, several: list[str]) -> str | None:
        return self._chance.choice(several) if several else None


def _about(who: App, mutation: str, session: str | None) -> Deed | None:
    return (who, mutation, {"sessionId": session}) if session else None


async def _ended(moving: asyncio.Task[None]) -> None:
    """Raises the first ``Trouble`` it ended with."""
    try:
        await moving
    except asyncio.CancelledError:
        return
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def _look(stages: list[Stage]) -> None:
    await asyncio.gather(*(stage.look() for stage in stages))


async def _told(say: Say, line: str) -> None:
    say(line)


async def _every(seconds: float, what: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await what()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
