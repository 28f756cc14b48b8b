"""A collector the processes of a test send their spans to, and what a test asks it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager

from bench.collector import Collector, Span
from chassis.health import Server
from tests.world.waiting import until

SENT_WITHIN = 60.0  # seconds; processes send every quarter of one


class Traces:
    """Every span that was sent so far."""

    def __init__(self, url: str, spans: list[Span]) -> None:
        self.url, self.spans = url, spans

    @property
    def settings(self) -> dict[str, str]:
        """What makes a process send every span here, at once."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "TRACE_SAMPLE_RATIO": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "250",
        }

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def of(self, trace_id: str) -> "Trace":
        """The trace as it is known now."""
        return Trace([span for span in self.spans if span.trace_id == trace_id])

    async def news(self, name: str, before: Collection[str], *others: str) -> "Trace":
        """A trace with a span ``name``, none of ``before``, once ``others`` are in it too.

        And whole: processes send when it suits them, a child perhaps before its parent.
        """

        async def found() -> Trace | None:
            for trace_id in {span.trace_id for span in self.named(name)} - set(before):
                trace = self.of(trace_id)
                if trace.is_whole and set(others) <= {span.name for span in trace}:
                    return trace
            return None

        trace: Trace = await until(found, SENT_WITHIN)
        return trace


class Trace:
    """The spans of one trace."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans
        self._by_id = {span.span_id: span for span in spans}

    @property
    def is_whole(self) -> bool:
        """Whether every parent is there."""
        return all(not span.parent_id or span.parent_id in self._by_id for span in self.spans)

    def named(self, name: str, service: str | None = None) -> list[Span]:
        """Spans of that name, of all services or one."""
        return [s for s in self.spans if s.name == name and service in (None, s.service)]

    def one(self, name: str, service: str | None = None) -> Span:
        """Raises ``AssertionError`` unless there is exactly one."""
        found = self.named(name, service)
        assert len(found) == 1, f"{len(found)} spans {name}: {self.told()}"
        return found[0]

    def parent(self, span: Span) -> Span:
        """Raises ``AssertionError`` when it is not in the trace."""
        assert span.parent_id in self._by_id, f"{span.name} has no parent here: {self.told()}"
        return self._by_id[span.parent_id]

    def path(self, span: Span) -> list[Span]:
        """From the root down to ``span``."""
        above = self.path(self.parent(span)) if span.parent_id in self._by_id else []
        return [*above, span]

    def told(self) -> str:
        """All of it on a page."""
        return "\n".join(sorted(" > ".join(s.name for s in self.path(one)) for one in self.spans))

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)


@asynccontextmanager
async def collecting() -> AsyncIterator[Traces]:
    """A collector, as long as the block lasts."""
    spans: list[Span] = []
    server = Server(Collector(spans.append), "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve())
    await server.opened()
    yield Traces(f"http://127.0.0.1:{server.port}", spans)
    server.leave()
    await serving
