"""A lock, a room and a town on nats-servers with the real rights, and who may ask there."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.bus import homes
from chassis.bus.asker import Asker
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.clock import FixedClock
from chassis.context import Context
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from contracts.envelope import Caller
from contracts.ids import GymId, new_id
from deploy.local import nats_conf, rights
from deploy.local.installation import Installation
from deploy.local.servers import Nats
from tests.component.bus.lock import DEADLINE, KEY, OLD_KEY, Done, IsLocked, Lock, TurnKey
from tests.component.bus.room import BACK_OFF, CONSUMER, PASSWORD, Room, opened
from tests.component.bus.town import Town, founded


async def _turns(command: TurnKey, _: Context) -> Done:
    return Done({"turns": command.turns}, 7)


async def _is_locked(_: IsLocked, ctx: Context) -> dict[str, Any]:
    return {"locked": True, "asked_by": ctx.actor}


def _allows(operation: str, roles: frozenset[str], *, own: bool) -> bool:
    return operation.startswith("booking.test_") and ("owner" in roles or own)


def _access(installation: Installation, user: str) -> NatsAccess:
    login = installation.nats_login(user)
    return NatsAccess(login["servers"], login["user"], login["password"])


@pytest.fixture
async def lock(installation: Installation, clock: FixedClock) -> AsyncIterator[Lock]:
    serving = broker(_access(installation, "booking"), name="booking")
    desk = Desk(serving, service="booking", keys=[KEY, OLD_KEY], clock=clock, allows=_allows)
    client = await connect(_access(installation, "developer"), name="tests")  # may say anything
    made = Lock(Asker(client, key=KEY, clock=clock), client, clock, desk, _turns)
    desk.command(TurnKey, made.carry_out)
    desk.query(IsLocked, _is_locked)
    await desk.start()
    yield made
    await desk.stop()
    await client.close()


@pytest.fixture
def caller(clock: FixedClock, gym_id: GymId) -> Caller:
    key = new_id()
    return Caller(
        gym_id=gym_id, actor=f"client:{new_id()}", roles=("owner",), command_id=key,
        correlation_id=key, causation_id=key, deadline=clock.now() + timedelta(seconds=DEADLINE),
    )  # fmt: skip


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nats]:
    """A fresh nats-server, which knows our consumer."""
    monkeypatch.setitem(rights.HEARS, "booking", {"EVT_MEMBERS": (CONSUMER,)})
    passwords = dict.fromkeys(rights.local_users(), PASSWORD)
    made = Nats(
        tmp_path,
        lambda port, monitor, store: nats_conf.configuration(port, monitor, store, passwords),
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def access(server: Nats) -> Callable[[str], NatsAccess]:
    """How each user reaches it."""
    return lambda user: NatsAccess(server.url, user, PASSWORD)


@pytest.fixture
async def room(access: Callable[[str], NatsAccess], gym_id: GymId) -> AsyncIterator[Room]:
    async with opened(access, gym_id, BACK_OFF) as made:
        yield made


@pytest.fixture
async def town(
    access: Callable[[str], NatsAccess], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    """Two replicas who know each other; neither seems silent, should this machine stand still."""
    monkeypatch.setattr(homes, "SILENT_AFTER", 60.0)
    async with founded(access) as made:
        yield made
