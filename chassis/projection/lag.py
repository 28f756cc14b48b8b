"""How far behind each read model is, as metrics and as a status."""

import time
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from prometheus_client import Counter, Gauge

from chassis.clock import SystemClock
from contracts.health import ViewTold

APPLIED = Counter(
    "b2b_projection_applied", "Events applied to a read model.", ["projection"]
)  # the client library adds _total
LAG_EVENTS = Gauge(
    "b2b_projection_lag_events", "Events in the stream not applied yet.", ["projection"]
)
LAG_SECONDS = Gauge(
    "b2b_projection_lag_seconds",
    "Age of the oldest event not applied yet; how long nothing was heard of the bus, if longer.",
    ["projection"],
)
STOPPED = Gauge(
    "b2b_projection_stopped", "1 when a read model stands still at a poison event.", ["projection"]
)
RETRIES = Counter("b2b_projection_retries", "Batches that had to be tried again.", ["projection"])


UNHEARD = 5.0
"""Seconds without a message or a heartbeat, which come every second, until we count as behind:
what we may not hear can be anything. Time for a doubt and a consumer made anew."""


class State(StrEnum):
    """What a projection is doing."""

    STARTING = "starting"
    RUNNING = "running"
    RETRYING = "retrying"
    STOPPED = "stopped"


class Status:
    """One read model's state, kept by its engine, read by health checks and the metrics page."""

    def __init__(self, name: str, source: str, silence: Callable[[], float]) -> None:
        """``source``: the service whose events it shows; ``silence``: s since its last word."""
        self.name, self.source, self._silence = name, source, silence
        self._state, self._since = State.STARTING, SystemClock().now()
        self.is_located = False
        """Whether the checkpoint has been read."""
        self.seq = 0
        """Sequence of the last message applied."""
        self.position = 0
        """Its position in the store it came from."""
        self.behind = 0
        """Events not applied yet."""
        self.oldest_at: float | None = None
        """When the oldest message not applied yet was stored, in seconds since 1970."""
        self.error: str | None = None
        """Why it is retrying or stopped. Never holds an event's content."""

    @property
    def state(self) -> State:
        """A read model that hears nothing tries again, whatever it last came to."""
        is_deaf = self._state is State.RUNNING and self._unheard
        return State.RETRYING if is_deaf else self._state

    @state.setter
    def state(self, state: State) -> None:
        if state is not self._state:
            self._state, self._since = state, SystemClock().now()

    @property
    def lag_seconds(self) -> float:
        age = time.time() - self.oldest_at if self.oldest_at is not None else 0.0
        return max(0.0, age, self._unheard)

    @property
    def _unheard(self) -> float:
        """Seconds since the last sign of life; 0 as long as that is nothing to wonder about."""
        silence = self._silence()
        return silence if silence > UNHEARD else 0.0

    def told(self) -> ViewTold:
        """The same for the process's pulse."""
        since = self._since
        if self.state is not self._state:
            since = SystemClock().now() - timedelta(seconds=self._unheard)
        return ViewTold(
            name=self.name, source=self.source, state=self.state, since=since,
            behind=self.behind, lag_seconds=self.lag_seconds, position=self.position,
        )  # fmt: skip

    def publish(self) -> None:
        """Make this the status the metrics page shows for the read model."""
        LAG_EVENTS.labels(self.name).set_function(lambda: self.behind)
        LAG_SECONDS.labels(self.name).set_function(lambda: self.lag_seconds)
        STOPPED.labels(self.name).set_function(lambda: float(self.state is State.STOPPED))
