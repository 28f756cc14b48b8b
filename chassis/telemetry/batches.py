"""Spans of what handles many messages at once: windows, transactions, frames for many screens.

Each *sampled* trace in a batch gets a span of its own, as long as the batch took, below the message
that brought it. What nobody looks at gets none and costs a look at its context. A message is
followed for a minute: what is handled later is a replay (a refill, a rebuild, a long outage), and
gets one span a batch, in a trace of its own, with links to what was replayed. Otherwise a trace
would live for years.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.trace import Span, SpanKind

from chassis.telemetry.traces import Attributes, failure, started_apart

FOLLOWED_SECONDS = 60.0
MOST_LINKS = 128  # in one span, as many as the SDK keeps


def is_followed(recorded_at: datetime) -> bool:
    """Whether what happens now to an event recorded at ``recorded_at`` belongs to its trace."""
    return time.time() - recorded_at.timestamp() < FOLLOWED_SECONDS


def replayed(
    name: str, links: Sequence[str], *, kind: SpanKind, attributes: Attributes
) -> list[Span]:
    """The one span of a batch that replays ``links``; none when there is nothing to link to."""
    if not links:
        return []
    told = {**attributes, "b2b.replayed": len(links)}
    one = started_apart(name, links=links[:MOST_LINKS], kind=kind, attributes=told)
    return [] if one is None else [one]


@contextmanager
def ended(spans: Sequence[Span]) -> Iterator[None]:
    """End ``spans`` with the block; a failure marks each of them."""
    try:
        yield
    except Exception as error:
        for each in spans:
            each.set_status(failure(error))
        raise
    finally:
        for each in spans:
            each.end()
