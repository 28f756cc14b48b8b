"""A gym for one journey: registered by the operator, staffed and filled through GraphQL."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from chassis.clock import LOOK_EVERY, MovableClock
from contracts.ids import PLATFORM, GymId, StaffId, new_id
from contracts.members import RegisterGym
from deploy.local.access import Access
from tests.world import documents
from tests.world.bus import Bus
from tests.world.people import PASSWORD, Person


@dataclass
class Member:
    """A client with credits who can sign in."""

    id: str
    at: Person
    email: str


@dataclass
class Gym:
    """One gym and the people of a journey."""

    id: GymId
    url: str
    slug: str
    clock: MovableClock
    owner: Person
    location: str = ""
    patience: float = 0
    """Seconds its people go on asking the same while nobody answers."""
    people: list[Person] = field(default_factory=list)
    since: datetime = field(init=False)
    """When it was opened: midnight may come while a test goes on."""

    def __post_init__(self) -> None:
        self.since = self.clock.now()

    async def person(self, email: str) -> Person:
        """Somebody of this gym, signed in."""
        person = Person(self.url, patience=self.patience)
        self.people.append(person)
        await person.sign_in(self.slug, email)
        return person

    async def staff(self, role: str) -> Person:
        """A new staff member, signed in."""
        email = f"{role.lower()}-{new_id().hex}@x.test"
        await self.owner.done(
            documents.HIRE, name=role.title(), email=email, roles=[role], password=PASSWORD
        )
        return await self.person(email)

    async def member(self, name: str = "Mia", *, pack: int = 5) -> Member:
        """A new client with a pack of credits (0: none), signed in."""
        email = f"{name.lower()}-{new_id().hex}@x.test"
        client = await self.client(name, pack=pack, email=email, password=PASSWORD)
        return Member(client, await self.person(email), email)

    async def client(self, name: str = "Carla", *, pack: int = 5, **known: str) -> str:
        """A new client with a pack of credits (0: none), who does not sign in."""
        told = await self.owner.done(documents.REGISTER, name=name, **known)
        client: str = told["client"]["id"]
        if pack:
            await self.owner.done(documents.GRANT, clientId=client, credits=pack)
        return client

    async def clients(self, count: int) -> list[str]:
        """So many of them."""
        turns = asyncio.Semaphore(8)

        async def one() -> str:
            async with turns:
                return await self.client()

        return await asyncio.gather(*(one() for _ in range(count)))

    async def session(self, capacity: int = 10, hours: float = 24, minutes: int = 60) -> str:
        """A session that starts in ``hours`` and lasts ``minutes``, shown on the calendar."""
        starts_at = self.clock.now() + timedelta(hours=hours)
        ends_at = starts_at + timedelta(minutes=minutes)
        told = await self.owner.done(
            documents.SCHEDULE, title="Spin", locationId=self.location, capacity=capacity,
            startsAt=starts_at.isoformat(), endsAt=ends_at.isoformat(),
            timeZone="Europe/Berlin",
        )  # fmt: skip
        return str(told["sessionId"])

    async def aclose(self) -> None:
        for person in self.people:
            await person.aclose()


async def opened(installation: Access, url: str, *, patience: float = 0) -> Gym:
    """A new gym with an owner and a location."""
    clock = MovableClock(installation.clock_file)
    slug, email = f"gym-{new_id().hex[-12:]}", f"owner-{new_id().hex}@x.test"
    gym_id = GymId(new_id())
    command = RegisterGym(
        gym_id=gym_id, slug=slug, name="Iron", time_zone="Europe/Berlin", currency="EUR",
        owner_id=StaffId(new_id()), owner_name="Olga", owner_email=email, owner_password=PASSWORD,
    )  # fmt: skip
    async with Bus(installation) as bus:
        reply = await bus.ask(command, PLATFORM)
    assert reply.outcome == "done", reply
    owner = Person(url, patience=patience)
    gym = Gym(gym_id, url, slug, clock, owner, patience=patience, people=[owner])
    await owner.sign_in(slug, email)
    told = await owner.done(documents.OPEN, name="Mitte", timeZone="Europe/Berlin")
    gym.location = told["location"]["id"]
    return gym


def move_clock(file: Path, by: timedelta) -> None:
    """Move the processes' clock on by ``by``."""
    offset = float(file.read_text()) if file.exists() else 0.0
    new = file.with_suffix(".new")
    new.write_text(str(offset + by.total_seconds()))
    new.rename(file)  # a reader never sees half a number
    time.sleep(LOOK_EVERY)  # how long a process may go on without having looked
