"""A gateway as it faces the internet, and what it tells of itself while strangers try things."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import jwt
import pytest

from tests.world.gateways import gateway
from tests.world.gym import Gym, opened
from tests.world.system import System, data_folder
from tests.world.waiting import until

ISSUER, AUDIENCE, SECRET = "https://issuer.example", "fuzz", secrets.token_hex(32)
LINK = """mutation ($input: LinkIdentityInput!) {
  linkIdentity(input: $input) { linkedId userErrors { code } } }"""
BUSY = 16  # questions at once, so that every pool is as large as it gets
SETTLED_WITHIN = 30.0  # seconds; a client that was cut off is noticed by its connection

SAMPLE = re.compile(r"^(\w+?)(?:\{(.*)\})? (\S+)$", re.M)
OPEN = ("process_open_fds", "b2b_tasks", "b2b_live_connections", "b2b_subscribers",
        "b2b_subscription_groups")  # fmt: skip
"""What must be as it was when everybody has gone."""


@dataclass
class Edge:
    """One gateway with production's settings."""

    url: str
    gym: Gym
    http: httpx.AsyncClient

    @property
    def token(self) -> str:
        """The owner's; who has it may watch everything."""
        return self.gym.owner.headers["authorization"]

    def short_token(self, seconds: float) -> str:
        """The owner's by another issuer, which ends soon."""
        now = datetime.now(UTC)
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "olga", "role": "authenticated",
                  "iat": now, "exp": now.timestamp() + seconds}  # fmt: skip
        return f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"

    async def open(self) -> dict[str, float]:
        """How much of each of ``OPEN`` there is."""
        told = dict.fromkeys(OPEN, 0.0)
        for name, _, value in await self._samples():
            if name in told:
                told[name] += float(value)
        return told

    async def faults(self) -> dict[str, float]:
        """Everything it counts as a fault of its own: each 5xx, each masked error."""
        return {
            f"{name} {labels}": float(value)
            for name, labels, value in await self._samples()
            if float(value) and ('status="5' in labels or 'outcome="failed"' in labels)
            and name.endswith(("_total", "_count"))
        }  # fmt: skip

    async def settled(self) -> dict[str, float]:
        """What is open while nobody is here, with every pool as large as it gets."""
        body = {"query": "{ gym { locations { id } } }"}
        headers = {"authorization": self.token}
        for _ in range(3):
            answers = await asyncio.gather(
                *(self.http.post("/graphql", json=body, headers=headers) for _ in range(BUSY))
            )
            assert all(answer.status_code == 200 for answer in answers), answers
        return await self.open()

    async def is_as(self, before: dict[str, float], within: float) -> None:
        """Nothing more is open than ``before``, it is ready, and counted no fault of its own."""

        async def as_before() -> bool:
            now = await self.open()
            return all(now[name] <= before[name] for name in OPEN)

        await until(as_before, within)
        assert await self.is_ready()
        assert await self.faults() == {}

    async def is_ready(self) -> bool:
        return (await self.http.get("/health/ready")).status_code == 200

    async def _samples(self) -> list[tuple[str, str, str]]:
        answer = await self.http.get("/metrics")
        return SAMPLE.findall(answer.text)


@pytest.fixture(scope="session")
async def edge() -> AsyncIterator[Edge]:
    """Started once; many strangers do not harm it."""
    issuer = {"issuer": ISSUER, "audiences": [AUDIENCE], "algorithms": ["HS256"],
              "hs256_secret": SECRET, "required_role": "authenticated"}  # fmt: skip
    settings = {"B2B_ENV": "production", "B2B_CLOCK_FILE": "", "ISSUERS": json.dumps([issuer])}
    with data_folder("fuzz") as folder:
        async with System(folder) as system:
            gym = await opened(system.installation, system.url)
            client = (await gym.owner.ask("{ viewer { id } }"))["id"]
            await gym.owner.done(LINK, issuer=ISSUER, subject="olga", staffId=client)
            async with (
                gateway(system, **settings) as url,
                httpx.AsyncClient(base_url=url, timeout=20) as http,
            ):
                yield Edge(url, gym, http)
            await gym.aclose()
