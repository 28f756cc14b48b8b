"""What a read model shows of the events it applies: in which traces they are, and whom to tell."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from opentelemetry.trace import Span, SpanKind

from chassis.nats_headers import headers_of
from chassis.projection.ledger import Opened
from chassis.projection.model import Change
from chassis.telemetry.batches import ended, is_followed, replayed
from chassis.telemetry.traces import Attributes, is_sampled, started, trace_of, traceparent_of
from chassis.wire import TRACE_HEADER
from contracts.envelope import Envelope

_ID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class _Traced(NamedTuple):
    """An event whose trace is sampled."""

    envelope: Envelope
    body: bytes
    trace: str
    """The context of what published it."""


class Causes(NamedTuple):
    """Whose doing a transaction's changes are, as far as traces are sampled."""

    named: Mapping[Change, Sequence[str]]
    """What events name -> the contexts of their traces' spans."""
    only: Sequence[str]
    """The one trace the whole transaction is of, if it is: then of what nobody names as well."""

    def of(self, change: Change) -> Sequence[str]:
        """The contexts ``change`` is to be followed under."""
        return self.named.get(change, self.only)


NOBODY = Causes({}, ())


@contextmanager
def projecting(name: str, opened: Opened) -> Iterator[Causes]:
    """A span for each sampled trace in a transaction of read model ``name``.

    It is below the relay's of the trace's first event. What is caught up with late shares a span
    with links.
    """
    traced = _traced(opened)
    if not traced:
        yield NOBODY
        return
    live = [each for each in traced if is_followed(each.envelope.recorded_at)]
    old = [each.trace for each in traced if not is_followed(each.envelope.recorded_at)]
    work, told = f"project {name}", _told(name, opened)
    spans = _begun(work, live, told)
    late = replayed(work, old, kind=SpanKind.CONSUMER, attributes=told)
    with ended([*spans.values(), *late]):
        yield _causes(live, spans, is_all=len(live) == len(opened.messages))


@contextmanager
def rebuilding(name: str, opened: Opened) -> Iterator[None]:
    """One span for a transaction of a rebuild, with links to the sampled events in it."""
    links = [each.trace for each in _traced(opened)]
    work, told = f"rebuild {name}", _told(name, opened)
    with ended(replayed(work, links, kind=SpanKind.CONSUMER, attributes=told)):
        yield


def _traced(opened: Opened) -> list[_Traced]:
    return [
        _Traced(envelope, message.data, headers_of(message.header).get(TRACE_HEADER, trace))
        for message, envelope in zip(opened.messages, opened.envelopes, strict=True)
        if (trace := envelope.traceparent) is not None and is_sampled(trace)
    ]


def _told(name: str, opened: Opened) -> Attributes:
    return {"b2b.projection": name, "b2b.batch": len(opened.messages)}


def _begun(work: str, live: Sequence[_Traced], told: Attributes) -> dict[str, Span]:
    """A span a trace."""
    spans: dict[str, Span] = {}
    for _, _, trace in live:
        if trace_of(trace) not in spans:
            spans[trace_of(trace)] = started(
                work, parent=trace, kind=SpanKind.CONSUMER, attributes=told
            )
    return spans


def _causes(live: Sequence[_Traced], spans: Mapping[str, Span], *, is_all: bool) -> Causes:
    """By every id in the events' messages: the key of a change is one of them, or it is nobody's.

    With ``is_all`` there are no other events in the transaction.
    """
    contexts = {trace: traceparent_of(span) or "" for trace, span in spans.items()}
    named: dict[Change, list[str]] = defaultdict(list)
    for envelope, body, trace in live:
        context = contexts[trace_of(trace)]
        for key in {found.decode() for found in _ID.findall(body)}:
            known = named[envelope.gym_id, key]
            if context not in known:
                known.append(context)
    return Causes(named, list(contexts.values()) if is_all and len(contexts) == 1 else ())
