"""Commands whose time has come: one elected worker a service carries them out, once each.

A deadline is a row written with the events that ask for it, and gone with those it leads to. The
worker's command id is derived from the row as it was written: of two workers that have read it one
carries it out, and one that is set once more, be it for the same instant, is another. It may be: a
worker whose clock is ahead is done with it before it is due for who sets it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

import anyio
import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from chassis import office
from chassis.clock import Clock, MovableClock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.recorder import Deadline
from chassis.eventstore.store import Busy, EventStore, OutcomeUnknown
from chassis.eventstore.unit import Result, Rule, Unit
from chassis.telemetry import span
from chassis.tenancy import CONNECTION_LOST
from contracts.envelope import COMMANDS
from contracts.health import DeadlinesTold
from contracts.ids import GymId, new_id

ELECTION = 0x62326264  # key of the advisory lock that elects the worker
POLL = 0.25  # seconds between looks at the clock
POLL_MOVABLE = 0.01  # the same in development: whoever moves the clock waits for us
AT_ONCE = 100  # deadlines carried out beside one another
RETRY_AFTER = 0.5, 60.0  # seconds: first and longest pause of one that failed
CLEAN_EVERY = 3600.0  # seconds between looks for old answers
CLEAN_AT_ONCE = 5000  # old answers dropped between two looks at the clock

DUE = """
SELECT gym_id, name, due_at, command_type, data, xmin::text AS written_by FROM es.deadlines
 WHERE due_at <= $1 AND (due_at, gym_id, name) > ($2, $3, $4)
 ORDER BY due_at, gym_id, name LIMIT $5
"""
FIRST = datetime.min.replace(tzinfo=UTC), UUID(int=0), ""
ELECT = "SELECT pg_try_advisory_lock($1)"
# The policy shows this role old ones only.
DROP_ANSWERS = """
DELETE FROM es.answers WHERE ctid = ANY (ARRAY(SELECT ctid FROM es.answers LIMIT $1))
"""

FIRED = Counter("b2b_deadlines_total", "Deadlines carried out", ["command", "outcome"])
OVERDUE = Gauge("b2b_deadline_overdue_seconds", "Age of the oldest deadline not carried out")
ELECTED = Gauge("b2b_deadline_worker", "1 in the one process that carries deadlines out")

log = structlog.get_logger(__name__)


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
        self, dsn: str, store: EventStore, clock: Clock, rules: Mapping[str, Rule[Any]], *,
        actor: str,
    ) -> None:  # fmt: skip
        self._dsn = dsn
        self._store = store
        self._clock = clock
        self._rules = rules
        self._actor = actor
        self._clean_at = 0.0
        self._is_elected, self._overdue = False, 0.0
        self._put_off: dict[Deadline, tuple[float, float]] = {}
        """Those that failed: until when, by the event loop's clock, and for how long."""

    async def run(self, stopping: Stop) -> None:
        """Until ``stopping``: stand for election, work while elected, begin again after a fault."""
        while not stopping.is_set():
            try:
                await self._serve(stopping)
            except (asyncpg.PostgresError, *CONNECTION_LOST) as fault:
                log.warning("deadline worker lost its database", cause=type(fault).__name__)
                await _pause(stopping, 1)

    async def _serve(self, stopping: Stop) -> None:
        db = await office.connect(self._dsn, name=f"deadlines {self._actor}")
        try:
            while not stopping.is_set() and not await db.fetchval(ELECT, ELECTION):
                await _pause(stopping, 1)
            self._elect(is_elected=True)
            while not stopping.is_set():
                if not await self.carry_out_due(db):
                    await self._rest(stopping)
                await self.drop_old_answers(db)
        finally:
            self._elect(is_elected=False)
            db.terminate()  # without ceremony: the office is free at once

    def _elect(self, *, is_elected: bool) -> None:
        self._is_elected, self._overdue = is_elected, 0.0
        ELECTED.set(is_elected)
        OVERDUE.set(0)  # nothing is known yet, or whoever is elected next tells

    def told(self) -> DeadlinesTold:
        """How it gets on, for the process's pulse."""
        return DeadlinesTold(is_elected=self._is_elected, overdue_seconds=self._overdue)

    async def _rest(self, stopping: Stop) -> None:
        """For ``POLL`` seconds; where something may be due, until the clock is moved at most."""
        if not self._rules or not isinstance(self._clock, MovableClock):
            await _pause(stopping, POLL)
            return
        until, offset = anyio.current_time() + POLL, self._clock.offset
        while anyio.current_time() < until and self._clock.offset == offset:
            if stopping.is_set():
                return
            await anyio.sleep(POLL_MOVABLE)

    async def carry_out_due(self, db: "asyncpg.Connection[asyncpg.Record]") -> int:
        """Carry out what is due now; how many were.

        One that fails is tried again later, with growing pauses, and keeps no other waiting.
        """
        now, after, done = self._clock.now(), FIRST, 0
        failed: dict[Deadline, tuple[float, float]] = {}
        while True:
            due = [Deadline(*row) for row in await db.fetch(DUE, now, *after, AT_ONCE)]
            if after == FIRST:
                self._overdue = (now - due[0].due_at).total_seconds() if due else 0.0
                OVERDUE.set(self._overdue)
            done += await self._carry_out_all(due, failed)
            if len(due) < AT_ONCE:
                self._put_off = failed
                return done
            after = due[-1].due_at, due[-1].gym_id, due[-1].name

    async def _carry_out_all(
        self, due: Sequence[Deadline], failed: dict[Deadline, tuple[float, float]]
    ) -> int:
        """Beside one another; how many were. The others are added to ``failed``."""
        began, done = anyio.current_time(), 0

        async def one(deadline: Deadline, pause: float) -> None:
            nonlocal done
            if await self._carry_out(deadline):
                done += 1
            else:
                failed[deadline] = anyio.current_time() + pause, pause

        async with anyio.create_task_group() as tasks:
            for deadline in due:
                until, pause = self._put_off.get(deadline, (0.0, 0.0))
                if until > began:
                    failed[deadline] = until, pause
                else:
                    longer = min(max(pause * 2, RETRY_AFTER[0]), RETRY_AFTER[1])
                    tasks.start_soon(one, deadline, longer)
        return done

    async def _carry_out(self, deadline: Deadline) -> bool:
        """Whether it is over, done or refused. Never raises for what one deadline is at fault."""
        try:
            with span(deadline.command_type):
                outcome = await self._outcome(deadline)
        except (Busy, OutcomeUnknown):
            outcome = "busy"
        except Exception:
            log.exception("deadline failed", command=deadline.command_type)
            outcome = "failed"
        FIRED.labels(deadline.command_type, outcome).inc()
        return outcome not in {"busy", "failed"}

    async def _outcome(self, deadline: Deadline) -> str:
        command = COMMANDS[deadline.command_type].model_validate_json(deadline.data)
        rule = self._rules[deadline.command_type]

        def and_forget(unit: Unit) -> Result:
            unit.forget(deadline.name, due_by=deadline.due_at)
            return rule(command, unit)

        # It was due when it was found, wherever the clock was put since: it is not asked twice.
        now = max(self._clock.now(), deadline.due_at)
        ctx = Context.system(GymId(deadline.gym_id), self._actor, now, command_id(deadline))
        try:
            await self._store.execute(ctx, and_forget)
        except Refused as refusal:
            # The gym has moved on; the deadline has nothing left to do.
            await self._forget(ctx, deadline)
            return refusal.code
        return "done"

    async def _forget(self, ctx: Context, deadline: Deadline) -> None:
        done_with = replace(ctx, command_id=new_id())
        await self._store.execute(
            done_with, lambda unit: unit.forget(deadline.name, due_by=deadline.due_at)
        )

    async def drop_old_answers(self, db: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Drop answers older than a week, some at a time; deadlines come first."""
        if anyio.current_time() < self._clean_at:
            return
        try:
            told = await db.execute(DROP_ANSWERS, CLEAN_AT_ONCE)
        except (asyncpg.PostgresError, TimeoutError) as fault:
            log.warning("old answers not dropped", cause=type(fault).__name__)
            told = ""
        if told != f"DELETE {CLEAN_AT_ONCE}":
            self._clean_at = anyio.current_time() + CLEAN_EVERY


def command_id(deadline: Deadline) -> UUID:
    """The same for the same row, whoever carries it out and how often."""
    asked = blake2b(deadline.data, digest_size=16).hexdigest()
    words = (
        f"{deadline.gym_id}/{deadline.name}/{deadline.due_at.isoformat()}/{asked}"
        f"/{deadline.written_by}"
    )
    return uuid5(NAMESPACE_OID, words)


async def _pause(stopping: Stop, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await stopping.wait()
