"""A lock behind a desk of booking's, for tests of what happens to a command on its way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from nats.aio.client import Client
from pydantic import Field

from chassis.bus.asker import Asker
from chassis.bus.desk import Desk
from chassis.bus.signature import HEADER
from chassis.clock import FixedClock
from chassis.context import Context
from contracts.envelope import Command, Query, Reply
from contracts.ids import new_id

KEY, OLD_KEY = bytes(range(32)), bytes(range(1, 33))
DEADLINE = 60.0  # seconds
PROMPT = DEADLINE / 2  # so whoever waits for that fails the test


class TurnKey(Command):
    """Turn a key in a lock."""

    client_id: UUID
    turns: int = Field(ge=1, le=3)


class IsLocked(Query):
    """Whether it is locked."""

    client_id: UUID


class Unserved(Command):
    """Nobody serves this one."""


# Named after the class statement, so that the contracts' registers do not list them.
TurnKey.command_type = "booking.test_turn_key"
IsLocked.command_type = "booking.test_is_locked"
Unserved.command_type = "booking.test_unserved"


@dataclass
class Done:
    result: dict[str, Any] | None = None
    position: int | None = None


@dataclass
class Lock:
    """A desk for ``TurnKey`` whose handler each test chooses."""

    asker: Asker
    client: Client
    clock: FixedClock
    desk: Desk
    turn: Callable[[TurnKey, Context], Awaitable[Done]]
    turned: list[Context] = field(default_factory=list)

    async def carry_out(self, command: TurnKey, ctx: Context) -> Done:
        self.turned.append(ctx)
        return await self.turn(command, ctx)


def a_key(turns: int = 1) -> TurnKey:
    return TurnKey(client_id=new_id(), turns=turns)


async def sent(lock: Lock, body: bytes, header: str | None) -> Reply:
    headers = {HEADER: header} if header else {"x": "y"}
    subject = "cmd.booking.test_turn_key"
    message = await lock.client.request(subject, body, timeout=PROMPT, headers=headers)
    return Reply.model_validate_json(message.data)
