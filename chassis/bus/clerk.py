"""From a message to its reply: who asks is verified, what they ask is checked and carried out.

A command whose deadline passed is not carried out, permissions are checked again, and each kind of
failure is a typed reply, never silence.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import structlog
from nats.aio.msg import Msg
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from chassis.bus import replies
from chassis.bus.signature import HEADER, Forged, verified
from chassis.clock import Clock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.recorder import Away
from chassis.eventstore.store import OutcomeUnknown
from chassis.eventstore.writer import Busy, Conflict
from chassis.telemetry import span, trace_id, traceparent
from chassis.telemetry.metrics import COMMAND_SECONDS, COMMANDS, REFUSALS, RUNNING
from chassis.telemetry.traces import failure
from chassis.tenancy import is_away
from contracts.envelope import Caller, Command, Reply

C = TypeVar("C", bound=Command)

log = structlog.get_logger(__name__)


class Allows(Protocol):
    """Whether any of ``roles`` may do ``operation``; ``own`` says it concerns the asker only."""

    def __call__(self, operation: str, roles: frozenset[str], *, own: bool) -> bool: ...


class Clerk:
    """Attends to commands and queries, one message at a time."""

    def __init__(self, keys: Sequence[bytes], clock: Clock, allows: Allows) -> None:
        """``keys`` prove who asks."""
        self._keys, self._clock, self._allows = keys, clock, allows

    def caller(self, kind: type[Command], message: Msg) -> Caller | None:
        """Who sent ``message``; None when that cannot be verified."""
        try:
            header = message.headers.get(HEADER) if message.headers else None
            return verified(header, message.subject, message.data, *self._keys)
        except Forged as error:
            log.warning("caller not verified", operation=kind.command_type, reason=str(error))
            return None

    def is_late(self, caller: Caller) -> bool:
        """Whether nobody waits any more, by our clock, which may be wrong: it is logged."""
        late = (self._clock.now() - caller.deadline).total_seconds()
        if late >= 0:
            log.warning("too late", gym_id=caller.gym_id, late_s=round(late, 3))
        return late >= 0

    async def attend(
        self,
        kind: type[C],
        carry_out: Callable[[C, Context], Awaitable[Reply]],
        message: Msg,
        caller: Caller | None,
        *,
        may_be_done: bool = False,
    ) -> bytes:
        """The reply to ``message``, measured; never an exception.

        ``may_be_done``: elsewhere; so that we did nothing of it does not say that nothing was done.
        """
        operation, began = kind.command_type, time.perf_counter()
        with RUNNING.track_inprogress():
            if caller is None:
                reply = replies.unverified()
            else:
                reply = await self._heard(kind, carry_out, message.data, caller)
                if may_be_done and reply.outcome == "busy":
                    reply = replies.unknown()
        COMMANDS.labels(operation, reply.outcome).inc()
        if reply.outcome == "refused":
            REFUSALS.labels(operation, reply.code).inc()
        COMMAND_SECONDS.labels(operation).observe(time.perf_counter() - began)
        return reply.__pydantic_serializer__.to_json(reply, exclude_none=True)

    async def _heard(
        self,
        kind: type[C],
        carry_out: Callable[[C, Context], Awaitable[Reply]],
        body: bytes,
        caller: Caller,
    ) -> Reply:
        """The reply to a verified ``caller``, inside a span and with log lines that name them."""
        # Never taken back: each message is served in a task, and with it a context, of its own.
        structlog.contextvars.bind_contextvars(
            gym_id=caller.gym_id, actor=caller.actor, command_id=caller.command_id
        )
        traced = span(kind.command_type, parent=caller.traceparent, kind=SpanKind.SERVER)
        with traced as current:
            try:
                return await self._decided(kind, carry_out, body, caller)
            except Refused as refusal:
                return replies.refused(refusal)
            except (Busy, Conflict) as error:
                log.warning("busy", operation=kind.command_type, reason=type(error).__name__)
                return replies.busy()
            except Exception as error:
                if isinstance(error, OutcomeUnknown | Away) or is_away(error):
                    log.warning("away", operation=kind.command_type, reason=type(error).__name__)
                    return replies.unknown()
                current.set_status(failure(error))
                log.exception("command failed", operation=kind.command_type)
                return replies.failed(trace_id())

    async def _decided(
        self,
        kind: type[C],
        carry_out: Callable[[C, Context], Awaitable[Reply]],
        body: bytes,
        caller: Caller,
    ) -> Reply:
        if self.is_late(caller):
            return replies.too_late(self._clock.now())
        try:
            command = kind.model_validate_json(body)
        except ValidationError as error:
            return replies.invalid(error)
        own = caller.actor == f"client:{getattr(command, 'client_id', None)}"
        if not self._allows(kind.command_type, frozenset(caller.roles), own=own):
            return replies.forbidden()
        ctx = Context.of(caller, self._clock.now(), traceparent())
        return await carry_out(command, ctx)
