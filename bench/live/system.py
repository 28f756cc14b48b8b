"""The whole system as its processes, one gym in it, and people with tokens."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import jwt
import nats
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench import cpu
from bench.ground import Ground
from chassis.bus.asker import Asker
from chassis.clock import SystemClock
from chassis.tenancy import open_pool
from contracts.booking import BookingPolicy, GrantCredits, ScheduleSession
from contracts.envelope import Caller, Command, Reply
from contracts.ids import (
    PLATFORM,
    ClientId,
    GrantId,
    GymId,
    LocationId,
    SessionId,
    StaffId,
    new_id,
)
from contracts.members import HireStaff, OpenLocation, RegisterClient, RegisterGym
from contracts.permissions import OPERATOR, Role
from deploy.local.installation import Installation
from deploy.local.runner import WAVES, program
from deploy.local.supervisor import Program, Supervisor
from deploy.schema import database_url
from services.members.app import MembersSettings, master_keys
from services.members.signing_keys import Signer, SigningKeys
from services.members.tokens import ACCESS_LIFE, TYPE

SIGN_IN = """
INSERT INTO auth.sign_ins (gym_id, sign_in_id, actor, started_at, expires_at)
VALUES ($1, $2, $3, now(), $4)
"""
A_TOWN = dict.fromkeys(
    ("ADDRESS_RATE", "ADDRESS_BURST", "ADDRESS_CONNECTIONS", "PERSON_RATE", "PERSON_BURST",
     "COST_RATE", "COST_BURST"), "1000000000",
)  # fmt: skip
"""One machine may load it as a whole town would: limits are counted, so that what they cost is
measured, and never reached."""
PATIENCE = timedelta(seconds=20)
AT_ONCE = 32  # commands under way while the gym is made
CREDITS = 1_000
EVERYBODY_WAITS = BookingPolicy(waitlist_max=10_000, waitlist_uncapped=True)


@dataclass
class System:
    """Processes that run, and the gym the bench plays in."""

    ground: Ground
    supervisor: Supervisor
    gym_id: GymId
    _asker: Asker
    _signer: Signer
    location: LocationId = field(default_factory=lambda: LocationId(new_id()))

    @property
    def port(self) -> int:
        """The gateway's."""
        return self.ground.installation.ports["gateway"]

    def pid(self, name: str) -> int:
        """Of one of our processes, or a baseline's."""
        pid = self.supervisor.children[name].pid
        assert pid is not None, f"{name} is not running"
        return pid

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far, by process, servers included."""
        pids = {name: child.pid for name, child in self.supervisor.children.items()}
        installation = self.ground.installation
        for name, server in (("postgres", installation.postgres), ("nats", installation.nats)):
            pids[name] = server.pid if server is not None else None
        return {name: cpu.used([pid]) for name, pid in pids.items() if pid}

    async def signed_in(self, actors: Sequence[str], role: Role) -> list[str]:
        """Access tokens of people with a sign-in that stands."""
        sign_ins = {actor: new_id() for actor in actors}
        until = datetime.now(UTC) + timedelta(days=1)
        admin = await asyncpg.connect(
            database_url(self.ground.installation.admin_dsn, "b2b_members")
        )
        try:
            await admin.executemany(
                SIGN_IN, [(self.gym_id, one, actor, until) for actor, one in sign_ins.items()]
            )
        finally:
            await admin.close()
        return [self._token(actor, role, one) for actor, one in sign_ins.items()]

    async def members(self, people: Sequence[ClientId]) -> list[str]:
        """A token each."""
        return await self.signed_in([f"client:{client}" for client in people], Role.MEMBER)

    async def trainers(self, count: int) -> list[str]:
        """Tokens of new staff."""
        hired = [StaffId(new_id()) for _ in range(count)]
        for one in hired:
            await self._must(HireStaff(
                staff_id=one, name="Tom", email=f"{one}@bench.gym", roles=(Role.TRAINER,)
            ))  # fmt: skip
        return await self.signed_in([f"staff:{one}" for one in hired], Role.TRAINER)

    def _token(self, actor: str, role: Role, sign_in_id: UUID) -> str:
        """What members would sign for them."""
        now = int(time.time())
        claims = {
            "iss": "back2back", "aud": "back2back", "sub": actor, "gym": str(self.gym_id),
            "roles": [role], "sid": str(sign_in_id), "iat": now, "jti": str(new_id()),
            "exp": now + int(ACCESS_LIFE.total_seconds()),
        }  # fmt: skip
        header = {"kid": self._signer.kid, "typ": TYPE}
        return jwt.encode(claims, self._signer.key, "ES256", header)

    @property
    def public_key(self) -> str:
        """PEM; for baselines that verify the same tokens."""
        public = self._signer.key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    async def schedule(self, capacity: int, *, hours: float = 24) -> SessionId:
        """A session that begins in so many hours; everybody may wait for it."""
        starts = datetime.now(UTC) + timedelta(hours=hours)
        session = SessionId(new_id())
        await self._must(ScheduleSession(
            session_id=session, title="Bench", location_id=self.location, starts_at=starts,
            ends_at=starts + timedelta(minutes=30), time_zone="UTC", capacity=capacity,
            policy=EVERYBODY_WAITS,
        ))  # fmt: skip
        return session

    async def open_gym(self) -> None:
        """Register the gym everything else happens in."""
        gym = RegisterGym(
            gym_id=self.gym_id, slug=f"bench-{self.gym_id.hex[-12:]}", name="Bench",
            time_zone="UTC", currency="EUR", owner_id=StaffId(new_id()), owner_name="Olga Owner",
            owner_email="owner@bench.gym", owner_password=self.gym_id.hex,
        )  # fmt: skip
        await self._must(gym, OPERATOR, PLATFORM)
        await self._must(OpenLocation(location_id=self.location, name="Bench", time_zone="UTC"))

    async def clients(self, count: int) -> list[ClientId]:
        """People with credits."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def make(number: int) -> ClientId:
            client = ClientId(new_id())
            async with turns:
                await self._must(RegisterClient(client_id=client, name=f"Client {number}"))
                grant = GrantId(new_id())
                await self._must(GrantCredits(client_id=client, grant_id=grant, credits=CREDITS))
            return client

        return await asyncio.gather(*map(make, range(count)))

    async def _must(
        self, command: Command, role: str = Role.OWNER, gym_id: GymId | None = None
    ) -> Reply:
        key = new_id()
        caller = Caller(
            gym_id=gym_id or self.gym_id, actor="staff:bench", roles=(role,), command_id=key,
            correlation_id=key, causation_id=key, deadline=datetime.now(UTC) + PATIENCE,
        )  # fmt: skip
        reply = await self._asker.ask(command, caller, PATIENCE.total_seconds())
        assert reply.outcome == "done", f"{command.command_type}: {reply}"
        return reply


@asynccontextmanager
async def system(
    ground: Ground,
    *,
    with_baselines: Iterable[Program] = (),
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[System]:
    """Start every process, wait until all are ready; drain them at the end.

    ``settings`` are added to every process's environment.
    """
    changed = {**A_TOWN, **(settings or {})}
    installation = ground.installation
    supervisor = Supervisor(lambda name, line: ground.tell(f"{name}: {line}"))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(supervisor.drain, 10)
        for wave in WAVES:
            await supervisor.start(*(as_shipped(installation, name, changed) for name in wave))
        await supervisor.start(*with_baselines)
        client = await nats.connect(**installation.nats_login("developer"))
        stack.push_async_callback(client.close)
        environment = installation.environment("gateway")
        asker = Asker(client, key=base64.b64decode(environment["CALLER_KEY"]), clock=SystemClock())
        signer = await _signer(installation.environment("members"))
        running = System(ground, supervisor, GymId(new_id()), asker, signer)
        await running.open_gym()
        yield running


def as_shipped(
    installation: Installation, name: str, changed: Mapping[str, str] = A_TOWN
) -> Program:
    """The process as it ships, but for what is ``changed``."""
    usual = program(installation, name)
    return replace(usual, environment={**usual.environment, **changed})


async def _signer(environment: dict[str, str]) -> Signer:
    """Members' present key."""
    told: dict[str, object] = {name.lower(): text for name, text in environment.items()}
    told["master_keys"] = json.loads(environment["MASTER_KEYS"])
    settings = MembersSettings.model_validate(told)
    pool = await open_pool(settings.database_url.get_secret_value(), name="bench", size=1)
    try:
        return await SigningKeys(pool, master_keys(settings), SystemClock()).signer()
    finally:
        await pool.close()


def spent(before: dict[str, float], after: dict[str, float], what: int) -> str:
    """CPU by process in between, in microseconds for each of ``what``."""
    each = {name: (after[name] - before[name]) / what * 1e6 for name in after}
    return ", ".join(f"{name} {used:.0f}" for name, used in each.items() if used >= 1) + " µs"
