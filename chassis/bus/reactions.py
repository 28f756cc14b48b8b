"""Reacting to other services' events: at least once each, patiently, and giving up visibly."""

import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import anyio
import orjson
import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import ConsumerConfig
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from chassis.bus.hearing import AT_MOST_AWAY, Behind, Hearing
from chassis.bus.homes import Homes
from chassis.decider import Refused
from chassis.nats_client import JETSTREAM_SECONDS
from chassis.telemetry import span
from chassis.telemetry.batches import is_followed
from chassis.telemetry.metrics import DEAD_LETTERS, REACTIONS
from chassis.telemetry.traces import failure, is_sampled
from chassis.wire import TRACE_HEADER, unpack
from contracts.envelope import Envelope, Event

Reaction: TypeAlias = Callable[[Envelope], Awaitable[object]]

BACK_OFF = (0.2, 0.5, 1.0, 5.0, 30.0, 30.0, 60.0, 60.0, 120.0, 120.0)
"""Seconds before each next try; after the last, some seven minutes in, we give up."""
HANDLER_SECONDS = 20.0
ACK_WAIT_SECONDS = 30.0  # longer than a handler may take: no second try beside a running first
GIVEN_UP_WITHIN = 1.1 * sum(BACK_OFF) + ACK_WAIT_SECONDS * (len(BACK_OFF) + 1)  # seconds
AT_ONCE = 16  # events of one consumer in one process
UNREADABLE = ValueError, KeyError, TypeError, AttributeError
"""What unpacking raises for what is no event."""

log = structlog.get_logger(__name__)


class Hopeless(Exception):
    """Trying again cannot help. Raised by a handler, it sends the event to the dead letters."""


HOPELESS = Hopeless, Refused


class FailedAtHome(Exception):
    """The replica at which the gym is at home could not react."""

    def __init__(self, kind: str) -> None:
        """``kind`` of error, there."""
        super().__init__(kind)
        self.kind = kind


class GivenUpAtHome(FailedAtHome, Hopeless):
    """The same, and trying again cannot help."""


@dataclass(frozen=True, slots=True)
class Reactor:
    """One durable consumer: what it hears, who reacts, and what happens when that fails."""

    broker: NatsBroker
    service: str
    name: str
    stream: str
    handler: Reaction
    back_off: tuple[float, ...] = BACK_OFF
    homes: Homes | None = None

    def listen(self, kind: type[Event]) -> Hearing:
        """Consume ``kind``. The stream must exist; its declaration is not a service's business."""
        subscriber = self.broker.subscriber(
            f"evt.*.{kind.event_type}",
            stream=JStream(self.stream, declare=False),
            durable=self.name,
            pull_sub=PullSub(batch_size=AT_ONCE, timeout=5.0),
            config=ConsumerConfig(ack_wait=ACK_WAIT_SECONDS, max_ack_pending=AT_MOST_AWAY),
            inbox_prefix=cast(bytes, None),  # the connection's own, the only one we may hear
            ack_policy=AckPolicy.MANUAL,
            decoder=_undecoded,
            no_reply=True,
        )

        behind = Behind(self.name)

        async def react(message: Any) -> None:
            raw = cast(NatsMessage, message).raw_message
            behind.heard(raw)
            await self.react(raw)

        subscriber(react)
        self._listen_for_retries()
        if self.homes is not None:
            self.homes.serve(self._retries, self._again)
        return Hearing(self.broker, self.stream, self.name, subscriber, behind)

    def _listen_for_retries(self) -> None:
        """An operator's second chance for a dead letter: ``retry.<service>.<consumer>``.

        The body is the event's message; the answer is ``{}``, or
        ``{"error": kind, "hopeless": bool}``.
        """

        async def again(message: Any) -> bytes:
            return await self._again(cast(NatsMessage, message).raw_message)

        self.broker.subscriber(self._retries, self.service, decoder=_undecoded)(again)

    @property
    def _retries(self) -> str:
        return f"retry.{self.service}.{self.name}"

    async def _again(self, message: Msg) -> bytes:
        """React to the event in ``message``: ``{}``, or what went wrong.

        Asked by operators, and by replicas for a gym that is at home here.
        """
        try:
            envelope = unpack(message.data)
        except UNREADABLE as error:
            return self._failed(error)
        with self._about(envelope, message.headers or {}) as current:
            try:
                with anyio.fail_after(HANDLER_SECONDS):
                    await self.handler(envelope)
            except Exception as error:
                current.set_status(failure(error))
                return self._failed(error)
        REACTIONS.labels(self.name, "done").inc()
        return b"{}"

    def _failed(self, error: Exception) -> bytes:
        log.warning("reaction failed", consumer=self.name, exc_info=error)
        return orjson.dumps({"error": _kind(error), "hopeless": isinstance(error, HOPELESS)})

    async def react(self, message: Msg) -> None:
        """Hand the event in ``message`` to the handler; acknowledge, try again later or give up."""
        try:
            envelope = unpack(message.data)
        except UNREADABLE as error:
            await self._give_up(message, error)
            return
        with self._about(envelope, message.headers or {}) as current:
            try:
                with anyio.fail_after(HANDLER_SECONDS):
                    if not await self._handed_on(envelope, message):
                        await self.handler(envelope)
                        REACTIONS.labels(self.name, "done").inc()
            except Exception as error:
                current.set_status(Status(StatusCode.ERROR, _kind(error)))
                if isinstance(error, HOPELESS):
                    await self._give_up(message, error)
                else:
                    await self._try_again(message, error)
            else:
                await message.ack()

    async def _handed_on(self, envelope: Envelope, message: Msg) -> bool:
        """Whether the replica at which the gym is at home has reacted. Raises what it answers."""
        home = (
            self.homes.elsewhere(envelope.gym_id, self._retries) if self.homes is not None else None
        )
        if self.homes is None or home is None:
            return False
        told = _told_of_the_event(message)
        answer = await self.homes.hand_on(home, self._retries, message.data, told, HANDLER_SECONDS)
        if answer is None:
            return False
        if (outcome := orjson.loads(answer)).get("error"):
            raise (GivenUpAtHome if outcome["hopeless"] else FailedAtHome)(outcome["error"])
        return True

    @contextmanager
    def _about(self, envelope: Envelope, headers: Mapping[str, str]) -> Iterator[Span]:
        """A span, and log lines that name the event."""
        named = {"gym_id": str(envelope.gym_id), "event_id": str(envelope.event_id)}
        with (
            structlog.contextvars.bound_contextvars(**named),
            self._span(envelope, headers) as current,
        ):
            yield current

    def _span(self, envelope: Envelope, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """Below what published the event; of a replay, maybe years later, only linked to it."""
        cause = headers.get(TRACE_HEADER, envelope.traceparent)
        if is_sampled(cause) and not is_followed(envelope.recorded_at):
            return span(self.name, link=cause, kind=SpanKind.CONSUMER)
        return span(self.name, parent=cause, kind=SpanKind.CONSUMER)

    async def _try_again(self, message: Msg, error: Exception) -> None:
        tries = message.metadata.num_delivered
        if tries > len(self.back_off):
            await self._give_up(message, error)
            return
        delay = self.back_off[tries - 1]
        REACTIONS.labels(self.name, "retried").inc()
        log.warning("reaction failed", consumer=self.name, tries=tries, again_in_s=delay,
                    exc_info=error)  # fmt: skip
        await message.nak(delay=delay * random.uniform(0.9, 1.1))  # noqa: S311 - spreads retries

    async def _give_up(self, message: Msg, error: Exception) -> None:
        """Keep a copy among the dead letters, then end the original; never the other way round."""
        meta = message.metadata
        headers = {
            **_told_of_the_event(message),
            "Dlq-Subject": message.subject,
            "Dlq-Seq": str(meta.sequence.stream),
            "Dlq-Error": _kind(error),
            "Nats-Msg-Id": f"{meta.stream}-{meta.sequence.stream}-{self.name}",
        }
        jetstream = self.broker.connection.jetstream(timeout=JETSTREAM_SECONDS)
        try:
            await jetstream.publish(f"dlq.{self.service}.{self.name}", message.data,
                                    headers=headers)  # fmt: skip
        except (Error, TimeoutError) as trouble:
            log.exception("dead letter not kept", consumer=self.name, exc_info=trouble)
            await message.nak(delay=self.back_off[-1])
            return
        await message.term()
        DEAD_LETTERS.labels(self.name).inc()
        REACTIONS.labels(self.name, "dead").inc()
        log.error("event given up", consumer=self.name, seq=meta.sequence.stream, exc_info=error)


def _kind(error: Exception) -> str:
    """What went wrong, wherever the reaction ran."""
    return error.kind if isinstance(error, FailedAtHome) else type(error).__name__


def _told_of_the_event(message: Msg) -> dict[str, str]:
    """Headers about the event, without those that say how it had to be written to its stream.

    The dead letters' stream would hold a letter to them, and refuse it.
    """
    return {
        name: told
        for name, told in (message.headers or {}).items()
        if name == "traceparent" or name.startswith("B2b-")
    }


async def _undecoded(message: Any) -> Any:
    """The message itself: its bytes are unpacked where failures have a home."""
    return message
