"""A command is answered, whatever happens to it. Real nats-server, real permissions."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import generate_latest

from chassis.bus.asker import Unavailable
from chassis.bus.broker import broker
from chassis.bus.desk import Desk
from chassis.bus.signature import sign
from chassis.clock import SystemClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.recorder import Away
from chassis.eventstore.store import Busy, OutcomeUnknown
from chassis.nats_access import NatsAccess
from chassis.telemetry.metrics import REFUSALS
from contracts.envelope import Caller, Command, Reply
from contracts.ids import new_id
from tests.component.bus.lock import (
    DEADLINE,
    KEY,
    PROMPT,
    Done,
    IsLocked,
    Lock,
    TurnKey,
    Unserved,
    a_key,
    sent,
)


@dataclass
class Slow:
    """A turn that has begun, and goes on when it is told to."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self, _: TurnKey, __: Context) -> Done:
        self.begun.set()
        await self.go_on.wait()
        return Done({"finished": True})


def test_failures_are_told_as_none_before_anything_is_asked() -> None:
    """A counter that is born at one has never risen: nobody would be woken by a first failure."""

    class Untouched(Command):
        """Nobody gives it."""

    Untouched.command_type = "booking.test_untouched"  # not in the contracts' registers
    unconnected = broker(NatsAccess("nats://127.0.0.1:1", "booking", "x"), name="booking")
    desk = Desk(unconnected, service="booking", keys=[KEY], clock=SystemClock(), allows=_nobody)

    async def never(_: Untouched, __: Context) -> Done:
        raise AssertionError

    desk.command(Untouched, never)

    page = generate_latest().decode()
    for outcome in ("failed", "busy"):
        line = f'b2b_commands_total{{command="booking.test_untouched",outcome="{outcome}"}} 0.0'
        assert line in page


def _nobody(operation: str, roles: frozenset[str], *, own: bool) -> bool:
    return False


async def test_a_done_command_tells_its_result_and_position(lock: Lock, caller: Caller) -> None:
    reply = await lock.asker.ask(a_key(2), caller, PROMPT)

    assert reply == Reply(outcome="done", result={"turns": 2}, position=7)


async def test_the_handler_learns_who_asks_and_when(lock: Lock, caller: Caller) -> None:
    await lock.asker.ask(a_key(), caller, PROMPT)

    [ctx] = lock.turned
    assert (ctx.gym_id, ctx.actor) == (caller.gym_id, caller.actor)
    assert ctx.roles == {"owner"}
    assert (ctx.command_id, ctx.now) == (caller.command_id, lock.clock.now())


async def test_a_query_is_answered_with_its_dict(lock: Lock, caller: Caller) -> None:
    reply = await lock.asker.ask(IsLocked(client_id=new_id()), caller, PROMPT)

    assert reply.result == {"locked": True, "asked_by": caller.actor}


async def test_a_refusal_travels_with_code_field_and_facts(lock: Lock, caller: Caller) -> None:
    async def refuse(_: TurnKey, __: Context) -> Done:
        raise Refused("KEY_BROKEN", "The key is broken.", field="turns", most=1)

    lock.turn = refuse
    reply = await lock.asker.ask(a_key(), caller, PROMPT)

    assert reply == Reply(
        outcome="refused", code="KEY_BROKEN", message="The key is broken.", field="turns",
        details={"most": 1},
    )  # fmt: skip


async def test_refusals_are_counted_by_their_code_and_nothing_else_is(
    lock: Lock, caller: Caller
) -> None:
    async def refuse(_: TurnKey, __: Context) -> Done:
        raise Refused("KEY_LOST", "The key is lost.")

    await lock.asker.ask(a_key(), caller, PROMPT)
    lock.turn = refuse
    for _ in range(2):
        await lock.asker.ask(a_key(), caller, PROMPT)

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
    reply = await lock.asker.ask(a_key(), caller, PROMPT)

    assert (reply.outcome, reply.code) == ("failed", "INTERNAL")
    assert "secret" not in reply.model_dump_json()


async def test_a_busy_store_is_said_to_be_busy(lock: Lock, caller: Caller) -> None:
    async def full(_: TurnKey, __: Context) -> Done:
        raise Busy

    lock.turn = full
    reply = await lock.asker.ask(a_key(), caller, PROMPT)
    assert (reply.outcome, reply.code) == ("busy", "BUSY")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OutcomeUnknown(), "OUTCOME_UNKNOWN"),
        (Away("the store, in whose words a handler hears of it"), "OUTCOME_UNKNOWN"),
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
    assert (await lock.asker.ask(a_key(), caller, PROMPT)).code == code


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
    reply = await sent(lock, body, sign(caller, "cmd.booking.test_turn_key", body, KEY))

    assert (reply.outcome, reply.code) == ("invalid", "INVALID_INPUT")
    assert reply.field == field_at_fault
    assert "X" not in (reply.message or "")
    assert lock.turned == []


async def test_nobody_there_is_unavailable_at_once_and_nothing_was_done(
    lock: Lock, caller: Caller
) -> None:
    async with asyncio.timeout(PROMPT):
        with pytest.raises(Unavailable) as caught:
            await lock.asker.ask(Unserved(), caller, timeout=DEADLINE)

    assert not caught.value.outcome_unknown


async def test_silence_is_unavailable_with_an_unknown_outcome(lock: Lock, caller: Caller) -> None:
    never = asyncio.Event()

    async def dawdle(_: TurnKey, __: Context) -> Done:
        await never.wait()
        return Done()

    lock.turn = dawdle
    with pytest.raises(Unavailable) as caught:
        await lock.asker.ask(a_key(), caller, timeout=0.1)

    assert caught.value.outcome_unknown
    never.set()


async def test_who_waits_on_a_connection_that_is_lost_is_told_at_once_that_the_outcome_is_unknown(
    lock: Lock, caller: Caller
) -> None:
    slow = Slow()
    lock.turn = slow.turn
    running = asyncio.create_task(lock.asker.ask(a_key(), caller, timeout=DEADLINE))
    await slow.begun.wait()
    assert lock.client._transport is not None
    lock.client._transport.close()  # type: ignore[no-untyped-call]
    async with asyncio.timeout(PROMPT):
        with pytest.raises(Unavailable) as caught:
            await running
    slow.go_on.set()

    assert caught.value.outcome_unknown
    assert (await lock.asker.ask(a_key(), caller, timeout=DEADLINE)).outcome == "done"
    assert len(lock.turned) == 2


async def test_an_asker_whose_deadline_passed_sends_nothing(lock: Lock, caller: Caller) -> None:
    lock.clock.advance(timedelta(seconds=DEADLINE + 1))

    with pytest.raises(Unavailable) as caught:
        await lock.asker.ask(a_key(), caller, PROMPT)

    assert not caught.value.outcome_unknown
    assert lock.turned == []


async def test_commands_run_side_by_side(lock: Lock, caller: Caller) -> None:
    together = asyncio.Barrier(50)

    async def meet(_: TurnKey, __: Context) -> Done:
        await together.wait()
        return Done()

    lock.turn = meet
    replies = await asyncio.gather(*(lock.asker.ask(a_key(), caller, PROMPT) for _ in range(50)))

    assert {reply.outcome for reply in replies} == {"done"}


async def test_a_draining_desk_finishes_what_arrived_and_takes_nothing_new(
    lock: Lock, caller: Caller
) -> None:
    slow = Slow()
    lock.turn = slow.turn
    running = asyncio.create_task(lock.asker.ask(a_key(), caller, PROMPT))
    await slow.begun.wait()
    stopping = asyncio.create_task(lock.desk.stop())
    async with asyncio.timeout(PROMPT):
        while await _is_served(lock, caller):
            pass
    slow.go_on.set()

    assert (await running).result == {"finished": True}
    await stopping
    assert not lock.desk.is_open


async def _is_served(lock: Lock, caller: Caller) -> bool:
    try:
        await lock.asker.ask(IsLocked(client_id=new_id()), caller, PROMPT)
    except Unavailable as error:
        return error.outcome_unknown  # an unanswered question would be a command lost in draining
    return True
