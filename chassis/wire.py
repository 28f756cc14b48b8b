"""An event on the bus: how the relay writes it and how readers take it back.

The stored bytes of an event are spliced into the message as they are: what was decided is what is
published, and nothing is parsed twice.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg
import orjson
from asyncpg.pgproto.pgproto import UUID  # the standard one's equal, made and hashed in C

from chassis.telemetry.traces import is_sampled
from contracts.envelope import EVENTS, UPCASTS, Envelope, Event, decode

POSITION_HEADER = "B2b-Position"
ID_HEADER = "Nats-Msg-Id"
TRACE_HEADER = "traceparent"
"""The W3C context of what published the event; only where its trace is sampled."""
KEPT = 1024  # envelopes remembered; two full batches, so that a read model may lag the others
_EVENT = b',"event":'
_FIELDS = set(Envelope.model_fields)
_set = object.__setattr__


class Outgoing(NamedTuple):
    """One message on its way to a stream."""

    position: int
    subject: str
    headers: dict[str, str]
    body: bytes

    @property
    def size(self) -> int:
        """Bytes on the wire, headers included; what ``max_payload`` limits."""
        return len(self.body) + sum(len(k) + len(v) + 4 for k, v in self.headers.items()) + 16


def pack(row: asyncpg.Record) -> Outgoing:
    """The message for a row of ``es.read_all``. Raises ``ValueError`` for a row that is not one."""
    meta, data = bytes(row["meta"]).strip(), bytes(row["data"]).strip()
    told = orjson.loads(meta)
    if not isinstance(told, dict) or not told or not (data[:1] == b"{" and data[-1:] == b"}"):
        raise ValueError("data and meta must be JSON objects")
    event_type, event_id, gym = str(row["type"]), str(row["event_id"]), str(row["gym_id"])
    head = orjson.dumps({
        "event_id": event_id,
        "event_type": event_type,
        "gym_id": gym,
        "stream": f"{row['category']}-{row['stream_id']}",
        "version": row["version"],
        "position": row["pos"],
        "recorded_at": row["recorded_at"],
    })  # fmt: skip
    # The subject says gym and type. A header costs every reader of the message.
    headers = {ID_HEADER: event_id, POSITION_HEADER: str(row["pos"])}
    trace = told.get("traceparent")
    if isinstance(trace, str) and is_sampled(trace):
        headers[TRACE_HEADER] = trace
    body = b"".join((head[:-1], b",", meta[1:-1], _EVENT, data, b"}"))
    return Outgoing(row["pos"], f"evt.{gym}.{event_type}", headers, body)


def read(body: bytes) -> Envelope:
    """The envelope in a message. An unknown type becomes an ``UnknownEvent``.

    Raises ``ValueError`` (pydantic's included), ``KeyError``, ``TypeError`` or ``AttributeError``
    when it is not one.
    """
    told, event = _parted(body)
    # Built as it stands, without even pydantic's own short cut: a tenth of the cost of validating
    # what our relay wrote. The event itself is validated, it is the part other people write.
    envelope = Envelope.__new__(Envelope)
    _set(envelope, "__pydantic_fields_set__", _FIELDS)
    _set(envelope, "__pydantic_extra__", None)
    _set(envelope, "__pydantic_private__", None)
    _set(envelope, "__dict__", {
        "event_id": UUID(told["event_id"]),
        "event_type": told["event_type"],
        "gym_id": UUID(told["gym_id"]),
        "stream": told["stream"],
        "version": told["version"],
        "position": told["position"],
        "occurred_at": datetime.fromisoformat(told["occurred_at"]),
        "recorded_at": datetime.fromisoformat(told["recorded_at"]),
        "actor": told["actor"],
        "command_id": UUID(told["command_id"]),
        "correlation_id": UUID(told["correlation_id"]),
        "causation_id": UUID(told["causation_id"]),
        "traceparent": told.get("traceparent"),
        "event": event,
    })  # fmt: skip
    return envelope


unpack = lru_cache(KEPT)(read)
"""``read``, remembered for a while: the read models of one process hear the same events."""


def _parted(body: bytes) -> tuple[Mapping[str, Any], Event]:
    """What is around the event, and the event.

    As ``pack`` spliced them: the event's own bytes are validated while they are parsed, which
    costs half of doing one after the other. No text before it can hold the unescaped mark.
    """
    head, _, data = body.partition(_EVENT)
    try:
        told = orjson.loads(head + b"}")
        if told["event_type"] in EVENTS and told["event_type"] not in UPCASTS:
            validator = EVENTS[told["event_type"]].__pydantic_validator__
            return told, validator.validate_json(data[:-1])
    except (ValueError, KeyError, TypeError):  # spliced by somebody else, or wrong
        pass
    told = orjson.loads(body)
    return told, decode(told["event_type"], told["event"])
