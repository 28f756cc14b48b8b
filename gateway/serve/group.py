"""Everybody who watches the same view with the same question: executed once, encoded once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import structlog
from opentelemetry.trace import SpanKind

from chassis.telemetry.batches import ended
from chassis.telemetry.traces import started
from gateway.serve import metrics
from gateway.serve.answers import Json, refusal
from gateway.serve.faults import Fault
from gateway.serve.live import Position, Watch

log = structlog.get_logger(__name__)

UNAVAILABLE = 500
"""Faults from this status on are ours, and pass."""
BREATH = 256
"""Sends in a row before the loop may do something else."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between attempts of a view that fails
MOST_TRACES = 64  # followed to the screens by one execution
SPREAD = 0.8, 1.2  # of the time between looks, so that groups made at once do not look at once


@dataclass(eq=False)
class Frame:
    """One update, encoded once for everybody."""

    payload: bytes
    """An ExecutionResult as JSON."""
    position: bytes = b""
    """The snapshot's, as it is written in the payload."""

    @cached_property
    def content(self) -> int:
        """Equal in frames that differ in the position at most."""
        return hash(self.payload.replace(self.position, b""))

    @cached_property
    def tail(self) -> str:
        """The end of a ``next`` message of graphql-transport-ws, after its id."""
        return f'","type":"next","payload":{self.payload.decode()}}}'

    @cached_property
    def event(self) -> bytes:
        """An SSE ``next`` event."""
        return b"event: next\ndata: " + self.payload + b"\n\n"


class Sink(Protocol):
    """One client's operation, as the hub sees it. Neither method blocks."""

    def show(self, frame: Frame) -> None: ...

    def fail(self, errors: list[Json]) -> None:
        """Tell the client that its operation has ended, and why."""
        ...


@dataclass(eq=False, slots=True)
class Member:
    """A sink in a group, and what it has seen."""

    sink: Sink
    after: Position | None
    shown: Frame | None = None


class Look(NamedTuple):
    """What one execution saw."""

    position: Position
    frame: Frame


Execute = Callable[[], Awaitable[Look]]
"""One execution. Raises what the resolver raised."""


class Group:
    """Runs while it has members; a burst of hints gives at most one trailing execution.

    A hint comes at most once and may be lost on any way: a group that hears none for long looks by
    itself, and shows what it finds only when more than the position is new.
    """

    def __init__(
        self, field: str, watch: Watch, execute: Execute, emptied: Callable[[], None],
        look_every: float,
    ) -> None:  # fmt: skip
        """``field`` is the subscription's in the schema; ``look_every`` in seconds."""
        self._field, self._look_every = field, look_every
        self._topics, self._hints, self._execute = watch.topics, watch.hints, execute
        self._is_news, self._emptied = watch.is_news, emptied
        self._members: dict[Sink, Member] = {}
        self._frame: Frame | None = None
        self._position: Any = None
        self._current = False
        """No hint came since the execution that made the frame began."""
        self._wanted = asyncio.Event()
        self._traces: set[str] = set()
        """Whose changes the next execution shows, as far as they are sampled."""
        # A context of its own: what the first to join left in theirs is nobody else's.
        self._task = asyncio.create_task(self._run(), context=Context())

    def join(self, sink: Sink, after: Position | None) -> None:
        """The first frame comes at once, unless ``after`` says that it was seen."""
        member = self._members[sink] = Member(sink, after)
        if self._frame is not None and self._current and not self._is_behind(after):
            self._show(member, self._frame)
        else:
            self.wake()

    def leave(self, sink: Sink) -> None:
        if self._members.pop(sink, None) is not None and not self._members:
            self._emptied()
            self._wanted.set()

    def wake(self, traces: Sequence[str] = ()) -> None:
        """The view may have changed, by these sampled traces."""
        self._current = False
        self._wanted.set()
        if traces and len(self._traces) < MOST_TRACES:
            self._traces.update(traces)

    async def closed(self) -> None:
        """Return when the group has stopped, which it does when its last member leaves."""
        await asyncio.wait({self._task})

    def _is_behind(self, after: Position | None) -> bool:
        """Whether a client has seen more than we have: then a hint is late or lost."""
        return after is not None and not self._position.covers(after)

    async def _run(self) -> None:
        listening = await self._hints.watch(self._topics, self.wake)
        pause = FIRST_PAUSE
        try:
            while True:
                await self._until_wanted()
                if not self._members:
                    return
                try:
                    with self._delivering():
                        await self._refresh()
                    pause = FIRST_PAUSE
                except Exception as error:
                    if self._frame is None or _is_final(error):
                        self._end(error)
                        return
                    metrics.SNAPSHOTS.labels("failed").inc()
                    log.warning("live_view_failed", topics=self._topics, exc_info=error)
                    await asyncio.sleep(pause)  # an outage must not become a storm
                    pause = min(pause * 2, LONGEST_PAUSE)
                    self._wanted.set()
        finally:
            await self._hints.unwatch(listening)

    async def _until_wanted(self) -> None:
        """Until a hint or a member comes, the last one leaves, or none of it for too long."""
        with suppress(TimeoutError):
            spread = random.uniform(*SPREAD)  # noqa: S311 - no secret
            async with asyncio.timeout(self._look_every * spread):
                await self._wanted.wait()
        self._wanted.clear()

    @contextmanager
    def _delivering(self) -> Iterator[None]:
        """A span in each trace whose change is on its way to the screens."""
        if not self._traces:
            yield
            return
        traces, self._traces = self._traces, set()
        name, told = f"deliver {self._field}", {"b2b.screens": len(self._members)}
        kind = SpanKind.CONSUMER
        with ended([started(name, parent=one, kind=kind, attributes=told) for one in traces]):
            yield

    async def _refresh(self) -> None:
        was_current, self._current = self._current, True
        try:
            self._position, frame = await self._execute()
        except BaseException:
            self._current = False
            raise
        metrics.SNAPSHOTS.labels("done").inc()
        if self._frame is None or self._frame.payload != frame.payload:
            self._frame = frame
        frame = self._frame
        is_unasked = was_current and self._current
        for number, member in enumerate(list(self._members.values()), start=1):
            seen = member.shown
            is_same = is_unasked and seen is not None and seen.content == frame.content
            if not (seen is frame or is_same) and member.sink in self._members:
                self._show(member, frame)
            if number % BREATH == 0:
                await asyncio.sleep(0)

    def _show(self, member: Member, frame: Frame) -> None:
        member.shown = frame
        if member.after is not None:
            if not self._is_news(self._position, member.after):
                return
            member.after = None
        metrics.FRAMES.inc()
        member.sink.show(frame)

    def _end(self, error: Exception) -> None:
        metrics.SNAPSHOTS.labels("refused").inc()
        errors = refusal(error)
        members, self._members = self._members, {}
        self._emptied()
        for member in members.values():
            member.sink.fail(errors)


def _is_final(error: Exception) -> bool:
    """Whether asking again is pointless: a refusal, not an outage."""
    return isinstance(error, Fault) and error.status < UNAVAILABLE
