"""What is promised, by id, and what is known about a promise that is missed."""

from dataclasses import dataclass
from typing import Literal

Op = Literal[">=", "<="]


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure to reach."""

    what: str
    target: float
    op: Op
    unit: str
    """``x`` is a ratio to the baseline named in ``what``."""

    def is_met(self, value: float) -> bool:
        """Whether ``value`` is on the right side of the target."""
        return value >= self.target if self.op == ">=" else value <= self.target


GOALS: dict[str, Goal] = {
    "hot": Goal(
        "commands/s of 64 commanders on one class, to a `SELECT … FOR UPDATE` function",
        5.0, ">=", "x",
    ),
    "spread": Goal(
        "commands/s of 64 commanders on 1,000 classes, to a `SELECT … FOR UPDATE` function",
        2.0, ">=", "x",
    ),
    "append": Goal(
        "events/s of 64 writers, one event each, to the eventsourcing library's Postgres recorder",
        20.0, ">=", "x",
    ),
    "rush": Goal(
        "time to the last answer of 1,000 members on one 20-seat class through GraphQL over HTTP, "
        "to a FastAPI endpoint that calls the function",
        1.0, "<=", "x",
    ),
    "replicas_rush": Goal(
        "time to the last answer of 1,000 members on one 20-seat class with two of every process, "
        "to one of every",
        1.5, "<=", "x",
    ),
    "replicas_spread": Goal(
        "commands/s of 64 commanders on 1,000 classes through GraphQL over HTTP with two of every "
        "process, to one of every",
        0.8, ">=", "x",
    ),
    "screens_p99": Goal("booking to 1,000 live screens, 99th percentile", 100.0, "<=", "ms"),
    "screens_cpu": Goal(
        "CPU per update delivered to a screen, to a plain Strawberry subscription",
        0.02, "<=", "x",
    ),
    "roster_cpu": Goal(
        "CPU per roster query through GraphQL, to a FastAPI endpoint with the same rows",
        1.0, "<=", "x",
    ),
    "telemetry": Goal(
        "CPU of the whole system per booking with a tenth of all traces sent to a collector, "
        "to the same without telemetry",
        1.15, "<=", "x",
    ),
    "growth": Goal(
        "CPU of service and database per booking with 10,000,000 stored events, to 10,000",
        1.1, "<=", "x",
    ),
    "rebuild": Goal(
        "events/s of a read model's rebuild, to COPY of the same rows", 0.2, ">=", "x"
    ),
    "start": Goal("from `make run` to ready on a set-up clone, without seeding", 15.0, "<=", "s"),
    "memory": Goal("all processes, resident", 900.0, "<=", "MB"),
    "demo": Goal(
        "the demo gyms at their usual size, through the public commands, as the first `make run` "
        "makes them, until screens show them",
        60.0, "<=", "s",
    ),
}  # fmt: skip
"""In the order they are measured and shown."""

WHY: dict[str, str] = {
    "hot": (
        "Both sides do the whole command, and the function has the pool that suits it best. All "
        "our commanders decide in one Python process, which waits for Postgres a tenth of the time "
        "at most: its CPU a command sets the pace, where the function mostly waits for its row. "
        "So the ratio falls on slower cores: the revision that reached 4.62 on another machine "
        "came to 2.77 here, and a later one to 2.91 in the same hour. "
        "When last sampled two fifths were rules and folding, a quarter the store, an eighth the "
        "driver, the rest event loop and bench."
    ),
    "spread": (
        "Without a contended row the function's callers keep all cores busy; ours decide in one "
        "process, whose CPU a command sets the pace as on one class. What is left is one round "
        "trip for many commands instead of one each."
    ),
    "append": (
        "Both sides write bare events, without rules or answers. Ours is bound by CPU, 19 µs of "
        "Python and 27 µs of Postgres an event on a faster machine; the library waits for the "
        "disk's flush once an event, and disks did not get slower with the cores. The revision "
        "that reached 19.5 on another machine came to 12.7 here, and a later one to 12.0 in the "
        "same hour."
    ),
    "rush": (
        "A press goes through gateway, bus and booking, and its events through relay and read "
        "models while the others are still pressing. Sampled on a busy machine the gateway took "
        "530 to 700 µs of CPU a member and booking 350 to 450, half of that for the bus; endpoint "
        "and function took 1.1 to 1.4 ms together, behind eight connections. Where the cores are "
        "fewer than the processes that work, and shared with the "
        "thousand members, the sum of CPU decides; with more cores they work side by side."
    ),
    "replicas_rush": (
        "The cores are the same, and two of every process have more to do on them: each event is "
        "received by two projectors and two hubs, and half of the presses take one more hop, to "
        "the booking at which the gym is at home. Twins are there for who dies, and for many gyms."
    ),
    "replicas_spread": (
        "All of it is one gym, which is at home at one booking: the other hands on what reaches "
        "it. The rest is what two of every process cost on the same cores."
    ),
    "screens_p99": (
        "A booking is on a screen after its append, the relay, the roster's read model and one "
        "execution in the gateway; then the same bytes are written to a thousand sockets one after "
        "the other, and bench reads all of them on the same cores."
    ),
    "screens_cpu": (
        "The query is executed and encoded once for all screens, so each costs us a frame written "
        "to its socket, some 19 µs when last measured. The plain subscription executes for each of "
        "them, some 970 µs then; the ratio moves with both."
    ),
    "roster_cpu": (
        "Both sides answer the same rows over HTTP, with 530 to 590 µs a query when last measured: "
        "a few tens of µs in finding the document, walking it and encoding decide."
    ),
    "telemetry": (
        "A booking that is followed has a span in each process it goes through, made, encoded and "
        "sent there; of the nine that are not, each still asks whether it is. Two whole systems "
        "are compared, with all they do in the background, so small differences move the ratio."
    ),
    "growth": (
        "Plans and rows touched are the same in both. After a vacuum small events fill what old "
        "pages have left, so more pages are read and written whole to the log for the first time "
        "after a checkpoint."
    ),
    "rebuild": (
        "An event costs about 32 µs of Python, 10 of Postgres and 7 of NATS, where a row of COPY "
        "costs 3 and 4. They work side by side, so Python, on one core, sets the pace: 4 µs to "
        "receive it in order, 9 to validate it, 9 to make rows of it, 4 to encode them, the rest "
        "in sockets and the loop. A second process would need what is left of the second core for "
        "receiving everything twice."
    ),
    "start": (
        "Two servers and seven Python processes, each with all it imports, start on the same "
        "cores. A used data folder, which has its cluster and its schemas already, was ready one "
        "second sooner when last measured."
    ),
    "memory": (
        "Half is seven Python processes of 55 to 95 MB, nearly all of it imported modules; the "
        "rest are some twenty connections of 13 to 20 MB, of which all but 2 or 3 MB are Postgres' "
        "own program and shared buffers, counted once for each."
    ),
    "demo": (
        "Every booking, entry and correction of ninety days is a command of its own, some 5,700 "
        "in all, decided, stored, relayed and heard of by the processes that serve everybody else: "
        "13 ms of CPU each in all of them together, on two cores of which a tenth is left. Read "
        "models and gateway start when that is done, which is a sixth of the time."
    ),
}
"""Id -> why the goal is missed, as far as it is understood. Shown only when it is."""
