"""What a reaction gives up is kept where an operator finds it, and done once it is retried."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import nats
import pytest

from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.bus.reactions import Hopeless
from chassis.clock import SystemClock
from chassis.nats_access import NatsAccess
from contracts.envelope import Envelope
from contracts.ids import GymId
from contracts.members import ClientRegistered
from deploy.local.installation import Installation
from tests.world.gym import Gym
from tests.world.system import System
from tests.world.waiting import until

CONSUMER = "booking_test_greeting"
WITHIN = 60.0  # seconds


@dataclass
class Greeting:
    """A reaction of booking to the clients of one gym."""

    gym_id: GymId
    hopeless: bool = True
    greeted: list[UUID] = field(default_factory=list)

    async def react(self, envelope: Envelope) -> None:
        if envelope.gym_id != self.gym_id:
            return
        if self.hopeless:
            raise Hopeless
        event = envelope.event
        assert isinstance(event, ClientRegistered)
        self.greeted.append(event.client_id)


@pytest.fixture
async def greeting(running: Installation, gym: Gym) -> AsyncIterator[Greeting]:
    login = running.nats_login("developer")  # a consumer that no service has
    access = NatsAccess(login["servers"], login["user"], login["password"])
    desk = Desk(
        broker(access, name="booking"), service="booking", keys=(b"k" * 32,), clock=SystemClock(),
        allows=lambda *_, **__: False,
    )  # fmt: skip
    greeting = Greeting(gym.id)
    desk.reaction(ClientRegistered, greeting.react, name=CONSUMER, stream="EVT_MEMBERS")
    await desk.start()
    yield greeting
    await desk.stop()
    operator = await nats.connect(**running.nats_login("developer"))
    await operator.jetstream().delete_consumer("EVT_MEMBERS", CONSUMER)
    await operator.close()


async def test_an_event_a_reaction_gave_up_is_listed_and_done_once_it_is_retried(
    system: System, gym: Gym, greeting: Greeting
) -> None:
    client = await gym.client()

    async def listed() -> str | None:
        lines = (await system.b2b("dead-letters", "list")).splitlines()
        return next((line for line in lines if f"evt.{gym.id}.members." in line), None)

    line = await until(listed, WITHIN)
    number, service, consumer, _, error = [cell.strip() for cell in line.strip("│ ").split("│")]
    assert (service, consumer, error) == ("booking", CONSUMER, "Hopeless")

    greeting.hopeless = False
    said = await system.b2b("dead-letters", "retry", number)

    assert said == f"{number}: done\n"
    assert [f"cli_{one.hex}" for one in greeting.greeted] == [client]
    assert await listed() is None
