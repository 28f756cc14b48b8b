"""Spans reach the collector a process is told of; who is told of none does not load the means."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.trace import TraceFlags

from chassis.telemetry.exporting import LAST_WORDS
from deploy.schema import ROOT
from tests.world.stopwatch import Stopwatch

QUEUE = 2048  # spans an exporter holds
STARTED_WITHIN = 15.0  # seconds

PROGRAM = """
import sys
from chassis.telemetry import configure_traces, flush_traces, span, traceparent

configure_traces("lamp", ratio=1.0, endpoint=sys.argv[1] or None)
for _ in range(int(sys.argv[2])):
    with span("turned on"):
        told = traceparent()
print(told, "opentelemetry.sdk" in sys.modules)
flush_traces()
"""


@pytest.fixture
def collected() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A collector's address, and the path and body of what was sent there."""
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    thread.join()
    server.server_close()


def _run(endpoint: str, *, spans: int = 1) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, endpoint, str(spans)], cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    parent, is_loaded = done.stdout.split()
    return parent, is_loaded


def test_sampled_spans_are_sent_before_the_process_ends(
    collected: tuple[str, list[tuple[str, bytes]]],
) -> None:
    endpoint, got = collected

    parent, is_loaded = _run(endpoint)

    assert is_loaded == "True"
    assert int(parent[-2:], 16) & TraceFlags.SAMPLED
    assert [path for path, _ in got] == ["/v1/traces"]


def test_without_a_collector_spans_have_ids_and_nothing_is_loaded_to_keep_them() -> None:
    parent, is_loaded = _run("")

    assert is_loaded == "False"
    assert not int(parent[-2:], 16) & TraceFlags.SAMPLED
    assert int(parent.split("-")[1], 16)


@pytest.fixture
def silent() -> Iterator[str]:
    """A collector that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_silent_collector_keeps_no_process_from_ending(silent: str) -> None:
    with Stopwatch() as took:
        parent, _ = _run(silent, spans=3 * QUEUE)

    assert int(parent[-2:], 16) & TraceFlags.SAMPLED
    # An exporter alone would wait ten seconds for each of the batches that fit into its queue.
    assert took.seconds < STARTED_WITHIN + LAST_WORDS
