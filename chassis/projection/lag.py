"""How far behind each read model is, as metrics and as a status."""

import time
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
    "b2b_projection_lag_seconds", "Age of the oldest event not applied yet.", ["projection"]
)
STOPPED = Gauge(
    "b2b_projection_stopped", "1 when a read model stands still at a poison event.", ["projection"]
)
RETRIES = Counter("b2b_projection_retries", "Batches that had to be tried again.", ["projection"])


class State(StrEnum):
    """What a projection is doing."""

    STARTING = "starting"
    RUNNING = "running"
    RETRYING = "retrying"
    STOPPED = "stopped"


class Status:
    """One read model's state, kept by its engine, read by health checks and the metrics page."""

    def __init__(self, name: str, source: str) -> None:
        """``source``: the service whose events it shows."""
        self.name, self.source = name, source
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
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        if state is not self._state:
            self._state, self._since = state, SystemClock().now()

    @property
    def lag_seconds(self) -> float:
        return max(0.0, time.time() - self.oldest_at) if self.oldest_at is not None else 0.0

    def told(self) -> ViewTold:
        """The same for the process's pulse."""
        return ViewTold(
            name=self.name, source=self.source, state=self.state, since=self._since,
            behind=self.behind, lag_seconds=self.lag_seconds, position=self.position,
        )  # fmt: skip

    def publish(self) -> None:
        """Make this the status the metrics page shows for the read model."""
        LAG_EVENTS.labels(self.name).set_function(lambda: self.behind)
        LAG_SECONDS.labels(self.name).set_function(lambda: self.lag_seconds)
        STOPPED.labels(self.name).set_function(lambda: float(self.state is State.STOPPED))
