"""What a relay is doing, for health checks and the metrics page."""

import time
from enum import StrEnum

from prometheus_client import Counter, Enum, Gauge

from chassis.clock import SystemClock
from contracts.health import RelayTold


class State(StrEnum):
    """What a relay is doing."""

    STARTING = "starting"
    STANDBY = "standby"
    """Another process relays; this one takes over when it goes."""
    RUNNING = "running"
    RETRYING = "retrying"
    """The stream takes nothing, or does not say so; nothing is lost, everything waits."""
    STORE_AWAY = "store_away"
    """The database is away; there is nothing to send from."""
    REFUSED = "refused"
    """A person has to look: the stream and the store do not fit, or an event cannot be sent."""


PUBLISHED = Counter("b2b_relay_published", "Events acknowledged by the stream.", ["context"])
DOUBTS = Counter("b2b_relay_doubts", "Times the stream was asked anew where it ends.", ["context"])
LAG_EVENTS = Gauge(
    "b2b_relay_lag_events", "Events not in the stream yet; holes count when many.", ["context"]
)
OLDEST_SECONDS = Gauge(
    "b2b_relay_oldest_unsent_seconds", "Age of the oldest event not in the stream.", ["context"]
)
STATE = Enum(
    "b2b_relay_state",
    "What the relay is doing.",
    ["context"],
    states=[each.value for each in State],
)


class Status:
    """One relay's state, kept by its loop."""

    def __init__(self, context: str) -> None:
        self.context = context
        self.state = State.STARTING
        self.since = SystemClock().now()
        """When it became that."""
        self.reason: str | None = None
        """Why it is retrying or refused."""
        self.waiting = 0
        """Events not in the stream yet."""
        self.oldest_at: float | None = None
        """When the oldest of them was recorded, in seconds since 1970."""

    @property
    def oldest_seconds(self) -> float:
        return max(0.0, time.time() - self.oldest_at) if self.oldest_at is not None else 0.0

    def become(self, state: State, reason: str | None = None) -> bool:
        """Take note of ``state``; whether that is news."""
        news = (state, reason) != (self.state, self.reason)
        if state is not self.state:
            self.since = SystemClock().now()
        self.state, self.reason = state, reason
        if state is State.STANDBY:
            self.waiting, self.oldest_at = 0, None  # what waits is the other process's to tell
        STATE.labels(self.context).state(state.value)
        return news

    def told(self, seq: int, position: int) -> RelayTold:
        """The same for the process's pulse; the last message is the stream's only while leading."""
        is_known = self.state is not State.STANDBY
        return RelayTold(
            state=self.state, since=self.since, waiting=self.waiting,
            oldest_seconds=self.oldest_seconds, seq=seq if is_known else 0,
            position=position if is_known else 0,
        )  # fmt: skip

    def publish(self) -> None:
        """Make this the status the metrics page shows for the context."""
        LAG_EVENTS.labels(self.context).set_function(lambda: self.waiting)
        OLDEST_SECONDS.labels(self.context).set_function(lambda: self.oldest_seconds)
        STATE.labels(self.context).state(self.state.value)
