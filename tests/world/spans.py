"""Spans that a test keeps in its own process instead of sending them."""

from collections.abc import Callable

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from chassis.telemetry.traces import trace_of
from contracts.ids import new_id
from tests.world.waiting import until


class Kept:
    """Every span that has ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=ParentBased(ALWAYS_ON))
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def all(self) -> tuple[ReadableSpan, ...]:
        """In the order they ended."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == name]

    async def until(self, met: Callable[[], bool]) -> None:
        """Return once ``met``; raises ``AssertionError`` when that takes too long."""
        await until(met)


def a_trace(*, sampled: bool = True) -> str:
    """The ``traceparent`` of somebody else."""
    return f"00-{new_id().hex}-{new_id().hex[-16:]}-0{int(sampled)}"


def context(span: ReadableSpan) -> str:
    """A sampled span as ``traceparent``."""
    told = span.context
    assert told is not None
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{told.trace_flags:02x}"


def parent(span: ReadableSpan) -> str | None:
    """(trace, span) of the parent in hex, or None for a root."""
    return f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}" if span.parent else None


def ids(traceparent: str) -> str:
    """The same of a ``traceparent``."""
    return f"{trace_of(traceparent)}-{traceparent.split('-')[2]}"


def links(span: ReadableSpan) -> set[str]:
    """The same of what it is linked to."""
    return {f"{one.context.trace_id:032x}-{one.context.span_id:016x}" for one in span.links}
