"""Commands whose time has come: one elected worker a service carries them out, once each.

A deadline is a row written with the events that ask for it. The worker's command id is derived
from the deadline's name and instant, so a worker that dies after the append and before the row is
gone repeats a command that is answered, not carried out, again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

import anyio
import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from chassis.clock import Clock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.recorder import Deadline
from chassis.eventstore.store import Busy, EventStore
from chassis.eventstore.unit import Unit
from contracts.envelope import COMMANDS
from contracts.ids import GymId, new_id

ELECTION = 0x62326264  # key of the advisory lock that elects the worker
POLL = 0.25  # seconds between looks at the clock
AT_ONCE = 100  # deadlines read in one look
KEEP_ANSWERS_EVERY = timedelta(hours=1)

DUE = """
SELECT gym_id, name, due_at, command_type, data FROM es.deadlines
 WHERE due_at <= $1 ORDER BY due_at, name LIMIT $2
"""
ELECT = "SELECT pg_try_advisory_lock($1)"
DROP_ANSWERS = "DELETE FROM es.answers"  # the policy shows this role old ones only

FIRED = Counter("b2b_deadlines_total", "Deadlines carried out", ["command", "outcome"])
OVERDUE = Gauge("b2b_deadline_overdue_seconds", "Age of the oldest deadline not carried out")

log = structlog.get_logger(__name__)

Rule = Callable[[Any, Unit], Any]


class Stop(Protocol):
    """What a loop looks at to end."""

    def is_set(self) -> bool: ...

    async def wait(self) -> Any: ...


class DeadlineWorker:
    """Carries out the deadlines of one service.

    ``rules`` maps a command type to its rule; ``dsn`` logs in to a role in ``es_relay``, directly
    (an advisory lock does not survive a transaction pooler).
    """

    def __init__(
        self, dsn: str, store: EventStore, clock: Clock, rules: Mapping[str, Rule], *, actor: str
    ) -> None:
        self._dsn = dsn
        self._store = store
        self._clock = clock
        self._rules = rules
        self._actor = actor

    async def run(self, stopping: Stop) -> None:
        """Until ``stopping``: stand for election, work while elected, begin again after a fault."""
        while not stopping.is_set():
            try:
                await self._serve(stopping)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                log.warning("deadline worker lost its database", cause=type(fault).__name__)
                await _pause(stopping, 1)

    async def _serve(self, stopping: Stop) -> None:
        db = await asyncpg.connect(self._dsn, timeout=5, command_timeout=10)
        try:
            while not stopping.is_set() and not await db.fetchval(ELECT, ELECTION):
                await _pause(stopping, 1)
            cleaned = self._clock.now()
            await db.execute(DROP_ANSWERS)
            while not stopping.is_set():
                if not await self.carry_out_due(db):
                    await _pause(stopping, POLL)
                if self._clock.now() - cleaned > KEEP_ANSWERS_EVERY:
                    cleaned = self._clock.now()
                    await db.execute(DROP_ANSWERS)
        finally:
            await db.close(timeout=2)

    async def carry_out_due(self, db: "asyncpg.Connection[asyncpg.Record]") -> int:
        """Carry out what is due now; how many were. One that fails is left for the next look."""
        now = self._clock.now()
        due = [Deadline(*row) for row in await db.fetch(DUE, now, AT_ONCE)]
        OVERDUE.set((now - due[0].due_at).total_seconds() if due else 0)
        done = 0
        for deadline in due:
            done += await self._carry_out(deadline)
        return done

    async def _carry_out(self, deadline: Deadline) -> bool:
        command = COMMANDS[deadline.command_type].model_validate_json(deadline.data)
        rule = self._rules[deadline.command_type]

        def and_forget(unit: Unit) -> Any:
            unit.forget(deadline.name)
            return rule(command, unit)

        ctx = Context.system(
            GymId(deadline.gym_id), self._actor, self._clock.now(), command_id(deadline)
        )
        try:
            done = await self._store.execute(ctx, and_forget)
            outcome = "done"
            if done.replayed:
                await self._forget(ctx, deadline)
        except Refused as refusal:
            # The gym has moved on; the deadline has nothing left to do.
            outcome = refusal.code
            await self._forget(ctx, deadline)
        except Busy:
            outcome = "busy"
        except Exception:
            log.exception("deadline failed", command=deadline.command_type)
            outcome = "failed"
        FIRED.labels(deadline.command_type, outcome).inc()
        return outcome not in {"busy", "failed"}

    async def _forget(self, ctx: Context, deadline: Deadline) -> None:
        done_with = replace(ctx, command_id=new_id())
        await self._store.execute(done_with, lambda unit: unit.forget(deadline.name))


def command_id(deadline: Deadline) -> UUID:
    """The same for the same deadline, whoever carries it out and how often."""
    asked = blake2b(deadline.data, digest_size=16).hexdigest()
    words = f"{deadline.gym_id}/{deadline.name}/{deadline.due_at.isoformat()}/{asked}"
    return uuid5(NAMESPACE_OID, words)


async def _pause(stopping: Stop, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await stopping.wait()
