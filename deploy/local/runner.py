"""Back2Back on this machine with one command: everything up, kept up, and down in order."""

import asyncio
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from chassis.migrate import MigrationFailed
from deploy.demo.marks import Marks
from deploy.local.access import AUDITOR
from deploy.local.children import dies_with_us
from deploy.local.installation import Installation
from deploy.local.keeping import keep
from deploy.local.obstacles import in_the_way
from deploy.local.places import CannotStart
from deploy.local.settings import RunSettings
from deploy.local.supervisor import Program, Supervisor, wrong_settings
from deploy.schema import ROOT
from deploy.trouble import Trouble

DECIDING = ("members", "booking", "billing", "access")
WAVES = ((*DECIDING, "projections"), ("gateway",))
"""Started one after the other; within a wave side by side."""
SHOWING = ("projections", "gateway")
"""What is started once the demo is made: its past is shown in one go, not moment by moment."""

MODULES = {"gateway": "gateway", AUDITOR: "deploy.check"}
"""Process -> what to run, where it is no service."""

STOPPED_WITHIN = 10.0  # seconds from Ctrl-C to the end
DRAIN_WITHIN = 7.0  # seconds of them for the processes; the servers have the rest
_FOR_THE_END = 1.0  # seconds: servers that must be hurried, and our own end
_END_WITHIN = 2.0  # seconds for what was being started
_WIDTH = max(len(name) for wave in WAVES for name in wave)
_COLOURS = {
    "members": 36,
    "booking": 32,
    "billing": 33,
    "access": 31,
    "projections": 35,
    "gateway": 34,
    "auditor": 90,
    "back2back": 1,
}


def tell(name: str, line: str) -> None:
    """One line of ``name``'s log on the terminal."""
    heading = f"{name:<{_WIDTH}} |"
    if sys.stdout.isatty():
        heading = f"\x1b[{_COLOURS.get(name, 33)}m{heading}\x1b[0m"
    print(heading, line, flush=True)


def say(line: str) -> None:
    """One line of our own."""
    tell("back2back", line)


async def run(settings: RunSettings) -> None:
    """Run until Ctrl-C or SIGTERM. Raises ``Trouble`` or ``MigrationFailed``."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(sig, stop.set)
    with alone(settings.data):
        must_be_free(settings.gateway_port)
        installation = Installation(settings.data, tell=say, gateway_port=settings.gateway_port)
        async with installation:
            installation.tell_running()
            _marks(installation).mend_clock()
            try:
                await _serve(installation, settings, stop)
            finally:
                installation.tell_stopped()
    say("stopped")


async def _serve(installation: Installation, settings: RunSettings, stop: asyncio.Event) -> None:
    supervisor = Supervisor(tell)
    starting = asyncio.create_task(_start(supervisor, installation, settings))
    stopping = asyncio.create_task(stop.wait())
    ours = [server for server in (installation.postgres, installation.nats) if server]
    watching = asyncio.create_task(keep(ours, say))
    try:
        await asyncio.wait({starting, stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and not stop.is_set():
            starting.result()
            for line in _marks(installation).told(settings.gateway_url):
                say(line)
            print(f"ready: {settings.gateway_url}", flush=True)
            await asyncio.wait({stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            await watching
    finally:
        until = time.monotonic() + STOPPED_WITHIN
        for task in (starting, stopping, watching):
            task.cancel()
        say("draining (at most 10 s)")
        writing = asyncio.create_task(_write_early(installation))
        await asyncio.wait({starting}, timeout=_END_WITHIN)
        await supervisor.drain(DRAIN_WITHIN)
        writing.cancel()
        say("stopping the servers")
        installation.stop(max(0.0, until - _FOR_THE_END - time.monotonic()))


async def _write_early(installation: Installation) -> None:
    """What our Postgres writes while the processes drain it need not write when it stops."""
    if installation.postgres is None:
        return
    try:
        await installation.postgres.checkpoint()
    except (asyncpg.PostgresError, OSError) as error:
        say(f"postgres writes when it stops: {' '.join(str(error).split())}")


async def _start(supervisor: Supervisor, installation: Installation, settings: RunSettings) -> None:
    async def up(*names: str) -> None:
        say(f"starting {', '.join(names)}")
        await supervisor.start(*(program(installation, name) for name in names))

    auditor = [AUDITOR] if settings.auditor else []
    if not settings.demo or _marks(installation).is_made:
        first, last = WAVES
        await up(*first, *auditor)
        await up(*last)
        return
    await _must_be_understood(installation, "gateway")
    await up(*DECIDING)
    say("making the demo gyms (B2B_DEMO=0 leaves them out)")
    await _seed(installation, "--ahead")
    await asyncio.gather(up(*SHOWING), _seed(installation))
    if auditor:  # reads all there is, which nobody waits for
        await up(*auditor)


def program(installation: Installation, name: str) -> Program:
    """How to run the process ``name``."""
    return Program(
        name=name,
        command=(sys.executable, "-m", MODULES.get(name, f"services.{name}")),
        environment=installation.environment(name),
        health_port=installation.ports[name],
        folder=str(ROOT),
    )


async def _must_be_understood(installation: Installation, name: str) -> None:
    """Settings of what is started last, read before the demo is made. Raises ``CannotStart``."""
    reading = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"{name}.settings", env=installation.environment(name),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, cwd=ROOT, preexec_fn=dies_with_us(sig=signal.SIGKILL),
    )  # fmt: skip
    said, _ = await reading.communicate()
    if reading.returncode:
        raise CannotStart(wrong_settings(name, said.decode(errors="replace").splitlines()))


async def _seed(installation: Installation, *words: str) -> None:
    """``b2b seed``, in a process of its own, so that what it needs is not kept in ours."""
    seeding = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "seed", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, cwd=ROOT, preexec_fn=dies_with_us(sig=signal.SIGTERM),
        env={**os.environ, "B2B_DATA": str(installation.data)},
    )  # fmt: skip
    try:
        while seeding.stdout is not None and (line := await seeding.stdout.readline()):
            say(line.decode(errors="replace").rstrip())
        code = await seeding.wait()
    except asyncio.CancelledError:
        seeding.terminate()
        await seeding.wait()  # it gives the clock back
        raise
    if code:
        raise CannotStart("the demo gyms were not made, see above: B2B_DEMO=0 leaves them out")


def _marks(installation: Installation) -> Marks:
    return Marks(installation.data, installation.clock_file)


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises ``CannotStart`` when somebody else does."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise CannotStart(f"B2B_DATA={data} is not a folder") from error
    with (data / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"already running on {data.resolve()} (process {lock.read().strip()}): "
                "stop it first, or choose another B2B_DATA and GATEWAY_PORT"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def must_be_free(port: int) -> None:
    """Raises ``CannotStart`` when somebody listens on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a late farewell is no owner
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(
                f"port {port} cannot be used ({error.strerror}): "
                "stop what listens there, or choose another with GATEWAY_PORT"
            ) from error


def main(settings: RunSettings) -> int:
    """``run`` as a program: exit code, and errors as one readable line."""
    try:
        asyncio.run(run(settings))
    except (Trouble, MigrationFailed) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        known = in_the_way(error)
        if known is None:
            raise
        print(f"cannot start: {known}", file=sys.stderr)
        return 1
    return 0
