"""What the relay shows of an event on its way: a span below the append that recorded it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind

from chassis.relay.store import Row
from chassis.telemetry.batches import ended, is_followed, replayed
from chassis.telemetry.traces import started, traceparent_of
from chassis.wire import TRACE_HEADER, Outgoing


@contextmanager
def relaying(stream: str, window: Sequence[Outgoing], rows: Sequence[Row]) -> Iterator[None]:
    """A span for each sampled event of ``window``, and its context in the message's header.

    ``rows`` are those the window was made of, perhaps more. A refill goes out as it was recorded,
    in one span with links.
    """
    traced = [index for index, message in enumerate(window) if TRACE_HEADER in message.headers]
    if not traced:
        yield
        return
    spans: list[Span] = []
    old: list[str] = []
    for index in traced:
        headers, row = window[index].headers, rows[index]
        if not is_followed(row["recorded_at"]):
            old.append(headers[TRACE_HEADER])
            continue
        one = _begun(stream, headers[TRACE_HEADER], row["type"])
        headers[TRACE_HEADER] = traceparent_of(one) or headers[TRACE_HEADER]
        spans.append(one)
    told = {"messaging.system": "nats", "messaging.destination.name": stream}
    spans += replayed("relay", old, kind=SpanKind.PRODUCER, attributes=told)
    with ended(spans):
        yield


def _begun(stream: str, parent: str, event_type: str) -> Span:
    told = {
        "messaging.system": "nats",
        "messaging.destination.name": stream,
        "b2b.event_type": event_type,
    }
    return started("relay", parent=parent, kind=SpanKind.PRODUCER, attributes=told)
