"""Carry out a command on several streams: all or nothing, once, on fresh states.

A rule is a plain function of a ``Unit``: it looks at states, records events, and returns what the
caller is answered. It may run more than once (a stream had to be loaded first, another process
wrote first), so it does nothing but that.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple, Self, TypeVar, cast
from uuid import UUID

import orjson
from pydantic import BaseModel

from chassis.context import Context
from chassis.decider import Aggregate, Refused
from chassis.eventstore.recorder import Answer, Away, Recorder, StreamKey, Unconfirmed
from chassis.eventstore.residents import Residents
from chassis.eventstore.unit import Absent, Result, Rule, Rules, Unit
from chassis.eventstore.writer import Busy, ClaimTaken, Conflict, Entry, Unknown, Writer
from chassis.telemetry.traces import is_sampled, span, traceparent_of
from contracts.envelope import Command
from contracts.ids import GymId

__all__ = [
    "Busy", "ClaimTaken", "Done", "EventStore", "OutcomeUnknown", "Result", "Rule", "Rules", "Unit",
]  # fmt: skip

S = TypeVar("S")
C = TypeVar("C", bound=Command)

ATTEMPTS = 60  # decisions of one command; each but the first because another process wrote first
PAUSE = 0.002  # seconds, times the attempt, at most: lets two fighting processes take turns
LONGEST_PAUSE = 0.1  # seconds

Ident = tuple[GymId, str, UUID]


class OutcomeUnknown(Exception):
    """The store went away before it answered: a repeat with the same key finds out."""


class Done(NamedTuple):
    """What became of a command."""

    result: dict[str, Any] | None
    """The rule's result as JSON."""
    position: int | None
    """Store position of its last event; None when nothing happened."""
    replayed: bool = False
    """True when the command had been carried out before."""


class EventStore:
    """A service's store. Use as an async context manager, or ``start`` and ``stop`` it."""

    def __init__(self, recorder: Recorder, *, ring: Callable[[], None] | None = None) -> None:
        self._writer = Writer(recorder)
        self._recorder = recorder
        self._ring = ring
        self._running: dict[Ident, asyncio.Future[None]] = {}
        self._abandoned: dict[Ident, Entry] = {}

    async def __aenter__(self) -> Self:
        await self._writer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._writer.stop()

    async def start(self) -> None:
        """Begin taking commands."""
        await self._writer.start()

    async def stop(self) -> None:
        """Write what is queued, then end."""
        await self._writer.stop()

    async def carry_out(self, command: C, ctx: Context, rule: Rule[C]) -> Done:
        """``execute`` for a command: the same ``ctx.command_id`` must mean the same command."""
        asked = blake2b(command.command_type.encode(), digest_size=16)
        # Without defaults: a field that a later version adds does not make it another command.
        asked.update(command.__pydantic_serializer__.to_json(command, exclude_defaults=True))
        return await self.execute(ctx, lambda unit: rule(command, unit), asked.digest())

    async def execute(
        self, ctx: Context, rule: Callable[[Unit], Result], request_hash: bytes = b""
    ) -> Done:
        """Run ``rule`` and make what it recorded durable; once per (gym, actor, command id).

        A repeat gets the first answer; with another ``request_hash`` it is refused with
        ``IDEMPOTENCY_KEY_REUSED``. A refusal is not remembered. Raises what the rule refuses with,
        ``ClaimTaken`` when a claim is taken, ``Busy`` when the store cannot take it now or nobody
        waits any more, and ``OutcomeUnknown`` when it went away while the command was being
        written.
        """
        ident = (ctx.gym_id, ctx.actor, ctx.command_id)
        repeated = False
        while (running := self._running.get(ident)) is not None:
            repeated = True
            await asyncio.wait([running])
        self._running[ident] = asyncio.get_running_loop().create_future()
        try:
            return await self._decide(ctx, rule, request_hash, look_first=repeated)
        finally:
            if self._abandoned and (entry := self._abandoned.pop(ident, None)) is not None:
                entry.when_settled = lambda: self._end(ident)
            else:
                self._end(ident)

    def _end(self, ident: Ident) -> None:
        self._running.pop(ident).set_result(None)

    async def _decide(
        self, ctx: Context, rule: Callable[[Unit], Result], request_hash: bytes, *, look_first: bool
    ) -> Done:
        taken: ClaimTaken | None = None
        unknown = False
        for attempt in range(ATTEMPTS):
            if attempt:
                pause = min(PAUSE * attempt, LONGEST_PAUSE)
                await asyncio.sleep(random.random() * pause)  # noqa: S311 - no secret
            try:
                again = attempt or look_first
                if again and (earlier := await self._earlier(ctx, request_hash)):
                    return earlier
                if taken is not None:
                    raise taken
                return await self._attempt(ctx, rule, request_hash)
            except ClaimTaken as claim:
                if taken is not None:
                    raise
                taken = claim  # by this very command perhaps, carried out elsewhere: look
            except (Conflict, Away) as why:
                # For good: that nothing is found does not say that nothing is still being written.
                unknown = unknown or isinstance(why, Unknown | Unconfirmed)
            except Busy:
                break
        raise OutcomeUnknown if unknown else Busy

    async def _attempt(
        self, ctx: Context, rule: Callable[[Unit], Result], request_hash: bytes
    ) -> Done:
        while not ctx.is_late:
            unit = Unit(ctx, self._writer.residents)
            try:
                result = rule(unit)
            except Absent as absent:
                await self._writer.residents.load(absent.wanted)
                continue
            except Exception as refusal:  # whatever the rule raises rests on what it saw
                await self._stands(unit)
                raise refusal from None
            return await self._write(unit, result, request_hash)
        raise Busy  # nobody waits any more: what is not written yet is not decided again

    async def _stands(self, unit: Unit) -> None:
        """Wait until what a refusal rests on is durable and still so; else ``Conflict``."""
        await self._followed(unit, None)

    async def _write(self, unit: Unit, result: Result, request_hash: bytes) -> Done:
        body = (
            result.__pydantic_serializer__.to_json(result)
            if isinstance(result, BaseModel)
            else orjson.dumps(result)
        )
        position = await self._followed(unit, Answer(request_hash, body))
        if position is not None and self._ring is not None:
            self._ring()
        return Done(orjson.loads(body), position)

    async def _followed(self, unit: Unit, answer: Answer | None) -> int | None:
        """``_durable``; when the command's trace is sampled as a span, from the queue to the disk.

        However many commands one append has, each has its own; it is what led to their events.
        """
        if not is_sampled(unit.ctx.traceparent):
            return await self._durable(unit, answer)
        with span("append", parent=unit.ctx.traceparent) as own:
            unit.ctx = replace(unit.ctx, traceparent=traceparent_of(own))
            return await self._durable(unit, answer)

    async def _durable(self, unit: Unit, answer: Answer | None) -> int | None:
        """Have what ``unit`` wants written or, without ``answer``, what it saw confirmed.

        Whoever stops waiting leaves it to be written all the same.
        """
        append = unit.look() if answer is None else unit.to_append(answer)
        entry = self._writer.submit(append, () if answer is None else unit.views)
        try:
            return await entry.answer
        except asyncio.CancelledError:
            if not entry.is_settled:  # a repeat has to wait until it is known what became of it
                self._abandoned[(append.gym_id, append.actor, append.command_id)] = entry
            raise

    async def _earlier(self, ctx: Context, request_hash: bytes) -> Done | None:
        answer = await self._recorder.answer(ctx.gym_id, ctx.actor, ctx.command_id)
        if answer is None:
            return None
        if answer.request_hash != request_hash:
            raise Refused(
                "IDEMPOTENCY_KEY_REUSED",
                "This idempotency key was used for another request.",
                field="idempotency_key",
            )
        return Done(orjson.loads(answer.body), answer.position, replayed=True)

    async def read(
        self, gym_id: GymId, aggregate: Aggregate[S, Any], stream_id: UUID
    ) -> tuple[S, int]:
        """The stream's durable state and version, read from the store itself."""
        key = StreamKey(gym_id, aggregate.category, stream_id)
        fresh = Residents(self._recorder)
        await fresh.load([(key, aggregate)])
        found = fresh.get(gym_id, aggregate.category, stream_id)
        if found is None:
            raise LookupError(key)
        return cast("S", found.state), found.version
