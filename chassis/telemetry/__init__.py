"""What a process tells about itself: ``logs`` to read, ``metrics`` to watch, ``traces`` to follow.

Set up once by ``chassis.process``; everybody else logs with ``structlog.get_logger(__name__)``.
"""

from chassis.telemetry.logs import configure_logs
from chassis.telemetry.traces import configure_traces, flush_traces, span, trace_id, traceparent

__all__ = [
    "configure_logs",
    "configure_traces",
    "flush_traces",
    "span",
    "trace_id",
    "traceparent",
]
