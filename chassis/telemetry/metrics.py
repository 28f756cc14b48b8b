"""Metrics every process has. No gym, person or id is ever a label."""

import asyncio

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)  # 0.2 s is what the product promises

OURS = "failed", "busy"
"""Outcomes that are our fault; told as zero from the start, or a first one would be no rise."""

COMMANDS = Counter("b2b_commands_total", "Commands and queries answered", ["command", "outcome"])
REFUSALS = Counter("b2b_refusals_total", "Commands and queries refused", ["command", "code"])
COMMAND_SECONDS = Histogram(
    "b2b_command_seconds", "From arrival to reply", ["command"], buckets=SECONDS
)
RUNNING = Gauge("b2b_commands_running", "Commands and queries being carried out")
REACTIONS = Counter("b2b_reactions_total", "Events reacted to", ["consumer", "outcome"])
DEAD_LETTERS = Counter("b2b_dead_letters_total", "Events given up", ["consumer"])
REQUESTS = Histogram(
    "b2b_http_request_seconds", "HTTP requests", ["route", "method", "status"], buckets=SECONDS
)


def _tasks() -> float:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # asked outside of the event loop
        return 0


TASKS = Gauge("b2b_tasks", "Tasks of the event loop; a number that only grows is a leak")
TASKS.set_function(_tasks)
