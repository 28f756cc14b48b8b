"""Keeps child processes alive: starts them, waits until ready, restarts the fallen, drains all.

No child outlives us, however we end.
"""

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.settings import WRONG_SETTINGS
from deploy.local.children import dies_with_us
from deploy.local.health import until_ready
from deploy.local.places import CannotStart

READY_WITHIN = 60.0  # seconds
GIVE_UP_AFTER = 3  # falls before the first time it was ready
LONGEST_PAUSE = 30.0  # seconds between two starts
STEADY_AFTER = 60.0  # seconds; a process that lived this long starts with a short pause again
FIRST_PAUSE = 0.5  # seconds
_LONGEST_LINE = 1 << 20  # bytes
_REMEMBERED = 20  # lines


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, with nothing but ``environment``, and where it tells that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    health_port: int
    folder: str = "."


class Child:
    """One program, alive until told to stop."""

    def __init__(self, program: Program, tell: Callable[[str, str], None]) -> None:
        self.program = program
        self.starts = 0
        self.ready = asyncio.Event()
        self._tell = tell
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=_REMEMBERED)
        self._task = asyncio.create_task(self._live(), name=f"child {program.name}")

    @property
    def pid(self) -> int | None:
        """Of the present process; ``None`` between two."""
        return None if self._process is None else self._process.pid

    async def until_ready(self) -> None:
        """Return when it was ready once. Raises ``CannotStart`` when it will not be."""
        waiting = asyncio.create_task(self.ready.wait())
        try:
            done, _ = await asyncio.wait(
                {waiting, self._task}, timeout=READY_WITHIN, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if self._task in done:
            self._task.result()
        if waiting not in done:
            raise CannotStart(f"{self.program.name} was not ready after {READY_WITHIN:.0f} s")

    async def stop(self, within: float) -> None:
        """Ask it to drain; kill it when it has not ended ``within`` seconds. Idempotent."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        _, late = await asyncio.wait({self._task}, timeout=within)
        if late:
            self._tell(self.program.name, f"did not end within {within:.0f} s: killed")
            self._signal(signal.SIGKILL)
            await asyncio.wait({self._task})

    async def _live(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            lived = time.monotonic() - began
            if not self.ready.is_set() and code == WRONG_SETTINGS:
                raise CannotStart(wrong_settings(self.program.name, self._said))
            if not self.ready.is_set() and self.starts >= GIVE_UP_AFTER:
                raise CannotStart(f"{self.program.name} does not start: {_ending(code)}, see above")
            pause = pause_after(pause, lived)
            self._tell(self.program.name, f"{_ending(code)}; starting again in {pause:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run_once(self) -> int:
        """Start it and return its exit code; negative is the signal that ended it."""
        self.starts += 1
        process = await asyncio.create_subprocess_exec(
            *self.program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.program.folder,
            env=dict(self.program.environment),
            limit=_LONGEST_LINE,
            preexec_fn=dies_with_us(sig=signal.SIGKILL),
        )
        self._process = process
        watching = asyncio.create_task(self._watch())
        try:
            if self._stopping.is_set():  # asked to stop while it was being started
                self._signal(signal.SIGTERM)
            await self._pass_on(process)
            return await process.wait()
        finally:
            self._process = None
            watching.cancel()

    async def _watch(self) -> None:
        """Note the first time it is ready; tell when it is again after a fall."""
        await until_ready(self.program.health_port)
        self.ready.set()
        if self.starts > 1:
            self._tell(self.program.name, "ready again")

    async def _pass_on(self, process: asyncio.subprocess.Process) -> None:
        """Everything it says, line by line, until it ends."""
        while process.stdout is not None:
            try:
                line = await process.stdout.readline()
            except ValueError:  # a line longer than the limit; its rest follows
                continue
            if not line:
                return
            self._said.append(line.decode(errors="replace").rstrip())
            self._tell(self.program.name, self._said[-1])

    def _signal(self, sig: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(sig)


class Supervisor:
    """The children of one installation, in the order they were started."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        """``tell`` gets a process's name and a line of its log, or of ours about it."""
        self._tell = tell
        self.children: dict[str, Child] = {}

    def begin(self, *programs: Program) -> list[Child]:
        """Start them side by side, ready or not."""
        begun = [Child(program, self._tell) for program in programs]
        self.children |= {child.program.name: child for child in begun}
        return begun

    async def start(self, *programs: Program) -> None:
        """Start them side by side; return when all are ready. Raises ``CannotStart``."""
        begun = self.begin(*programs)
        await asyncio.gather(*(child.until_ready() for child in begun))

    async def drain(self, within: float) -> None:
        """Stop the last wave's children first: front doors close before what stands behind them."""
        names = list(reversed(self.children))
        front, rest = names[:1], names[1:]
        for wave in (front, rest):
            await asyncio.gather(*(self.children[name].stop(within / 2) for name in wave))
        self.children.clear()


def pause_after(last: float, lived: float) -> float:
    """Seconds before the next start; ``last``: before the one that then ``lived`` so many."""
    if not last or lived > STEADY_AFTER:
        return FIRST_PAUSE
    return min(last * 2, LONGEST_PAUSE)


def wrong_settings(name: str, said: Iterable[str]) -> str:
    """What a process that ended with ``WRONG_SETTINGS`` told, on one line."""
    told = "\n".join(said).rpartition("cannot start:\n")[2]
    return f"wrong settings of {name}: {'; '.join(told.splitlines())}"


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
