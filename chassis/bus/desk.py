"""The serving side: where a service takes commands and queries, and reacts to others' events.

Every command is answered, whatever happens to it; by whom and how is the clerk's business.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import anyio
import structlog
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error

from chassis.bus import replies
from chassis.bus.broker import connected
from chassis.bus.clerk import Allows, Clerk
from chassis.bus.counter import Counter
from chassis.bus.hearing import Hearing
from chassis.bus.homes import NOT_OURS, Homes
from chassis.bus.reactions import BACK_OFF, Reaction, Reactor
from chassis.bus.replies import Outcome
from chassis.bus.signature import HEADER
from chassis.clock import Clock
from chassis.context import Context
from chassis.nats_client import leave, settled
from chassis.telemetry.metrics import COMMANDS, OURS
from contracts.envelope import Caller, Command, Event, Query, Reply, subject_of

C = TypeVar("C", bound=Command)
Q = TypeVar("Q", bound=Query)

MEND_SECONDS = 2.0  # between looks whether our consumers are still there

log = structlog.get_logger(__name__)


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
        self._clerk = Clerk(keys, clock, allows)
        self._clock = clock
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
                if not self._open:  # we may have been stopped since the last
                    break
                if not self.is_open:
                    hearing.behind.missed(anyio.current_time())
                    continue
                try:
                    await hearing.mend()
                except (Error, TimeoutError) as trouble:  # asked again at the next look
                    log.warning("cannot hear", reason=type(trouble).__name__)
                    hearing.behind.missed(anyio.current_time())

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
            caller = self._clerk.caller(kind, message)
            if caller is not None and self._clerk.is_late(caller):
                return NOT_OURS  # by our clock: whoever was asked judges by its own
            return await self._clerk.attend(kind, carry_out, message, caller)

        async def serve(message: Msg) -> bytes:
            caller = self._clerk.caller(kind, message)
            home = self._elsewhere(message, caller)
            answer = await self._handed_on(home, message, caller)
            if answer is not None:
                return answer
            return await self._clerk.attend(
                kind, carry_out, message, caller, may_be_done=home is not None
            )

        for outcome in OURS:
            COMMANDS.labels(kind.command_type, outcome)
        self._counters.append(Counter(subject_of(kind), self._service, serve))
        if self._homes is not None:
            self._homes.serve(subject_of(kind), see_to)

    def _elsewhere(self, message: Msg, caller: Caller | None) -> str | None:
        """The replica at which the caller's gym is at home, if there is one and it is not us."""
        if caller is None or self._homes is None or self._clock.now() >= caller.deadline:
            return None
        return self._homes.elsewhere(caller.gym_id, message.subject)

    async def _handed_on(
        self, home: str | None, message: Msg, caller: Caller | None
    ) -> bytes | None:
        """What ``home`` answers; None: nothing, though it may be done, or be about to be."""
        if home is None or caller is None or self._homes is None:
            return None
        seconds = (caller.deadline - self._clock.now()).total_seconds()
        headers = {HEADER: (message.headers or {})[HEADER]}
        return await self._homes.hand_on(home, message.subject, message.data, headers, seconds)
