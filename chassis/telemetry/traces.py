"""Traces: who called whom, across processes, for a sample of requests.

What is sampled is decided where a trace begins and travels in its W3C ``traceparent``. ``span`` is
for a block that handles one thing; ``chassis.telemetry.batches`` is for what handles many at once.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

from opentelemetry import context as current_context
from opentelemetry import trace
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Attributes: TypeAlias = Mapping[str, str | int]

_W3C = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("back2back")
_PARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NOT_SAMPLED = TraceFlags(TraceFlags.DEFAULT)
_SAMPLED_END = frozenset("13579bdf")  # of a traceparent: its last bit says so
_ratio = 1.0  # of the traces that begin here, those that are sampled
_flush: Callable[[], None] | None = None


def configure_traces(service: str, *, ratio: float, endpoint: str | None) -> None:
    """Once per process. Without ``endpoint`` nothing is sampled; ids still tie log lines."""
    global _ratio, _flush  # noqa: PLW0603 - as global as the provider set below
    _ratio = ratio if endpoint else 0.0
    if not endpoint:
        return
    from chassis.telemetry import exporting  # noqa: PLC0415 - it tells why

    provider = exporting.provider(service, endpoint=endpoint)
    trace.set_tracer_provider(provider)
    _flush = partial(exporting.end, provider)


def flush_traces() -> None:
    """Send what is collected; call before the process ends."""
    if _flush is not None:
        _flush()


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    link: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
) -> Iterator[Span]:
    """A span around a block, below W3C ``parent`` or the current span; or linked to ``link``.

    With a link it begins a trace of its own. A failure marks the span with the exception's type;
    its text may hold personal data. It may be ended before the block is.
    """
    if (unsampled := _unsampled(parent, begins=link is not None)) is not None:
        # The library's own way to the same result costs five times as much.
        token = current_context.attach(trace.set_span_in_context(unsampled))
        try:
            yield unsampled
        finally:
            current_context.detach(token)
        return
    begun = _begun(name, parent, (link,) if link else (), kind, None)
    with trace.use_span(begun, record_exception=False, set_status_on_exception=False):
        try:
            yield begun
        except Exception as error:
            if begun.is_recording():
                begun.set_status(failure(error))
            raise
        finally:
            if begun.is_recording():
                begun.end()


def started(name: str, *, parent: str, kind: SpanKind, attributes: Attributes) -> Span:
    """A span below a sampled ``parent`` that is nobody's current one; the caller ends it."""
    return _begun(name, parent, (), kind, attributes)


def started_apart(
    name: str, *, links: Sequence[str], kind: SpanKind, attributes: Attributes
) -> Span | None:
    """The same in a trace of its own, with ``links``; None when that is not sampled."""
    return None if _is_left_out() else _begun(name, None, links, kind, attributes)


def failure(error: Exception) -> Status:
    """How a span says what went wrong: the exception's type, never its text."""
    return Status(StatusCode.ERROR, type(error).__name__)


def is_sampled(parent: str | None) -> bool:
    """Whether somebody will look at the trace of this ``traceparent``."""
    return parent is not None and parent[-1:] in _SAMPLED_END


def trace_of(parent: str) -> str:
    """The trace's id in a ``traceparent``."""
    return parent[3:35]


def traceparent() -> str | None:
    """The current span as W3C ``traceparent``, or None outside any span."""
    return traceparent_of(trace.get_current_span())


def traceparent_of(span: Span) -> str | None:
    """``span`` as W3C ``traceparent``, or None when it is none."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def trace_id() -> str | None:
    """The current trace's id in hex, or None outside any span."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def _begun(
    name: str,
    parent: str | None,
    links: Sequence[str],
    kind: SpanKind,
    attributes: Attributes | None,
) -> Span:
    context = current_context.Context() if links else None
    if parent:
        context = _W3C.extract({"traceparent": parent})
    told = (trace.get_current_span(_W3C.extract({"traceparent": one})) for one in links)
    linked = [Link(there) for one in told if (there := one.get_span_context()).is_valid]
    return _tracer.start_span(name, context, kind, attributes, linked)


def _unsampled(parent: str | None, *, begins: bool = False) -> Span | None:
    """The new span, when its parent, or the lack of one, says that nobody will look at it."""
    if parent and (told := _PARENT.fullmatch(parent)) is not None:
        trace_id, flags = int(told[1], 16), int(told[3], 16)
    elif parent or begins or not (above := trace.get_current_span().get_span_context()).is_valid:
        trace_id, flags = random.getrandbits(128), 0 if _is_left_out() else TraceFlags.SAMPLED
    else:
        trace_id, flags = above.trace_id, above.trace_flags
    if flags & TraceFlags.SAMPLED:
        return None
    span_id = random.getrandbits(64)
    if not trace_id or not span_id:
        return None
    return NonRecordingSpan(SpanContext(trace_id, span_id, False, _NOT_SAMPLED))


def _is_left_out() -> bool:
    """Whether the trace that begins now is one of the many nobody will look at."""
    return random.random() >= _ratio  # noqa: S311 - no secret
