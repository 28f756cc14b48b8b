"""Events as bytes and back."""

from typing import Any
from zlib import crc32

import orjson
from pydantic import TypeAdapter

from chassis.context import Context
from chassis.decider import Aggregate
from chassis.eventstore.recorder import StoredEvent
from contracts.envelope import EVENTS, UPCASTS, Event, UnknownEvent, decode


class UnreadableStream(Exception):
    """A stream holds an event this service does not know: nothing can be decided on it."""


def encode(event: Event) -> bytes:
    """The event as JSON."""
    return event.__pydantic_serializer__.to_json(event)


def read(stored: StoredEvent) -> Event:
    """The event, upcast to today's class. Raises ``UnreadableStream`` for an unknown type."""
    known = EVENTS.get(stored.topic)
    if known is not None and stored.topic not in UPCASTS:
        return known.model_validate_json(stored.state)
    event = decode(stored.topic, orjson.loads(stored.state))
    if isinstance(event, UnknownEvent):
        raise UnreadableStream(
            f"{stored.originator_id} has {stored.topic} at version {stored.originator_version}"
        )
    return event


def meta(ctx: Context) -> bytes:
    """What is stored beside every event of one command."""
    return orjson.dumps(
        {
            "occurred_at": ctx.now,
            "actor": ctx.actor,
            "command_id": ctx.command_id,
            "correlation_id": ctx.correlation_id,
            "causation_id": ctx.causation_id,
            "traceparent": ctx.traceparent,
        },
        default=str,  # ids out of a message are the driver's kind of UUID
    )


_LAYOUTS: dict[tuple[type[Any], int], int] = {}


def layout(kind: Aggregate[Any, Any]) -> int:
    """The number of the aggregate's snapshots: another whenever its shape or a field changes."""
    state_type = type(kind.initial)
    known = _LAYOUTS.get((state_type, kind.shape))
    if known is None:
        fields = orjson.dumps(state_codec(state_type).json_schema(), option=orjson.OPT_SORT_KEYS)
        known = _LAYOUTS[(state_type, kind.shape)] = crc32(fields, kind.shape) >> 1 or 1
    return known


_CODECS: dict[type[Any], TypeAdapter[Any]] = {}


def state_codec(state_type: type[Any]) -> TypeAdapter[Any]:
    """How states of this type become snapshots."""
    if state_type not in _CODECS:
        _CODECS[state_type] = TypeAdapter(state_type)
    return _CODECS[state_type]
