"""A command that comes too late, and clocks that do not agree on whether it does."""

from datetime import datetime, timedelta

import pytest

from chassis.bus.asker import TURNS, Asker
from chassis.bus.signature import sign
from chassis.clock import FixedClock
from contracts.envelope import Caller
from tests.component.bus.lock import DEADLINE, KEY, PROMPT, Lock, a_key, sent


async def test_a_command_whose_deadline_passed_is_not_carried_out(
    lock: Lock, caller: Caller
) -> None:
    body = a_key().model_dump_json().encode()
    lock.clock.advance(timedelta(seconds=DEADLINE + 1))

    reply = await sent(lock, body, sign(caller, "cmd.booking.test_turn_key", body, KEY))

    assert (reply.outcome, reply.code) == ("busy", "DEADLINE_PASSED")
    assert lock.turned == []


class Ahead:
    """The clocks of so many replicas that are asked one after another, each more ahead."""

    def __init__(self, clock: FixedClock, replicas: int) -> None:
        self._clock, self._replicas, self._asked = clock, replicas, 0

    def now(self) -> datetime:
        self._asked += 1
        nth = (self._asked + 1) // 2  # looked at twice: whether it is late, and to say so
        wrong = timedelta(minutes=nth if nth <= self._replicas else 0)
        return self._clock.now() + wrong


@pytest.mark.parametrize(("wrong", "outcome"), [(TURNS - 1, "done"), (TURNS + 1, "busy")])
async def test_who_knows_that_it_is_not_too_late_asks_another_a_few_times(
    lock: Lock, caller: Caller, monkeypatch: pytest.MonkeyPatch, wrong: int, outcome: str
) -> None:
    monkeypatch.setattr(lock.desk._clerk, "_clock", Ahead(lock.clock, wrong))
    reply = await lock.asker.ask(a_key(), caller, PROMPT)

    assert reply.outcome == outcome
    assert [ctx.now for ctx in lock.turned] == [lock.clock.now()] * (outcome == "done")


async def test_who_finds_everybody_ahead_goes_by_their_time(lock: Lock, caller: Caller) -> None:
    behind = FixedClock(lock.clock.now() - timedelta(seconds=90))
    told = caller.model_copy(update={"deadline": behind.now() + timedelta(seconds=DEADLINE)})

    reply = await Asker(lock.client, key=KEY, clock=behind).ask(a_key(), told, PROMPT)

    assert (reply.outcome, len(lock.turned)) == ("done", 1)
