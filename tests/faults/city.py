"""A whole running system to break, and people who keep asking until they are answered."""

import asyncio
import base64
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import nats

from chassis.bus import Asker
from chassis.clock import SystemClock
from contracts.envelope import Caller
from contracts.ids import PLATFORM, GymId, StaffId, new_id, read
from contracts.members import RegisterGym
from contracts.permissions import OPERATOR
from deploy.local.installation import Installation
from deploy.local.runner import WAVES, program
from deploy.local.supervisor import Program, Supervisor
from deploy.schema import ROOT

PATIENCE = 60.0  # seconds a person keeps asking
PASSWORD = "correct horse battery"


class City:
    """Servers and processes of one installation."""

    def __init__(self, data: Path) -> None:
        self.installation = Installation(data)
        self.said: list[str] = []
        self.supervisor = Supervisor(lambda name, line: self.said.append(f"{name} | {line}"))

    async def __aenter__(self) -> Self:
        await self.installation.__aenter__()
        try:
            self.installation.tell_running()
            for wave in WAVES:
                await self.supervisor.start(*(program(self.installation, name) for name in wave))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.drain(8)
        self.installation.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.installation.ports['gateway']}"

    def pid(self, process: str) -> int:
        pid = self.supervisor.children[process].pid
        assert pid is not None, f"{process} is not running"
        return pid

    async def b2b(self, *words: str) -> str:
        """What the operator's command says. Raises ``AssertionError`` when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", *words, cwd=ROOT,
            env={**os.environ, "B2B_DATA": str(self.installation.data)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def consumers(self) -> set[str]:
        """The durable consumers of all event streams: who reacts to what."""
        client = await nats.connect(**self.installation.nats_login("operator"))
        try:
            js = client.jetstream(timeout=3)
            streams = ("EVT_MEMBERS", "EVT_BOOKING", "EVT_ACCESS", "EVT_BILLING")
            return {
                one.config.durable_name
                for stream in streams
                for one in await js.consumers_info(stream)
                if one.config.durable_name
            }
        finally:
            await client.close()

    async def another(self, process: str, port: int) -> str:
        """Start a second replica of ``process``; its name."""
        first = program(self.installation, process)
        environment = {**first.environment, "HEALTH_PORT": str(port)}
        name = f"{process}-2"
        second = Program(name, first.command, environment, port, first.folder)
        await self.supervisor.start(second)
        return name

    async def open_gym(self) -> "Gym":
        """A gym with an owner who is signed in and a location."""
        slug = f"gym-{new_id().hex[-12:]}"
        gym_id, owner_id = GymId(new_id()), StaffId(new_id())
        command = RegisterGym(
            gym_id=gym_id, slug=slug, name=slug, time_zone="Europe/Berlin", currency="EUR",
            owner_id=owner_id, owner_name="Olga Owner", owner_email=f"olga@{slug}.test",
            owner_password=PASSWORD,
        )  # fmt: skip
        client = await nats.connect(**self.installation.nats_login("operator"))
        try:
            key = base64.b64decode(self.installation.environment("gateway")["CALLER_KEY"])
            one = new_id()
            caller = Caller(
                gym_id=PLATFORM, actor="system:operator", roles=(OPERATOR,), command_id=one,
                correlation_id=one, causation_id=one,
                deadline=datetime.now(UTC) + timedelta(seconds=10),
            )  # fmt: skip
            reply = await Asker(client, key=key, clock=SystemClock()).ask(command, caller, 10)
            assert reply.outcome == "done", reply
        finally:
            await client.close()
        gym = Gym(self, gym_id, httpx.AsyncClient(base_url=self.url, timeout=10))
        tokens = await gym.do(
            "signIn", "tokens { accessToken }", gym=slug, email=f"olga@{slug}.test",
            password=PASSWORD,
        )  # fmt: skip
        gym.http.headers["authorization"] = f"Bearer {tokens['tokens']['accessToken']}"
        place = await gym.do(
            "openLocation", "location { id }", name="Main", timeZone="Europe/Berlin"
        )
        gym.location = place["location"]["id"]
        return gym


@dataclass
class Gym:
    """One gym, asked as its owner."""

    city: City
    id: GymId
    http: httpx.AsyncClient
    location: str = ""

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of a query, asked until it is answered."""
        body = {"query": query, "variables": variables}

        async def once() -> Any:
            told = await self._post(body)
            return None if told is None or told.get("errors") else told["data"]

        return await until(once)

    async def do(self, mutation: str, select: str, **given: Any) -> dict[str, Any]:
        """The payload of a mutation, repeated with one key until the outcome is known."""
        kind = mutation[0].upper() + mutation[1:]
        query = (
            f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) "
            f"{{ {select} userErrors {{ code message }} }} }}"
        )
        asked = {"idempotencyKey": str(new_id())} | given
        body = {"query": query, "variables": {"input": asked}}

        async def once() -> dict[str, Any] | None:
            told = await self._post(body)
            if told is None:
                return None
            if told.get("errors"):
                code = told["errors"][0]["extensions"]["code"]
                assert code in RETRIED, told
                return None
            payload: dict[str, Any] = told["data"][mutation]
            return payload

        found: dict[str, Any] = await until(once)
        return found

    async def client(self, credit: int = 20) -> str:
        """A new client with credits."""
        told = await self.do("registerClient", "client { id }", name="Carla Client")
        client: str = told["client"]["id"]
        granted = await self.do("grantCredits", "grant { id }", clientId=client, credits=credit)
        assert not granted["userErrors"], granted
        return client

    async def clients(self, count: int) -> list[str]:
        """New clients with credits."""
        turns = asyncio.Semaphore(8)

        async def one() -> str:
            async with turns:
                return await self.client()

        return await asyncio.gather(*(one() for _ in range(count)))

    async def session(self, capacity: int, hours: float = 48) -> str:
        """A session that starts in so many hours."""
        starts = datetime.now(UTC) + timedelta(hours=hours)
        told = await self.do(
            "scheduleSession", "sessionId", title="Rush", locationId=self.location,
            startsAt=starts.isoformat(), endsAt=(starts + timedelta(hours=1)).isoformat(),
            timeZone="Europe/Berlin", capacity=capacity,
        )  # fmt: skip
        return str(told["sessionId"])

    async def book(self, session: str, client: str, key: str | None = None) -> str:
        """``reserved``, ``waiting`` or the refusal's code."""
        told = await self.do(
            "bookClass", "reservation { id } waitlistEntry { place }", sessionId=session,
            clientId=client, orWaitlist=True, **({"idempotencyKey": key} if key else {}),
        )  # fmt: skip
        if told["userErrors"]:
            return str(told["userErrors"][0]["code"])
        return "reserved" if told["reservation"] else "waiting"

    async def cancel(self, session: str, client: str) -> str:
        """``cancelled`` or the refusal's code."""
        told = await self.do(
            "cancelReservation", "reservation { status }", sessionId=session, clientId=client
        )
        return str(told["userErrors"][0]["code"]) if told["userErrors"] else "cancelled"

    async def _post(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or None when there was none."""
        try:
            response = await self.http.post("/graphql", json=body)
        except httpx.TransportError:
            return None
        if response.status_code >= 500:
            return None
        told: dict[str, Any] = response.json()
        return told


RETRIED = {"BUSY", "UNAVAILABLE", "INTERNAL", "CONSISTENCY_TIMEOUT"}


async def until(once: Callable[[], Awaitable[Any]], patience: float = PATIENCE) -> Any:
    """What ``once`` returns as soon as it is something; ``AssertionError`` when patience ends."""
    ends = time.monotonic() + patience
    while True:
        found = await once()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < ends, "nobody answered in time"
        await asyncio.sleep(0.05)


def uuid_of(shown: str) -> Any:
    """The UUID behind a shown id."""
    return read(shown.partition("_")[0], shown)
