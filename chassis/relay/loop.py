"""Carries one service's events from its store to its stream: all of them, in order, once.

The stream's own last message is the cursor; after any error the stream is asked where it ends.
So stream sequence = order of events for ever, also when the stream was lost and is refilled. One
process per stream relays, elected by a lock in Postgres; should two ever do, the server turns one
away. Who was cut off from NATS leaves it to others. What cannot be right stops the relay and says
so; it never skips an event.
"""

import asyncio
import re
import time

import anyio
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from chassis.reader import BUS_ERRORS
from chassis.relay.spans import relaying
from chassis.relay.status import DOUBTS, PUBLISHED, State, Status
from chassis.relay.store import Row, Store, StoreLost
from chassis.relay.tail import TRANSIENT, NotOurs, Tail, Unpublishable
from chassis.streams import event_stream
from chassis.wire import Outgoing, pack
from contracts.health import RelayTold

WINDOW = 256  # events written with one acknowledgement
WINDOW_BYTES = 4 * 1024 * 1024
POLL = 0.25  # seconds: how long an event waits at most when the bell is not heard
PACE = 0.01  # seconds from one window's begin to the next: under load, more events in each
STANDBY_POLL = 1.0  # seconds between attempts to be elected
RETRY_AFTER = 0.05, 2.0  # seconds: first and longest pause after an error that may pass
CUT_OFF_AFTER = 5.0  # seconds without NATS until others, who may have it, are let relay
REFUSED_POLL = 5.0  # seconds between looks at what a person has to mend
MEASURE_EVERY = 1.0  # seconds between counts of a long queue
LOOK_EVERY = 5.0  # seconds without an event until the stream is asked again whether it is all there

_TYPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")

log = structlog.get_logger(__name__)


class Relay:
    """Event store behind ``dsn`` -> stream ``EVT_<CONTEXT>``."""

    def __init__(self, *, context: str, dsn: str, client: Client) -> None:
        """``dsn`` is the relay role's, direct; ``client`` the only user that may publish there."""
        self.status = Status(context)
        self._context, self._dsn, self._client = context, dsn, client
        self._stream = event_stream(context)
        self._tail = Tail(client, self._stream)
        self._window = WINDOW
        self._bell = asyncio.Event()
        self._measured_at = self._certain_at = 0.0
        self._log = log.bind(stream=self._stream)

    @property
    def ready(self) -> bool:
        """Whether events flow as far as this process is concerned."""
        return self.status.state in (State.RUNNING, State.STANDBY)

    def told(self) -> RelayTold:
        """What it is doing, for the process's pulse."""
        return self.status.told(self._tail.seq, self._tail.position)

    def ring(self) -> None:
        """Something was recorded: look now."""
        self._bell.set()

    async def run(self, stopping: anyio.Event) -> None:
        """Relay, or stand by, until ``stopping``. Survives the loss of either server."""
        self.status.publish()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._ring_when, stopping)
            bell = await self._listen()
            pause = RETRY_AFTER[0]
            while not stopping.is_set():
                try:
                    async with Store(self._dsn, self._stream) as store:
                        if await self._elected(store, stopping):
                            pause = RETRY_AFTER[0]
                            await self._lead(store, stopping)
                    await self._sleep(2 * STANDBY_POLL, stopping)  # so that others get it
                except StoreLost as error:
                    self._note(State.STORE_AWAY, str(error))
                    await self._sleep(pause, stopping)
                    pause = min(pause * 2, RETRY_AFTER[1])
            if bell is not None and not self._client.is_closed:
                await bell.unsubscribe()
            tasks.cancel_scope.cancel()

    async def _ring_when(self, stopping: anyio.Event) -> None:
        await stopping.wait()
        self.ring()

    async def _listen(self) -> Subscription | None:
        async def heard(_: Msg) -> None:
            self.ring()

        try:
            return await self._client.subscribe(f"bell.{self._context}", cb=heard)
        except BUS_ERRORS as error:  # the poll remains
            self._log.warning("bell_not_heard", why=type(error).__name__)
            return None

    async def _elected(self, store: Store, stopping: anyio.Event) -> bool:
        while not stopping.is_set():
            if await self._stands(store):
                return True
            self._note(State.STANDBY)
            await self._sleep(STANDBY_POLL, stopping)
        return False

    async def _stands(self, store: Store) -> bool:
        """Stand for election; whether we are elected.

        A standby that is cut off from NATS does not stand. Who relayed last does: when all are cut
        off, somebody has to count what waits.
        """
        if self._client.is_connected or self.status.state is not State.STANDBY:
            return await store.elect()
        await store.head()  # whoever says nothing loses the connection
        return False

    async def _lead(self, store: Store, stopping: anyio.Event) -> None:
        """Until ``stopping``, or until we are cut off from NATS and others may not be."""
        found, pause = False, RETRY_AFTER[0]
        while not stopping.is_set():
            try:
                if not found:
                    await self._find(store)
                    found = True
                self._bell.clear()
                began = time.monotonic()
                sent, is_all = await self._send(store)
                self._note(State.RUNNING)
                pause = RETRY_AFTER[0]
                if not is_all:
                    continue
                # A stream lost while nothing happens would not be missed by writing to it.
                found = time.monotonic() - self._certain_at < LOOK_EVERY
                if sent and (early := began + PACE - time.monotonic()) > 0:
                    await self._sleep(early, stopping)
                await self._wait_for_bell()
            except (NotOurs, Unpublishable) as reason:
                found = False
                self._note(State.REFUSED, str(reason))
                await self._sleep(REFUSED_POLL, stopping)
                await self._measure(store)
            except TRANSIENT as error:
                found, self._window = False, 1
                DOUBTS.labels(self._context).inc()
                self._note(State.RETRYING, f"the stream is in doubt: {type(error).__name__}")
                await self._sleep(pause, stopping)
                pause = min(pause * 2, RETRY_AFTER[1])
                await self._measure(store)
                if self._is_cut_off:
                    return

    @property
    def _is_cut_off(self) -> bool:
        is_long = time.monotonic() - self._certain_at > CUT_OFF_AFTER
        return is_long and not self._client.is_connected

    async def _find(self, store: Store) -> None:
        await self._tail.find()
        self._certain_at = time.monotonic()
        position = self._tail.position
        if position and not await store.holds(position, self._tail.event_id):
            raise NotOurs(
                f"{self._stream} ends with position {position}, which the store does not hold: "
                "the store is older than the stream (a restored backup?)"
            )

    async def _send(self, store: Store) -> tuple[int, bool]:
        """Send what fits into a window; how many events that was, and whether it was all."""
        rows = await store.behind(self._tail.position, self._window)
        is_full = len(rows) == self._window
        self.status.waiting = max(len(rows), self.status.waiting if is_full else 0)
        self.status.oldest_at = rows[0]["recorded_at"].timestamp() if rows else None
        if not rows:
            return 0, True
        if is_full and time.monotonic() - self._measured_at > MEASURE_EVERY:
            await self._measure(store)
        window = self._packed(rows)
        with relaying(self._stream, window, rows):
            await self._tail.write(window)
        self._certain_at = time.monotonic()
        PUBLISHED.labels(self._context).inc(len(window))
        self.status.waiting -= len(window)
        if not self.status.waiting:
            self.status.oldest_at = None
        self._window = min(self._window * 2, WINDOW)  # after a doubt: 1, 2, 4 ...
        return len(window), not is_full and len(window) == len(rows)

    def _packed(self, rows: list[Row]) -> list[Outgoing]:
        """The messages of ``rows`` up to the first that cannot be sent; that one alone raises."""
        window: list[Outgoing] = []
        size = 0
        for row in rows:
            try:
                message = self._message(row)
            except Unpublishable:
                if window:
                    break
                raise
            size += message.size
            if window and size > WINDOW_BYTES:
                break
            window.append(message)
        return window

    def _message(self, row: Row) -> Outgoing:
        event_type = row["type"]
        if not _TYPE.fullmatch(event_type) or not event_type.startswith(f"{self._context}."):
            raise Unpublishable(row["pos"], f"type {event_type!r} does not belong here")
        try:
            message = pack(row)
        except ValueError as error:
            raise Unpublishable(row["pos"], type(error).__name__) from error
        if message.size > self._tail.max_payload:
            raise Unpublishable(row["pos"], f"{message.size} bytes are too many")
        return message

    async def _measure(self, store: Store) -> None:
        self._measured_at = time.monotonic()
        first = await store.behind(self._tail.position, 1)
        self.status.waiting = max(await store.head() - self._tail.position, 1) if first else 0
        self.status.oldest_at = first[0]["recorded_at"].timestamp() if first else None

    def _note(self, state: State, reason: str | None = None) -> None:
        if self.status.become(state, reason):
            tell = self._log.error if state is State.REFUSED else self._log.info
            tell("relay_state", state=state.value, reason=reason, position=self._tail.position)

    async def _wait_for_bell(self) -> None:
        with anyio.move_on_after(POLL):
            await self._bell.wait()

    @staticmethod
    async def _sleep(seconds: float, stopping: anyio.Event) -> None:
        with anyio.move_on_after(seconds):
            await stopping.wait()
