"""The bus holds what the stores hold, and nobody is ahead of it (I14)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import anyio
import asyncpg
import orjson
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, StreamInfo
from nats.js.errors import NotFoundError

from chassis.bus.reactions import GIVEN_UP_WITHIN
from chassis.reader import Message, Reader
from chassis.streams import API_TIMEOUT, CONTEXTS, DEAD_LETTERS, event_stream
from deploy.check import history
from deploy.check.verdict import Moment, Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

STANDSTILL = 30.0  # seconds without a message before a stream counts as unreadable
_UNSENT = "SELECT count(*) FROM es.events WHERE pos > $1 AND recorded_at < $2"


class Told(NamedTuple):
    """One message of a stream."""

    seq: int
    position: int
    event_id: str
    gym_id: str
    body: bytes


@dataclass(slots=True)
class _Place:
    """How far a stream has been compared with its store."""

    made_at: datetime | None = None
    """Of the stream: one that was lost is made anew, and read from its beginning."""
    seq: int = 0
    position: int = 0
    differs: str = ""
    """Where it goes another way than the store. Behind that nothing is compared."""


class Streams:
    """Each stream against its store; then everybody's place in it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places: dict[str, _Place] = {}
        self.begin()

    def begin(self) -> None:
        """Another look: what was found before is found again, if it is still so."""
        self._same = Verdict("I14", "streams hold what the stores hold, in order", "messages")
        self._placed = Verdict("I14b", "no reader is ahead, or tries for ever", "places")
        self._done = Verdict("I14c", "no reaction gave an event up", "consumers")

    async def look(self, context: str, db: "_Db", moment: Moment) -> None:
        """Compare what is new message by message; behind the stream's end, nothing old waits."""
        stream = event_stream(context)
        place, last = await self._find(stream)
        if not place.differs:
            await self._compare(stream, place, last, db)
        if place.differs:
            self._same.accuse(place.differs)
            return
        if unsent := await db.fetchval(_UNSENT, place.position, moment.settled_before):
            self._same.accuse(f"{stream} ends at position {place.position}: {unsent} not sent")

    async def _compare(self, stream: str, place: _Place, last: int, db: "_Db") -> None:
        kept = _each(history.behind(db, place.position))
        async for told in self._messages(stream, place.seq, last):
            row = await anext(kept, None)
            self._same.looked_at += 1
            if row is None or not _is_same(told, row):
                at = row["pos"] if row else "its end"
                place.differs = f"{stream} has position {told.position}, the store {at}"
                return
            place.seq, place.position = told.seq, told.position

    async def look_at_places(self, views: "_Db", moment: Moment) -> None:
        """Readers' checkpoints, reactions' consumers, and what reactions gave up."""
        js = self._client.jetstream(timeout=API_TIMEOUT)
        places = [
            (f"read model {row['name']}", row["source"], row["seq"])
            for row in await views.fetch("SELECT name, source, seq FROM views.checkpoints")
        ]
        for context in CONTEXTS:
            stream = event_stream(context)
            for one in await _consumers(js, stream):
                if one.config.durable_name and one.delivered:
                    who = f"reaction {one.config.durable_name}"
                    places.append((who, stream, one.delivered.stream_seq))
                    self._done.looked_at += 1
                    await self._gets_on(js, one, moment)
        # Asked last: meanwhile streams go on, and readers behind them.
        ends = {event_stream(each): await self._last_seq(event_stream(each)) for each in CONTEXTS}
        for who, stream, seq in places:
            self._placed.looked_at += 1
            if seq > ends[stream]:
                self._placed.accuse(f"{who} is at {seq}, {stream} ends at {ends[stream]}")
        if given_up := (await js.stream_info(DEAD_LETTERS)).state.messages:
            self._done.accuse(f"{given_up} dead letters: b2b dead-letters list")

    async def _gets_on(self, js: JetStreamContext, one: ConsumerInfo, moment: Moment) -> None:
        """Whatever a reaction has been trying for longer than it may, it should have given up."""
        if not one.num_redelivered or not one.ack_floor:
            return
        oldest = await js.get_msg(
            one.stream_name, one.ack_floor.stream_seq + 1, one.config.filter_subject, next=True
        )
        too_old = moment.settled_before - timedelta(seconds=GIVEN_UP_WITHIN)
        if oldest.time and oldest.time < too_old:
            self._placed.accuse(
                f"reaction {one.config.durable_name} has been trying sequence {oldest.seq} of"
                f" {one.stream_name} since {oldest.time:%Y-%m-%d %H:%M} UTC"
            )

    async def _last_seq(self, stream: str) -> int:
        info = await self._info(stream)
        return int(info.state.last_seq) if info else 0

    async def _info(self, stream: str) -> StreamInfo | None:
        try:
            return await self._client.jetstream(timeout=API_TIMEOUT).stream_info(stream)
        except NotFoundError:
            return None

    async def _find(self, stream: str) -> tuple[_Place, int]:
        """How far we are in the stream that is there now, and its last sequence."""
        info = await self._info(stream)
        if info is None:
            self._same.accuse(f"there is no stream {stream}")
            self._places[stream] = _Place()
            return self._places[stream], 0
        place, last = self._places.get(stream), int(info.state.last_seq)
        if place is None or place.made_at != info.created or place.seq > last:
            place = self._places[stream] = _Place(info.created)
        return place, last

    async def _messages(self, stream: str, after: int, last: int) -> AsyncIterator[Told]:
        """Those behind ``after`` up to ``last``."""
        reader = Reader(self._client, stream, after=after)
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
                    yield Told(
                        message.seq, told["position"], told["event_id"], told["gym_id"],
                        message.data,
                    )  # fmt: skip
                    if message.seq >= last:
                        return
        finally:
            await reader.stop()

    @property
    def differ(self) -> bool:
        """Whether a stream goes another way than its store: looked at no more but from zero."""
        return any(one.differs for one in self._places.values())

    def verdicts(self) -> list[Verdict]:
        return [self._same, self._placed, self._done]


async def _consumers(js: JetStreamContext, stream: str) -> list[ConsumerInfo]:
    try:
        return await js.consumers_info(stream)
    except NotFoundError:  # nor is there a stream: that is told elsewhere
        return []


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
