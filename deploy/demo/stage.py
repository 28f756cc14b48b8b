"""One demo gym as those who keep it moving see it: its screens, and who is there to act."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx

from chassis.clock import Clock
from contracts.permissions import Role
from deploy.demo.app import App
from deploy.demo.gyms import DemoGym

CALENDAR = """query ($from: DateTime!, $to: DateTime!) {
  calendar(from: $from, to: $to, first: 100) {
    nodes { id startsAt endsAt status reserved capacity } } }"""
CLIENTS = "{ clients(first: 100) { nodes { id } } }"
PLACE = "{ gym { timeZone locations { id } } }"
DOORS = "{ doors { id } }"
MINE = """{ myBookings(first: 20) { nodes {
  session { id startsAt } reservation { status } waitlistEntry { id } } } }"""
ROSTER = """query ($id: ID!) { roster(sessionId: $id) {
  reservations { clientId status } waitlist { clientId } } }"""

BEHIND, AHEAD = timedelta(hours=2), timedelta(days=6)
"""What of the calendar is looked at: seats are booked six days ahead."""
CHECK_IN = timedelta(minutes=25)
"""Before a class, and a little less than it takes for check-in to open."""
POP_UP_IN, POP_UP_TAKES = timedelta(minutes=2), timedelta(minutes=20)
"""When no class is near one is announced, so that somebody can be checked in at any hour."""
POP_UP_SEATS = 12

Json = dict[str, Any]


class Stage:
    """A gym and its people's apps."""

    def __init__(
        self, gym: DemoGym, http: httpx.AsyncClient, clock: Clock, troubles: Counter[str]
    ) -> None:
        self._clock = clock
        self.owner = App(http, gym.slug, gym.one(Role.OWNER).email, troubles)
        self.desk = App(http, gym.slug, gym.one(Role.FRONT_DESK).email, troubles)
        self.coach = App(http, gym.slug, gym.one(Role.TRAINER).email, troubles)
        self.members = [App(http, gym.slug, gym.email(one), troubles) for one in gym.members]
        self.clients: list[str] = []
        self.doors: list[str] = []
        self.sessions: list[Json] = []
        self._place: Json = {}

    async def open(self) -> None:
        """Sign everybody in and look around. Raises ``Trouble``."""
        staff = (self.owner, self.desk, self.coach)
        await asyncio.gather(*(one.sign_in() for one in (*staff, *self.members)))
        clients = await self.desk.ask(CLIENTS)
        self.clients = [one["id"] for one in clients["clients"]["nodes"]]
        self._place = (await self.owner.ask(PLACE))["gym"]
        self.doors = [one["id"] for one in (await self.desk.ask(DOORS))["doors"]]
        await self.look()

    async def look(self) -> None:
        """See the calendar anew; announce a class when none is near."""
        now = self._clock.now()
        span = {"from": (now - BEHIND).isoformat(), "to": (now + AHEAD).isoformat()}
        told = await self.desk.ask(CALENDAR, **span)
        self.sessions = [
            one for one in told["calendar"]["nodes"] if one["status"] == "SCHEDULED"
        ]  # fmt: skip
        if not self.near():
            starts_at = now + POP_UP_IN
            await self.owner.do(
                "scheduleSession", title="Pop-up", locationId=self._place["locations"][0]["id"],
                startsAt=starts_at.isoformat(), endsAt=(starts_at + POP_UP_TAKES).isoformat(),
                timeZone=self._place["timeZone"], capacity=POP_UP_SEATS,
            )  # fmt: skip

    def near(self) -> list[str]:
        """Classes people may be checked in to."""
        now = self._clock.now()
        return [
            one["id"] for one in self.sessions
            if _at(one["startsAt"]) - CHECK_IN <= now <= _at(one["endsAt"])
        ]  # fmt: skip

    def over(self) -> list[str]:
        """Classes whose books are still open."""
        now = self._clock.now()
        return [one["id"] for one in self.sessions if _at(one["endsAt"]) < now]

    def to_come(self) -> list[str]:
        """Classes that may be booked."""
        now = self._clock.now()
        return [one["id"] for one in self.sessions if _at(one["startsAt"]) > now]

    def full(self) -> list[str]:
        """Classes to come without a free seat."""
        taken = {one["id"] for one in self.sessions if one["reserved"] >= one["capacity"]}
        return [one for one in self.to_come() if one in taken]

    async def booked_by(self, member: App) -> list[str]:
        """Classes to come the member has a seat in."""
        return [
            one["session"]["id"] for one in await self._to_come_of(member)
            if (one["reservation"] or {}).get("status") == "RESERVED"
        ]  # fmt: skip

    async def waited_for_by(self, member: App) -> list[str]:
        """Classes to come the member stands in line for."""
        return [
            one["session"]["id"] for one in await self._to_come_of(member) if one["waitlistEntry"]
        ]

    async def _to_come_of(self, member: App) -> list[Json]:
        mine: list[Json] = (await member.ask(MINE))["myBookings"]["nodes"]
        return [one for one in mine if _at(one["session"]["startsAt"]) > self._clock.now()]

    async def somebody(self, session: str, status: str, chance: Random) -> str | None:
        """A client with a seat of that status in the class."""
        roster = (await self.coach.ask(ROSTER, id=session))["roster"]
        seats = roster["reservations"] if roster else []
        found = [one["clientId"] for one in seats if one["status"] == status]
        return chance.choice(found) if found else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
