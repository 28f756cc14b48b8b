"""Reads a stream in order from any sequence on, and sees to it that nothing is missed.

nats-py's ordered consumer is pushed to and cannot be slowed down; this one pulls. The consumer on
the server is a throw-away: in memory, without acknowledgements, made anew after the last message
handed out whenever there is the slightest doubt (a gap, silence, an error, a lost connection). The
caller owns the checkpoint. A stream that ends before the checkpoint, because it was lost and is
being refilled, is waited for: the same event gets the same sequence.
"""

import asyncio
import time
from collections import deque
from typing import Any, NamedTuple, TypeAlias

import anyio
import nats.errors
import orjson
import structlog
from nats.aio.client import Client

from chassis.nats_headers import headers_of
from chassis.nats_parser import Flow

API_TIMEOUT = 2.0  # seconds
HEARTBEAT = 1.0  # seconds between signs of life while there is nothing to deliver
SILENCE = 2.5  # seconds without any sign of life: doubt
PULL_EXPIRES = 30.0  # seconds
CONSUMER_KEPT = 60.0  # seconds the server keeps a consumer nobody pulls from
RETRY_AFTER = 0.1, 2.0  # seconds: first and longest pause before a consumer is made anew
BUS_ERRORS = (nats.errors.Error, TimeoutError, OSError)

_NANO = 1_000_000_000
_STATUS = b"NATS/1.0 "  # a message about messages: a status follows
_Raw: TypeAlias = tuple[bytes, bytes, bytes]
"""Reply, header and data of a message as it came."""

log = structlog.get_logger(__name__)


class Message(NamedTuple):
    """One message of a stream."""

    seq: int
    stored_at: float
    """When the stream stored it, in seconds since 1970."""
    data: bytes
    header: bytes = b""
    """As it came."""


class Doubt(Exception):
    """The consumer may have missed something: make it anew."""


class Reader:
    """The messages of ``stream`` behind ``after`` that match ``subjects``, in order, in batches.

    ``next_batch`` is called by one task at a time.
    """

    def __init__(
        self, client: Client, stream: str, subjects: tuple[str, ...] = (), *, after: int = 0,
        max_batch: int = 512,
    ) -> None:  # fmt: skip
        self.after = after
        """Sequence of the last message handed out."""
        self.resets = 0
        """How often the consumer was made anew after a doubt."""
        self.heard_at = 0.0
        """When the last message or heartbeat was looked at, by the monotonic clock."""
        self._client, self._stream, self._subjects = client, stream, subjects
        self._max_batch = max_batch
        self._queue: deque[_Raw] = deque()
        self._arrived = asyncio.Event()
        self._consumer: str | None = None
        self._flow: Flow | None = None
        self._inbox = ""
        self._consumer_seq = self._asked = self._on_server = 0
        self._stopped = False

    @property
    def pending(self) -> int:
        """Matching messages not handed out yet, as the server last told."""
        return self._on_server

    async def next_batch(self) -> list[Message]:
        """What has arrived, at least one message and at most ``max_batch``; waits for the first.

        Few at a time when the caller keeps up, many when it is behind. Empty only after ``stop``.
        """
        pause = RETRY_AFTER[0]
        while not self._stopped:
            batch: list[Message] = []
            try:
                if self._consumer is None:
                    await self._open()
                await self._wait()
                await self._drain(batch)
                pause = RETRY_AFTER[0]
            except (Doubt, *BUS_ERRORS) as doubt:
                log.info("reader_reset", stream=self._stream, after=self.after, why=repr(doubt))
                self.resets += 1
                await self._close()
                if not batch:
                    await self._pause(pause)
                    pause = min(pause * 2, RETRY_AFTER[1])
            if batch:  # what came in order before a gap is good
                return batch
        await self._close()
        return []

    async def rewind(self, after: int) -> None:
        """Continue behind ``after``, wherever we were."""
        await self._close()
        self.after = after

    async def stop(self) -> None:
        """End ``next_batch``, now and for ever, and give the consumer back."""
        self._stopped = True
        self._arrived.set()
        await self._close()

    async def _open(self) -> None:
        name, self._on_server = await _create_consumer(
            self._client, self._stream, self._subjects, self.after, kept=CONSUMER_KEPT
        )
        self._queue = queue = deque[_Raw]()  # late ones of an earlier consumer go to its own
        self._consumer_seq = self._asked = 0

        def take(reply: bytes, header: bytes, data: bytes) -> None:
            queue.append((reply, header, data))
            self._arrived.set()

        self._inbox = self._client.new_inbox()
        self._flow = await Flow.open(self._client, self._inbox, take)
        self._consumer = name
        await self._ask()

    async def _ask(self) -> None:
        # Never more than one and a half pulls are under way: the server waits for us, not memory.
        self._asked += self._max_batch
        pull = {
            "batch": self._max_batch,
            "expires": int(PULL_EXPIRES * _NANO),
            "idle_heartbeat": int(HEARTBEAT * _NANO),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        await self._client.publish(subject, orjson.dumps(pull), reply=self._inbox)

    async def _wait(self) -> None:
        if self._queue or self._stopped:
            return
        self._arrived.clear()
        with anyio.move_on_after(SILENCE) as waited:
            await self._arrived.wait()
        if waited.cancelled_caught:
            raise Doubt(f"no sign of life for {SILENCE} s")

    async def _drain(self, batch: list[Message]) -> None:
        while self._queue and len(batch) < self._max_batch:
            reply, header, data = self._queue.popleft()
            if header.startswith(_STATUS):
                self._heed(header)
            else:
                batch.append(self._checked(reply, header, data))
            self.heard_at = time.monotonic()
            if self._asked <= self._max_batch // 2:
                await self._ask()

    def _heed(self, header: bytes) -> None:
        line, _, lines = header.removeprefix(_STATUS).partition(b"\r\n")
        status, headers = line[:3].decode(), headers_of(lines)
        if status == "100":  # a heartbeat; says how far the consumer has delivered
            delivered = headers.get("Nats-Last-Consumer")
            if delivered and int(delivered) != self._consumer_seq:
                raise Doubt(f"the consumer is at {delivered}, we are at {self._consumer_seq}")
        elif status == "408":  # the pull expired; what it had left is not coming
            self._asked -= int(headers.get("Nats-Pending-Messages", self._asked))
        else:
            raise Doubt(line.decode(errors="replace"))

    def _checked(self, reply: bytes, header: bytes, data: bytes) -> Message:
        # $JS.ACK.<stream>.<consumer>.<delivered>.<seq>.<consumer seq>.<stored at>.<pending>
        _, *told = reply.rsplit(b".", 4)
        seq, consumer_seq, stored_at, pending = map(int, told)
        if consumer_seq != self._consumer_seq + 1 or seq <= self.after:
            raise Doubt(f"gap: {consumer_seq} (sequence {seq}) after {self._consumer_seq}")
        self._consumer_seq, self.after, self._on_server = consumer_seq, seq, pending
        self._asked -= 1
        return Message(seq, stored_at / _NANO, data, header)

    async def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        flow, self._flow = self._flow, None
        self._queue.clear()
        try:
            if flow is not None:
                await flow.close()
            if consumer is not None:
                await _drop_consumer(self._client, self._stream, consumer)
        except BUS_ERRORS as error:  # the server forgets it by itself
            log.debug("reader_close", stream=self._stream, why=repr(error))

    async def _pause(self, seconds: float) -> None:
        self._arrived.clear()
        if not self._stopped:
            with anyio.move_on_after(seconds):
                await self._arrived.wait()


async def count_behind(client: Client, stream: str, subjects: tuple[str, ...], after: int) -> int:
    """Matching messages behind ``after``. Raises a ``BUS_ERRORS`` or ``Doubt``."""
    name, pending = await _create_consumer(client, stream, subjects, after, kept=1.0)
    await _drop_consumer(client, stream, name)
    return pending


async def _create_consumer(
    client: Client, stream: str, subjects: tuple[str, ...], after: int, *, kept: float
) -> tuple[str, int]:
    name = client.new_inbox().partition(".")[2].replace(".", "-")  # ``user-random``: whose it is
    config: dict[str, Any] = {
        "name": name,
        "ack_policy": "none",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": after + 1,
        "replay_policy": "instant",
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": int(kept * _NANO),
    }
    if subjects:
        config["filter_subjects"] = list(subjects)
    answer = await client.request(
        f"$JS.API.CONSUMER.CREATE.{stream}.{name}",
        orjson.dumps({"stream_name": stream, "config": config}),
        timeout=API_TIMEOUT,
    )
    told = orjson.loads(answer.data)
    if "error" in told:
        raise Doubt(str(told["error"].get("description")))
    return name, int(told["num_pending"])


async def _drop_consumer(client: Client, stream: str, name: str) -> None:
    await client.publish(f"$JS.API.CONSUMER.DELETE.{stream}.{name}", b"")
