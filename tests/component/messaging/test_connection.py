"""A connection to NATS says when it is lost, and only then."""

from collections.abc import Awaitable, Callable

import pytest
from nats.aio.client import Client
from structlog.testing import capture_logs

from chassis import nats_client
from chassis.bus.broker import broker, connected
from chassis.nats_access import NatsAccess
from deploy.local.installation import Installation
from tests.world.waiting import until

LOST = {"event": "nats connection lost", "log_level": "warning", "connection": "tests"}
BACK = {"event": "nats connection is back", "log_level": "info", "connection": "tests"}


async def plain(access: NatsAccess) -> Client:
    return await nats_client.connect(access, name="tests")


async def of_a_broker(access: NatsAccess) -> Client:
    return await connected(broker(access, name="tests"))


Connecting = Callable[[NatsAccess], Awaitable[Client]]


@pytest.fixture
def access(installation: Installation) -> NatsAccess:
    login = installation.nats_login("operator")
    return NatsAccess(login["servers"], login["user"], login["password"])


@pytest.mark.parametrize("made", [plain, of_a_broker])
async def test_leaving_is_not_a_loss(access: NatsAccess, made: Connecting) -> None:
    client = await made(access)
    with capture_logs() as said:
        await nats_client.leave(client)
        await until(lambda: client.is_closed)
    assert said == []


@pytest.mark.parametrize("made", [plain, of_a_broker])
async def test_a_broken_connection_is_a_loss(access: NatsAccess, made: Connecting) -> None:
    client = await made(access)
    assert client._transport is not None
    with capture_logs() as said:
        client._transport.close()  # type: ignore[no-untyped-call]
        await until(lambda: BACK in said)
    assert LOST in said
    await nats_client.leave(client)
