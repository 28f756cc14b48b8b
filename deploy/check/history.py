"""The events of one store: in the order of their positions, or stream by stream.

Never up to where the store ends, but up to its horizon: below it nothing can appear any more.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast
from uuid import UUID

import asyncpg
import orjson

from contracts import access, billing, booking, members, timetable
from contracts.envelope import Event, decode

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

SPOKEN = (access, billing, booking, members, timetable)
"""Contracts imported so that ``decode`` knows their events."""

BATCH = 2_000  # events
_FIELDS = (
    "e.gym_id, e.stream_id, e.version, e.pos, e.event_id, e.recorded_at, e.category, e.type,"
    " e.data, e.meta"
)
_BEHIND = f"""
SELECT {_FIELDS} FROM es.events e WHERE e.pos > $1 AND e.pos <= $2 ORDER BY e.pos LIMIT $3
"""
# The first condition alone says which partitions are over.
_BY_STREAM = f"""
SELECT {_FIELDS} FROM es.events e
 WHERE e.stream_id >= $1 AND (e.stream_id, e.gym_id, e.category, e.version) > ($1, $2, $3, $4)
   AND e.pos <= $5
 ORDER BY e.stream_id, e.gym_id, e.category, e.version LIMIT $6
"""
# OFFSET 0 keeps the planner from joining otherwise than stream by stream.
_OF = f"""
SELECT h.* FROM unnest($1::uuid[], $2::text[], $3::uuid[]) u (gym, category, stream)
 CROSS JOIN LATERAL (
    SELECT {_FIELDS} FROM es.events e
     WHERE e.stream_id = u.stream AND e.gym_id = u.gym AND e.category = u.category AND e.pos <= $4
     ORDER BY e.version OFFSET 0) h
"""
ALL = (1 << 63) - 1
_NOTHING = UUID(int=0)


class StreamKey(NamedTuple):
    """One stream of a store."""

    gym_id: UUID
    category: str
    stream_id: UUID


@dataclass(frozen=True, slots=True)
class Seen:
    """One stored event."""

    context: str
    gym_id: UUID
    category: str
    stream_id: UUID
    version: int
    position: int
    recorded_at: datetime
    data: bytes
    event: Event

    @property
    def where(self) -> str:
        """For people who look."""
        return place(self.context, self.position, self.category, self.stream_id, self.version)


def place(context: str, position: int, category: str, stream_id: UUID, version: int) -> str:
    """Which event, for people who look."""
    return f"{context}#{position} {category}-{stream_id}@{version}"


async def its_time(db: "_Db") -> datetime:
    """When it is, by the clock that says when events were recorded."""
    return cast("datetime", await db.fetchval("SELECT clock_timestamp()"))


async def horizon(db: "_Db") -> int:
    """The position up to which everything is there."""
    return int(await db.fetchval("SELECT es.horizon()"))


async def behind(
    db: "_Db", after: int = 0, until: int = ALL
) -> AsyncIterator[list[asyncpg.Record]]:
    """Batches of rows behind ``after`` up to ``until``, in the order of their positions."""
    while batch := await db.fetch(_BEHIND, after, until, BATCH):
        yield batch
        after = batch[-1]["pos"]


async def by_stream(db: "_Db", until: int) -> AsyncIterator[list[asyncpg.Record]]:
    """Batches of all rows up to ``until``: each stream from its beginning, one after the other."""
    at: tuple[UUID, UUID, str, int] = (_NOTHING, _NOTHING, "", 0)
    while batch := await db.fetch(_BY_STREAM, *at, until, BATCH):
        yield batch
        last = batch[-1]
        at = last["stream_id"], last["gym_id"], last["category"], last["version"]


async def of(
    db: "_Db", streams: Iterable[StreamKey], until: int = ALL
) -> AsyncIterator[list[asyncpg.Record]]:
    """Batches of all rows of ``streams`` up to ``until``, one stream after the other."""
    keys = [list(column) for column in zip(*streams, strict=True)]
    if not keys:
        return
    async with db.transaction(readonly=True):
        cursor = await db.cursor(_OF, *keys, until)
        while batch := await cursor.fetch(BATCH):
            yield batch


def key_of(row: asyncpg.Record) -> StreamKey:
    """The stream a row is of."""
    return StreamKey(row["gym_id"], row["category"], row["stream_id"])


def seen(context: str, row: asyncpg.Record) -> Seen:
    """The event in a row."""
    return Seen(
        context=context, gym_id=row["gym_id"], category=row["category"],
        stream_id=row["stream_id"], version=row["version"], position=row["pos"],
        recorded_at=row["recorded_at"], data=row["data"],
        event=decode(row["type"], orjson.loads(row["data"])),
    )  # fmt: skip
