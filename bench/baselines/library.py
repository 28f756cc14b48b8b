"""The ``eventsourcing`` library's Postgres recorder, from as many threads as there are writers."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from contracts.ids import new_id

CONNECTIONS = 16


@contextmanager
def recorder(dsn: str) -> Iterator[PostgresApplicationRecorder]:
    """The recorder as the library makes it, with a pool; its table is made in our database."""
    parts = urlsplit(dsn)
    datastore = PostgresDatastore(
        parts.path.removeprefix("/"), parts.hostname or "", str(parts.port),
        parts.username or "", parts.password or "",
        pool_size=CONNECTIONS, max_waiting=0, connect_timeout=30,
    )  # fmt: skip
    with datastore:
        made = PostgresApplicationRecorder(datastore)
        made.create_table()
        yield made


def events_per_second(
    into: PostgresApplicationRecorder, writers: int, seconds: float, data: bytes
) -> float:
    """Events a second of ``writers`` threads, each one event after the other on its own stream."""
    until = time.perf_counter() + seconds

    def write(_: int) -> int:
        stream, version = new_id(), 0
        while time.perf_counter() < until:
            version += 1
            into.insert_events([StoredEvent(stream, version, "bench.happened.v1", data)])
        return version

    before = into.max_notification_id() or 0
    began = time.perf_counter()
    with ThreadPoolExecutor(writers) as threads:
        written = sum(threads.map(write, range(writers)))
    rate = written / (time.perf_counter() - began)
    stored = (into.max_notification_id() or 0) - before
    assert stored >= written, f"{stored} stored, {written} acknowledged"
    return rate
