"""How a process starts, shows its health, and stops. The same for all of them.

``main(process)`` wires and returns; the process then serves until SIGTERM or SIGINT. What was
entered last is left first, so: pools, then background jobs, then the desk that takes commands.
"""

import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Generic, NoReturn, TypeVar

import anyio
import structlog
from anyio.abc import TaskGroup
from nats.aio.client import Client

from chassis.clock import Clock
from chassis.health import App, Check, Health, Server
from chassis.nats_access import Untrusted
from chassis.pulse import Pulse, on_the_bus
from chassis.settings import WRONG_SETTINGS, ProcessSettings, known
from chassis.telemetry import configure_logs, configure_traces, flush_traces

S = TypeVar("S", bound=ProcessSettings)
S_co = TypeVar("S_co", bound=ProcessSettings, covariant=True)  # told more, it serves for less
T = TypeVar("T")

Job = Callable[[], Awaitable[None]]

DRAIN_SECONDS = 10.0
JOB_SECONDS = 3.0  # a background job that was told to stop has this long to find an end itself
YOUNG_OBJECTS = 10_000  # made before garbage is looked for; a message makes some hundreds

log = structlog.get_logger(__name__)


class BackgroundEnded(Exception):
    """A job that should run as long as the process came to an end."""


class Process(Generic[S_co]):
    """What ``main`` may ask of the process it runs in."""

    def __init__(self, name: str, settings: S_co, group: TaskGroup) -> None:
        self.name = name
        self.settings = settings
        self.clock: Clock = settings.clock()
        self.health = Health()
        """An ASGI app with /health/live, /health/ready and /metrics."""
        self.pulse = Pulse(name, self.health)
        """What the process says of itself on the bus, once it has one: ``beat``."""
        self._group = group
        self._stack = AsyncExitStack()
        self._stop = anyio.Event()
        self._draining = False

    def check(self, name: str, check: Check) -> None:
        """Not ready while ``check()`` is false, raises or takes over a second."""
        self.health.check(name, check)

    def beat(self, client: Client) -> None:
        """From now on say every few seconds how we are."""
        self.background("pulse", lambda: self.pulse.run(on_the_bus(client)))

    async def enter(self, manager: AbstractAsyncContextManager[T]) -> T:
        """Enter ``manager`` now, leave it when the process stops."""
        return await self._stack.enter_async_context(manager)

    def on_stop(self, close: Callable[[], Awaitable[object]]) -> None:
        """Await ``close()`` when the process stops, in reverse order of registration."""
        self._stack.push_async_callback(close)

    def background(self, name: str, job: Job, *, stop: Callable[[], object] | None = None) -> None:
        """Run ``job`` as long as the process. When it ends or raises, the process ends with it.

        When the process stops, ``stop`` is called and the job has 3 s to return by itself; then,
        or without ``stop`` at once, it is cancelled.
        """
        scope, ended = anyio.CancelScope(), anyio.Event()

        async def supervised() -> None:
            try:
                with scope:
                    await job()
                if not self._draining:
                    raise BackgroundEnded(name)
            finally:
                ended.set()

        async def halt() -> None:
            if stop is not None:
                stop()
                with anyio.move_on_after(JOB_SECONDS):
                    await ended.wait()
            scope.cancel()
            await ended.wait()

        self._group.start_soon(supervised, name=name)
        self._stack.push_async_callback(halt)

    async def serve(self, app: App, host: str, port: int) -> Server:
        """Serve ``app`` over HTTP; returns when the port is open, ends when the process stops."""
        server = Server(app, host, port)
        self.background(f"http on {port}", server.serve, stop=server.leave)
        await server.opened()
        return server

    def stop(self) -> None:
        """Begin to stop, as a signal would."""
        self._stop.set()

    async def live(self, main: Callable[["Process[S_co]"], Awaitable[None]]) -> None:
        """Start, serve until asked to stop, drain."""
        try:
            async with anyio.create_task_group() as starting:
                starting.start_soon(self._give_up_starting, starting)
                await main(self)
                starting.cancel_scope.cancel()
            if not self._stop.is_set():
                _settle_memory()
                self.health.ready = True
                log.info("ready")
            await self._stop.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await self._drain()

    async def _give_up_starting(self, starting: TaskGroup) -> None:
        await self._stop.wait()
        starting.cancel_scope.cancel()

    async def _drain(self) -> None:
        """Close everything in reverse order within 10 s. Raises ``TimeoutError`` beyond."""
        self._draining = True
        self.health.ready = False
        self.pulse.stop()
        log.info("draining")
        with anyio.fail_after(DRAIN_SECONDS):
            await self._stack.aclose()
        log.info("stopped")


def _settle_memory() -> None:
    """What lives as long as the process is looked through once more, and then never again.

    Schemas, models and modules are hundreds of thousands of objects; a full collection among them
    takes as long as tens of answers.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)


def run(main: Callable[[Process[S]], Awaitable[None]], settings: type[S], *, name: str) -> NoReturn:
    """Run ``main`` in this process until it is told to stop. Exits 0, 1 (fault) or 2 (settings)."""
    told = known(settings, name=name)
    configure_logs(name, level=told.log_level, development=told.b2b_env == "development")
    configure_traces(name, ratio=told.trace_sample_ratio, endpoint=told.otel_exporter_otlp_endpoint)
    try:
        anyio.run(_run, main, told, name, backend_options={"use_uvloop": True})
    except BaseException as error:
        if (untrusted := _untrusted(error)) is not None:
            sys.stderr.write(f"{name} cannot start: {untrusted}\n")
            sys.exit(WRONG_SETTINGS)
        log.critical("process died", exc_info=True)
        sys.exit(1)
    finally:
        flush_traces()
    sys.exit(0)


def _untrusted(error: BaseException) -> Untrusted | None:
    """What is wrong with TLS, if that is why the process ends; groups of errors are looked into."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_untrusted, error.exceptions)), None)
    return error if isinstance(error, Untrusted) else None


async def _run(main: Callable[[Process[S]], Awaitable[None]], settings: S, name: str) -> None:
    async with anyio.create_task_group() as group:
        process = Process(name, settings, group)
        group.start_soon(_heed_signals, process)
        if (port := settings.separate_health_port) is not None:
            health = Server(process.health, str(settings.health_host), port, websockets=False)
            group.start_soon(health.serve)
            await health.opened()
        await process.live(main)
        group.cancel_scope.cancel()


async def _heed_signals(process: Process[S]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for received in signals:
            log.info("asked to stop", signal=received.name)
            process.stop()
