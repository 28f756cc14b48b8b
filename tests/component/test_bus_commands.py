"""A command is answered, whatever happens to it. Real nats-server, real permissions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from nats.aio.client import Client
from pydantic import Field

from chassis.bus.asker import Asker, Unavailable
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.bus.signature import HEADER, sign
from chassis.clock import FixedClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Busy, OutcomeUnknown
from chassis.nats_access import NatsAccess
from chassis.nats_client import connect
from chassis.telemetry.metrics import REFUSALS
from contracts.envelope import Caller, Command, Query, Reply
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation

KEY, OLD_KEY = bytes(range(32)), bytes(range(1, 33))
PROMPT = 5.0  # seconds; half of the deadline, so whoever waits for that fails the test


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


@dataclass
class Slow:
    """A turn that has begun, and goes on when it is told to."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self, _: TurnKey, __: Context) -> Done:
        self.begun.set()
        await self.go_on.wait()
        return Done({"finished": True})


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
    client = await connect(_access(installation, "operator"), name="operator")  # may say anything
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
        correlation_id=key, causation_id=key, deadline=clock.now() + timedelta(seconds=10),
    )  # fmt: skip


def _key(turns: int = 1) -> TurnKey:
    return TurnKey(client_id=new_id(), turns=turns)


async def _sent(lock: Lock, body: bytes, header: str | None) -> Reply:
    headers = {HEADER: header} if header else {"x": "y"}
    subject = "cmd.booking.test_turn_key"
    message = await lock.client.request(subject, body, timeout=PROMPT, headers=headers)
    return Reply.model_validate_json(message.data)


async def test_a_done_command_tells_its_result_and_position(lock: Lock, caller: Caller) -> None:
    reply = await lock.asker.ask(_key(2), caller)

    assert reply == Reply(outcome="done", result={"turns": 2}, position=7)


async def test_the_handler_learns_who_asks_and_when(lock: Lock, caller: Caller) -> None:
    await lock.asker.ask(_key(), caller)

    [ctx] = lock.turned
    assert (ctx.gym_id, ctx.actor) == (caller.gym_id, caller.actor)
    assert ctx.roles == {"owner"}
    assert (ctx.command_id, ctx.now) == (caller.command_id, lock.clock.now())


async def test_who_signs_with_a_key_that_is_on_its_way_out_is_believed(
    lock: Lock, caller: Caller
) -> None:
    body = _key().model_dump_json().encode()
    subject = "cmd.booking.test_turn_key"

    said = [
        (await _sent(lock, body, sign(caller, subject, body, key))).outcome
        for key in (KEY, OLD_KEY, bytes(range(2, 34)))
    ]

    assert said == ["done", "done", "refused"]


async def test_a_query_is_answered_with_its_dict(lock: Lock, caller: Caller) -> None:
    reply = await lock.asker.ask(IsLocked(client_id=new_id()), caller)

    assert reply.result == {"locked": True, "asked_by": caller.actor}


async def test_a_refusal_travels_with_code_field_and_facts(lock: Lock, caller: Caller) -> None:
    async def refuse(_: TurnKey, __: Context) -> Done:
        raise Refused("KEY_BROKEN", "The key is broken.", field="turns", most=1)

    lock.turn = refuse
    reply = await lock.asker.ask(_key(), caller, PROMPT)

    assert reply == Reply(
        outcome="refused", code="KEY_BROKEN", message="The key is broken.", field="turns",
        details={"most": 1},
    )  # fmt: skip


async def test_refusals_are_counted_by_their_code_and_nothing_else_is(
    lock: Lock, caller: Caller
) -> None:
    async def refuse(_: TurnKey, __: Context) -> Done:
        raise Refused("KEY_LOST", "The key is lost.")

    await lock.asker.ask(_key(), caller, PROMPT)
    lock.turn = refuse
    for _ in range(2):
        await lock.asker.ask(_key(), caller, PROMPT)

    kind = TurnKey.command_type
    found = {
        (sample.labels["command"], sample.labels["code"]): sample.value
        for metric in REFUSALS.collect() for sample in metric.samples
        if sample.name == "b2b_refusals_total"
    }  # fmt: skip
    assert found[kind, "KEY_LOST"] == 2
    assert {labels for metric in REFUSALS.collect() for one in metric.samples
            for labels in one.labels} == {"command", "code"}  # fmt: skip


async def test_an_accident_is_answered_at_once_and_tells_nothing_but_the_trace(
    lock: Lock, caller: Caller
) -> None:
    async def stumble(_: TurnKey, __: Context) -> Done:
        raise RuntimeError("secret-of-the-house")

    lock.turn = stumble
    reply = await lock.asker.ask(_key(), caller, PROMPT)

    assert (reply.outcome, reply.code) == ("failed", "INTERNAL")
    assert "secret" not in reply.model_dump_json()


async def test_a_busy_store_is_said_to_be_busy(lock: Lock, caller: Caller) -> None:
    async def full(_: TurnKey, __: Context) -> Done:
        raise Busy

    lock.turn = full
    reply = await lock.asker.ask(_key(), caller, PROMPT)
    assert (reply.outcome, reply.code) == ("busy", "BUSY")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OutcomeUnknown(), "OUTCOME_UNKNOWN"),
        (asyncpg.DiskFullError("no space left"), "OUTCOME_UNKNOWN"),
        (asyncpg.CannotConnectNowError("starting up"), "OUTCOME_UNKNOWN"),
        (ConnectionRefusedError(), "OUTCOME_UNKNOWN"),
        (asyncpg.DataError("cannot be encoded"), "INTERNAL"),
        (asyncpg.UndefinedTableError("no such table"), "INTERNAL"),
    ],
)
async def test_a_database_that_went_away_leaves_the_outcome_open_and_a_defect_is_a_failure(
    lock: Lock, caller: Caller, fault: Exception, code: str
) -> None:
    async def ask_it(_: TurnKey, __: Context) -> Done:
        raise fault

    lock.turn = ask_it
    assert (await lock.asker.ask(_key(), caller, PROMPT)).code == code


@pytest.mark.parametrize(
    ("body", "field_at_fault"),
    [
        (b'{"client_id": "0193f2c0-0000-7000-8000-000000000001", "turns": 9}', "turns"),
        (b'{"client_id": "Xantippe", "turns": 1}', "client_id"),
        (b'{"turns": 1}', "client_id"),
        (b"{{{ Xantippe", None),
        (b"", None),
        (b'{"client_id": "0193f2c0-0000-7000-8000-000000000001", "turns": 1, "X": 1}', None),
    ],
)
async def test_an_invalid_body_is_answered_with_the_field_and_never_the_value(
    lock: Lock, caller: Caller, body: bytes, field_at_fault: str | None
) -> None:
    reply = await _sent(lock, body, sign(caller, "cmd.booking.test_turn_key", body, KEY))

    assert (reply.outcome, reply.code) == ("invalid", "INVALID_INPUT")
    assert reply.field == field_at_fault
    assert "X" not in (reply.message or "")
    assert lock.turned == []


async def test_a_command_whose_deadline_passed_is_not_carried_out(
    lock: Lock, caller: Caller
) -> None:
    body = _key().model_dump_json().encode()
    lock.clock.advance(timedelta(seconds=11))

    reply = await _sent(lock, body, sign(caller, "cmd.booking.test_turn_key", body, KEY))

    assert (reply.outcome, reply.code) == ("busy", "DEADLINE_PASSED")
    assert lock.turned == []


async def test_an_unsigned_command_is_refused(lock: Lock) -> None:
    reply = await _sent(lock, _key().model_dump_json().encode(), None)

    assert (reply.outcome, reply.code) == ("refused", "UNVERIFIED_CALLER")


@pytest.mark.parametrize("header", ["x", "x.y", "é.é", ".", "e30=.e30="])
async def test_a_malformed_signature_is_refused(lock: Lock, header: str) -> None:
    reply = await _sent(lock, _key().model_dump_json().encode(), header)

    assert reply.code == "UNVERIFIED_CALLER"


async def test_a_command_signed_with_another_key_is_refused(lock: Lock, caller: Caller) -> None:
    body = _key().model_dump_json().encode()
    header = sign(caller, "cmd.booking.test_turn_key", body, bytes(32))

    assert (await _sent(lock, body, header)).code == "UNVERIFIED_CALLER"


async def test_a_signature_holds_for_one_body_and_one_subject_only(
    lock: Lock, caller: Caller
) -> None:
    body, other = (_key(turns).model_dump_json().encode() for turns in (1, 3))
    of_other_body = sign(caller, "cmd.booking.test_turn_key", other, KEY)
    of_other_subject = sign(caller, "qry.booking.test_is_locked", body, KEY)

    assert (await _sent(lock, body, of_other_body)).code == "UNVERIFIED_CALLER"
    assert (await _sent(lock, body, of_other_subject)).code == "UNVERIFIED_CALLER"
    assert lock.turned == []


async def test_who_may_not_is_refused(lock: Lock, caller: Caller) -> None:
    member = caller.model_copy(update={"roles": ("member",)})

    assert (await lock.asker.ask(_key(), member)).code == "FORBIDDEN"
    assert lock.turned == []


async def test_a_command_about_the_asker_counts_as_their_own(lock: Lock, caller: Caller) -> None:
    me = new_id()
    member = caller.model_copy(update={"roles": ("member",), "actor": f"client:{me}"})

    assert (await lock.asker.ask(TurnKey(client_id=me, turns=1), member)).outcome == "done"


async def test_nobody_there_is_unavailable_at_once_and_nothing_was_done(
    lock: Lock, caller: Caller
) -> None:
    async with asyncio.timeout(PROMPT):
        with pytest.raises(Unavailable) as caught:
            await lock.asker.ask(Unserved(), caller, timeout=10)

    assert not caught.value.outcome_unknown


async def test_silence_is_unavailable_with_an_unknown_outcome(lock: Lock, caller: Caller) -> None:
    never = asyncio.Event()

    async def dawdle(_: TurnKey, __: Context) -> Done:
        await never.wait()
        return Done()

    lock.turn = dawdle
    with pytest.raises(Unavailable) as caught:
        await lock.asker.ask(_key(), caller, timeout=0.1)

    assert caught.value.outcome_unknown
    never.set()


async def test_who_waits_on_a_connection_that_is_lost_is_told_at_once_that_the_outcome_is_unknown(
    lock: Lock, caller: Caller
) -> None:
    slow = Slow()
    lock.turn = slow.turn
    running = asyncio.create_task(lock.asker.ask(_key(), caller, timeout=10))
    await slow.begun.wait()
    assert lock.client._transport is not None
    lock.client._transport.close()  # type: ignore[no-untyped-call]
    async with asyncio.timeout(PROMPT):
        with pytest.raises(Unavailable) as caught:
            await running
    slow.go_on.set()

    assert caught.value.outcome_unknown
    assert (await lock.asker.ask(_key(), caller, timeout=10)).outcome == "done"
    assert len(lock.turned) == 2


async def test_an_asker_whose_deadline_passed_sends_nothing(lock: Lock, caller: Caller) -> None:
    lock.clock.advance(timedelta(seconds=11))

    with pytest.raises(Unavailable) as caught:
        await lock.asker.ask(_key(), caller)

    assert not caught.value.outcome_unknown
    assert lock.turned == []


async def test_commands_run_side_by_side(lock: Lock, caller: Caller) -> None:
    together = asyncio.Barrier(50)

    async def meet(_: TurnKey, __: Context) -> Done:
        await together.wait()
        return Done()

    lock.turn = meet
    replies = await asyncio.gather(*(lock.asker.ask(_key(), caller) for _ in range(50)))

    assert {reply.outcome for reply in replies} == {"done"}


async def test_a_draining_desk_finishes_what_arrived_and_takes_nothing_new(
    lock: Lock, caller: Caller
) -> None:
    slow = Slow()
    lock.turn = slow.turn
    running = asyncio.create_task(lock.asker.ask(_key(), caller, timeout=5))
    await slow.begun.wait()
    stopping = asyncio.create_task(lock.desk.stop())
    async with asyncio.timeout(5):
        while await _is_served(lock, caller):
            pass
    slow.go_on.set()

    assert (await running).result == {"finished": True}
    await stopping
    assert not lock.desk.is_open


async def _is_served(lock: Lock, caller: Caller) -> bool:
    try:
        await lock.asker.ask(IsLocked(client_id=new_id()), caller)
    except Unavailable as error:
        return error.outcome_unknown  # an unanswered question would be a command lost in draining
    return True
