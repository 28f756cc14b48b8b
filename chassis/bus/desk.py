"""The serving side: where a service takes commands and queries, and reacts to others' events.

Every command is answered, whatever happens to it: who asks is verified, a command whose deadline
passed is not carried out, permissions are checked again, and each kind of failure is a typed reply.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import anyio
import structlog
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from chassis.bus import replies
from chassis.bus.broker import connected
from chassis.bus.counter import Counter
from chassis.bus.homes import Homes
from chassis.bus.reactions import BACK_OFF, Hearing, Reaction, Reactor
from chassis.bus.replies import Outcome
from chassis.bus.signature import HEADER, Forged, verified
from chassis.clock import Clock
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import OutcomeUnknown
from chassis.eventstore.writer import Busy, Conflict
from chassis.nats_client import leave, settled
from chassis.telemetry import span, trace_id, traceparent
from chassis.telemetry.metrics import COMMAND_SECONDS, COMMANDS, REFUSALS, RUNNING
from chassis.telemetry.traces import failure
from chassis.tenancy import is_away
from contracts.envelope import Caller, Command, Event, Query, Reply, subject_of

C = TypeVar("C", bound=Command)
Q = TypeVar("Q", bound=Query)

MEND_SECONDS = 2.0  # between looks whether our consumers are still there

log = structlog.get_logger(__name__)


class Allows(Protocol):
    """Whether any of ``roles`` may do ``operation``; ``own`` says it concerns the asker only."""

    def __call__(self, operation: str, roles: frozenset[str], *, own: bool) -> bool: ...


class Desk:
    """One service's place on the bus. Register everything, then ``start``; ``stop`` drains."""

    def __init__(
        self,
        broker: NatsBroker,
        *,
        service: str,
        keys: Sequence[bytes],
        clock: Clock,
        allows: Allows,
        homes: Homes | None = None,
    ) -> None:
        """``service`` names the queue group and the dead letters; ``keys`` prove who asks.

        With ``homes`` each gym's commands and events are seen to by one of the replicas.
        """
        self._broker = broker
        self._service = service
        self._keys = keys
        self._clock = clock
        self._allows = allows
        self._homes = homes
        self._counters: list[Counter] = []
        self._hearings: list[Hearing] = []
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether commands arrive: started, not draining, and NATS is there."""
        client = self._broker._connection  # noqa: SLF001 - the property raises when unconnected
        return self._open and client is not None and client.is_connected

    def command(self, kind: type[C], handler: Callable[[C, Context], Awaitable[Outcome]]) -> None:
        """Serve ``cmd.<type>``. ``handler`` raises ``Refused`` to say no."""

        async def carry_out(command: C, ctx: Context) -> Reply:
            return replies.done(await handler(command, ctx))

        self._serve(kind, carry_out)

    def query(
        self, kind: type[Q], handler: Callable[[Q, Context], Awaitable[Mapping[str, Any]]]
    ) -> None:
        """Serve ``qry.<type>``. ``handler`` returns the answer as JSON values."""

        async def answer(query: Q, ctx: Context) -> Reply:
            return Reply(outcome="done", result=dict(await handler(query, ctx)))

        self._serve(kind, answer)

    def reaction(
        self,
        kind: type[Event],
        handler: Reaction,
        *,
        name: str,
        stream: str,
        back_off: tuple[float, ...] = BACK_OFF,
    ) -> None:
        """Hear every ``kind`` in ``stream``, at least once each, in no particular order.

        ``name`` is the durable consumer's and never changes. ``handler(envelope)`` is idempotent
        by event id. Failures are retried after ``back_off`` seconds each, then dead-lettered.
        """
        reactor = Reactor(self._broker, self._service, name, stream, handler, back_off, self._homes)
        self._hearings.append(reactor.listen(kind))

    async def keep_hearing(self, stopping: anyio.Event) -> None:
        """Until ``stopping``: see to it that what we react to can reach us."""
        while not stopping.is_set():
            with anyio.move_on_after(MEND_SECONDS):
                await stopping.wait()
                return
            for hearing in self._hearings:
                if not self.is_open:  # we may have been stopped since the last
                    break
                try:
                    await hearing.mend()
                except (Error, TimeoutError) as trouble:  # asked again at the next look
                    log.warning("cannot hear", reason=type(trouble).__name__)

    async def start(self) -> None:
        """Connect and take commands; returns when NATS knows that we do."""
        client = await connected(self._broker)
        if self._homes is not None:
            await self._homes.open(client)
        for counter in self._counters:
            await counter.open(client)
        await self._broker.start()
        await settled(client)
        self._open = True

    async def stop(self) -> None:
        """Take no more, answer what has arrived, leave. The process bounds the time."""
        self._open = False
        if self._homes is not None:
            await self._homes.leave()
        async with anyio.create_task_group() as closing:
            for counter in self._counters:
                closing.start_soon(counter.close)
            if self._homes is not None:
                closing.start_soon(self._homes.close)
        client = self._broker._connection  # noqa: SLF001
        try:
            await self._broker.stop()
        except Error as error:  # NATS is away: there is nobody to take leave of
            log.warning("stopped without nats", reason=type(error).__name__)
        if client is not None:
            await leave(client)

    def _serve(self, kind: type[C], carry_out: Callable[[C, Context], Awaitable[Reply]]) -> None:
        async def see_to(message: Msg) -> bytes:
            return await self._attend(kind, carry_out, message, self._caller(kind, message))

        async def serve(message: Msg) -> bytes:
            caller = self._caller(kind, message)
            answer = await self._handed_on(message, caller) if caller is not None else None
            if answer is not None:
                return answer
            return await self._attend(kind, carry_out, message, caller)

        self._counters.append(Counter(subject_of(kind), self._service, serve))
        if self._homes is not None:
            self._homes.serve(subject_of(kind), see_to)

    def _caller(self, kind: type[Command], message: Msg) -> Caller | None:
        """Who sent ``message``; None when that cannot be verified."""
        try:
            header = message.headers.get(HEADER) if message.headers else None
            return verified(header, message.subject, message.data, *self._keys)
        except Forged as error:
            log.warning("caller not verified", operation=kind.command_type, reason=str(error))
            return None

    async def _handed_on(self, message: Msg, caller: Caller) -> bytes | None:
        """The answer of the replica at which the caller's gym is at home, unless that is us."""
        home = self._homes.elsewhere(caller.gym_id) if self._homes is not None else None
        seconds = (caller.deadline - self._clock.now()).total_seconds()
        if self._homes is None or home is None or seconds <= 0:
            return None
        headers = {HEADER: (message.headers or {})[HEADER]}
        return await self._homes.hand_on(home, message.subject, message.data, headers, seconds)

    async def _attend(
        self,
        kind: type[C],
        carry_out: Callable[[C, Context], Awaitable[Reply]],
        message: Msg,
        caller: Caller | None,
    ) -> bytes:
        """The reply to ``message``, measured; never an exception."""
        operation, began = kind.command_type, time.perf_counter()
        with RUNNING.track_inprogress():
            if caller is None:
                reply = replies.unverified()
            else:
                reply = await self._heard(kind, carry_out, message.data, caller)
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
                if isinstance(error, OutcomeUnknown) or is_away(error):
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
        now = self._clock.now()
        if now >= caller.deadline:
            return replies.too_late()
        try:
            command = kind.model_validate_json(body)
        except ValidationError as error:
            return replies.invalid(error)
        own = caller.actor == f"client:{getattr(command, 'client_id', None)}"
        if not self._allows(kind.command_type, frozenset(caller.roles), own=own):
            return replies.forbidden()
        ctx = Context.of(caller, now, traceparent())
        return await carry_out(command, ctx)
