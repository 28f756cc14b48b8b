"""The bus holds what the stores hold, and nobody is ahead of it (I14)."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import anyio
import asyncpg
import orjson
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError

from chassis.bus.reactions import GIVEN_UP_WITHIN
from chassis.reader import Message, Reader
from chassis.streams import API_TIMEOUT, CONTEXTS, DEAD_LETTERS, event_stream
from deploy.check import history
from deploy.check.verdict import Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

STANDSTILL = 30.0  # seconds without a message before a stream counts as unreadable
_UNSENT = "SELECT count(*) FROM es.events WHERE pos > $1 AND recorded_at < $2"


class Told(NamedTuple):
    """One message of a stream."""

    position: int
    event_id: str
    gym_id: str
    body: bytes


class Streams:
    """Each stream against its store; then everybody's place in it."""

    def __init__(self, client: Client, settled_before: datetime) -> None:
        """What was recorded after ``settled_before`` may still be on its way."""
        self._client, self._settled_before = client, settled_before
        self._ends: dict[str, int] = {}
        self._same = Verdict("I14", "streams hold what the stores hold, in order", "messages")
        self._placed = Verdict("I14b", "no reader is ahead, gave up or tries for ever", "places")

    async def look(self, context: str, db: "_Db") -> None:
        """Compare message by message up to the stream's end; behind it, nothing old waits."""
        stream, reached = event_stream(context), 0
        last = await self._last_seq(stream)
        self._ends[stream] = last
        kept = _each(history.rows(db))
        async for told in self._messages(stream, last):
            row = await anext(kept, None)
            self._same.looked_at += 1
            if row is None or not _is_same(told, row):
                at = row["pos"] if row else "its end"
                self._same.accuse(f"{stream} has position {told.position}, the store {at}")
                return
            reached = told.position
        if unsent := await db.fetchval(_UNSENT, reached, self._settled_before):
            self._same.accuse(f"{stream} ends at position {reached}: {unsent} events not sent")

    async def look_at_places(self, views: "_Db") -> None:
        """Readers' checkpoints, reactions' consumers, and what reactions gave up."""
        for row in await views.fetch("SELECT name, source, seq FROM views.checkpoints"):
            self._stands(f"read model {row['name']}", row["source"], row["seq"])
        js = self._client.jetstream(timeout=API_TIMEOUT)
        for context in CONTEXTS:
            stream = event_stream(context)
            for one in await js.consumers_info(stream):
                delivered = one.delivered.stream_seq if one.delivered else 0
                if one.config.durable_name:
                    self._stands(f"reaction {one.config.durable_name}", stream, delivered)
                    await self._gets_on(js, one)
        given_up = (await js.stream_info(DEAD_LETTERS)).state.messages
        if given_up:
            self._placed.accuse(f"{given_up} dead letters: b2b dead-letters list")

    def _stands(self, who: str, stream: str, seq: int) -> None:
        self._placed.looked_at += 1
        if seq > self._ends.get(stream, seq):
            self._placed.accuse(f"{who} is at {seq}, {stream} ends at {self._ends[stream]}")

    async def _gets_on(self, js: JetStreamContext, one: ConsumerInfo) -> None:
        """Whatever a reaction has been trying for longer than it may, it should have given up."""
        if not one.num_redelivered or not one.ack_floor:
            return
        oldest = await js.get_msg(
            one.stream_name, one.ack_floor.stream_seq + 1, one.config.filter_subject, next=True
        )
        too_old = self._settled_before - timedelta(seconds=GIVEN_UP_WITHIN)
        if oldest.time and oldest.time < too_old:
            self._placed.accuse(
                f"reaction {one.config.durable_name} has been trying sequence {oldest.seq} of"
                f" {one.stream_name} since {oldest.time:%Y-%m-%d %H:%M} UTC"
            )

    async def _last_seq(self, stream: str) -> int:
        try:
            info = await self._client.jetstream(timeout=API_TIMEOUT).stream_info(stream)
        except NotFoundError:
            self._same.accuse(f"there is no stream {stream}")
            return 0
        return int(info.state.last_seq)

    async def _messages(self, stream: str, last: int) -> AsyncIterator[Told]:
        reader = Reader(self._client, stream)
        try:
            while reader.after < last:
                batch: list[Message] = []
                with anyio.move_on_after(STANDSTILL):
                    batch = await reader.next_batch()
                if not batch:
                    self._same.accuse(f"{stream} cannot be read behind sequence {reader.after}")
                    return
                for message in batch:
                    told = orjson.loads(message.data)
                    yield Told(told["position"], told["event_id"], told["gym_id"], message.data)
                    if message.seq >= last:
                        return
        finally:
            await reader.stop()

    def verdicts(self) -> list[Verdict]:
        return [self._same, self._placed]


async def _each(batches: AsyncIterator[list[asyncpg.Record]]) -> AsyncIterator[asyncpg.Record]:
    async for batch in batches:
        for row in batch:
            yield row


def _is_same(told: Told, row: asyncpg.Record) -> bool:
    """Who, where in the order, whose, and word for word what."""
    return (
        told.position == row["pos"]
        and told.event_id == str(row["event_id"])
        and told.gym_id == str(row["gym_id"])
        and told.body.endswith(b',"event":' + bytes(row["data"]).strip() + b"}")
    )
