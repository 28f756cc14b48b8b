"""The members process as it ships: its environment, its readiness, its answers over the bus."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest

from chassis.auth import OwnIssuer, Unauthenticated, Verifier
from chassis.bus.asker import Asker
from chassis.clock import SystemClock
from chassis.keysets import Fetch
from chassis.wire import unpack
from contracts.envelope import Caller, Command, Query, Reply
from contracts.ids import PLATFORM, ClientId, GymId, StaffId, new_id
from contracts.members import (
    GymRegistered,
    HireStaff,
    PrincipalOf,
    RegisterClient,
    SignIn,
    SigningKeys,
    SignInsStanding,
    Tokens,
)
from contracts.permissions import GATEWAY, OPERATOR, Role
from deploy.local.installation import Installation
from tests.component.members.house import PASSWORD, gym_of
from tests.component.serving import STOPS_WITHIN, ready, started


@dataclass
class Running:
    """The process, and a gateway's connection to ask it."""

    asker: Asker
    clock: SystemClock
    health: str
    log: Path

    async def ask(
        self, command: Command, *roles: str, gym_id: GymId = PLATFORM, actor: str = "system:gateway"
    ) -> Reply:
        """As the gateway asks."""
        one = new_id()
        caller = Caller(
            gym_id=gym_id, actor=actor, roles=roles or (GATEWAY,), command_id=one,
            correlation_id=one, causation_id=one,
            deadline=self.clock.now() + timedelta(seconds=30),
        )  # fmt: skip
        return await self.asker.ask(command, caller, timeout=30)

    async def told(self, query: Query) -> dict[str, Any]:
        reply = await self.ask(query)
        assert reply.result is not None, reply
        return reply.result


@pytest.fixture(scope="module")
async def running(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    environment = installation.environment("members")
    log = tmp_path_factory.mktemp("members") / "log"
    with log.open("wb") as out:
        process = started("members", environment, out)
    client = await nats.connect(**installation.nats_login("developer"))
    health = f"http://127.0.0.1:{environment['HEALTH_PORT']}"
    try:
        await ready(environment["HEALTH_PORT"], process)
        clock = SystemClock()
        asker = Asker(client, key=b64decode(environment["CALLER_KEY"]), clock=clock)
        yield Running(asker, clock, health, log)
    finally:
        await client.close()
        process.terminate()
        assert await asyncio.to_thread(process.wait, STOPS_WITHIN) == 0, log.read_text()


async def test_a_gym_opens_and_its_owner_is_let_in_by_the_gateway(running: Running) -> None:
    gym = gym_of()
    registered = await running.ask(gym, OPERATOR, actor="system:operator")
    assert registered.outcome == "done", registered
    assert registered.position is not None
    asked = SignIn(gym=gym.slug, email=gym.owner_email, password=PASSWORD, address="192.0.2.9")
    tokens = Tokens.model_validate((await running.ask(asked)).result)

    async def keys() -> dict[str, Any]:
        return await running.told(SigningKeys())

    async def nobody(*_: str) -> None:
        return None

    def fetch_from(_: str) -> Fetch:
        raise AssertionError("no other issuer is named")

    own = OwnIssuer("back2back", "back2back", keys)
    verifier = Verifier(own, (), identify=nobody, fetch_from=fetch_from, clock=running.clock)
    principal = await verifier.principal(tokens.access_token)
    assert principal.actor == f"staff:{gym.owner_id}"
    assert (principal.gym_id, set(principal.roles)) == (gym.gym_id, {"owner"})
    with pytest.raises(Unauthenticated):
        await verifier.principal(tokens.refresh_token)
    sign_in = principal.sign_in_id
    assert sign_in is not None
    standing = SignInsStanding(sign_ins={sign_in: principal.actor})
    stands = await running.ask(standing, gym_id=gym.gym_id)
    assert stands.result == {"roles": {str(sign_in): ["owner"]}}


async def test_everything_members_records_reaches_its_stream(
    running: Running, installation: Installation
) -> None:
    gym = gym_of()
    operator = await nats.connect(**installation.nats_login("developer"))
    try:
        heard = await operator.jetstream().subscribe(
            f"evt.{gym.gym_id}.members.>", ordered_consumer=True
        )
        assert (await running.ask(gym, OPERATOR, actor="system:operator")).outcome == "done"
        first = unpack((await heard.next_msg(timeout=30)).data)
    finally:
        await operator.close()
    assert isinstance(first.event, GymRegistered)
    assert first.event.slug == gym.slug


@pytest.mark.parametrize(
    ("roles", "outcome"),
    [((Role.OWNER,), "done"), ((Role.FRONT_DESK,), "FORBIDDEN"), ((GATEWAY,), "FORBIDDEN")],
)
async def test_members_checks_permissions_again(
    running: Running, roles: tuple[str, ...], outcome: str
) -> None:
    gym = gym_of()
    await running.ask(gym, OPERATOR, actor="system:operator")
    hire = HireStaff(
        staff_id=StaffId(new_id()),
        name="Tom",
        email="tom@example.com",
        roles=(Role.TRAINER,),
    )
    reply = await running.ask(hire, *roles, gym_id=gym.gym_id)
    assert (reply.code or reply.outcome) == outcome


async def test_an_unknown_external_identity_is_nobody(running: Running) -> None:
    told = await running.told(PrincipalOf(gym="no-such-gym", issuer="https://x", subject="y"))
    assert told == {"gym_id": None, "actor": None, "roles": []}


async def test_nothing_personal_is_in_a_log_line_or_a_metric(running: Running) -> None:
    gym = gym_of()
    await running.ask(gym, OPERATOR, actor="system:operator")
    ann = RegisterClient(
        client_id=ClientId(new_id()), name="Ann Secretive", email="ann@secret.example",
        password="a very secret password",
    )  # fmt: skip
    await running.ask(ann, Role.OWNER, gym_id=gym.gym_id)
    wrong = SignIn(gym=gym.slug, email="ann@secret.example", password="a wrong secret", address="")
    assert (await running.ask(wrong)).code == "INVALID_CREDENTIALS"
    async with httpx.AsyncClient(timeout=30) as http:
        metrics = (await http.get(f"{running.health}/metrics")).text
    log = running.log.read_text()
    assert "ready" in log
    for word in ("secret", "Secretive", str(gym.gym_id)):
        assert word not in metrics
    for word in ("secret.example", "Secretive", "very secret", "wrong secret"):
        assert word not in log
