"""Metrics of serving; names as dashboards know them."""

from itertools import product

from prometheus_client import Counter, Gauge, Histogram

OPERATIONS = Counter(
    "b2b_graphql_operations_total", "Operations answered.", ["kind", "transport", "outcome"]
)
for _kind, _transport in (*product(("query", "mutation"), ("http", "ws")), ("unknown", "http")):
    OPERATIONS.labels(_kind, _transport, "failed")  # zero from the start: so a first one is a rise
SECONDS = Histogram(
    "b2b_graphql_seconds", "Time from the whole request to the whole answer.", ["kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5),
)  # fmt: skip
EXECUTIONS = Counter("b2b_graphql_executions_total", "Executions by who ran them.", ["by"])
CONNECTIONS = Gauge("b2b_live_connections", "Open live connections.", ["transport"])
SUBSCRIBERS = Gauge("b2b_subscribers", "Operations that watch a live view.")
GROUPS = Gauge("b2b_subscription_groups", "Different questions behind them.")
SNAPSHOTS = Counter("b2b_subscription_snapshots_total", "Executions of a live view.", ["outcome"])
FRAMES = Counter("b2b_subscription_frames_total", "Updates handed to subscribers.")
SUPERSEDED = Counter(
    "b2b_subscription_frames_superseded_total", "Updates a slow client never saw: a newer one came."
)
