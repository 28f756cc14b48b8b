"""The events of one store in the order of their positions, a batch at a time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from chassis.tenancy import Db
from contracts import access, billing, booking, members, timetable
from contracts.envelope import Event, decode

SPOKEN = (access, billing, booking, members, timetable)
"""Contracts imported so that ``decode`` knows their events."""

BATCH = 2_000  # events
_READ = """
SELECT gym_id, stream_id, version, pos, event_id, recorded_at, category, type, data, meta
  FROM es.events WHERE pos > $1 AND pos <= $2 ORDER BY pos LIMIT $3
"""
ALL = (1 << 63) - 1


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
        return f"{self.context}#{self.position} {self.category}-{self.stream_id}@{self.version}"


async def rows(
    db: "Db | asyncpg.Connection[asyncpg.Record]", after: int = 0, until: int = ALL
) -> AsyncIterator[list[asyncpg.Record]]:
    """Batches of rows behind ``after`` up to ``until``."""
    while batch := await db.fetch(_READ, after, until, BATCH):
        yield batch
        after = batch[-1]["pos"]


def seen(context: str, row: asyncpg.Record) -> Seen:
    """The event in a row."""
    return Seen(
        context=context, gym_id=row["gym_id"], category=row["category"],
        stream_id=row["stream_id"], version=row["version"], position=row["pos"],
        recorded_at=row["recorded_at"], data=row["data"],
        event=decode(row["type"], orjson.loads(row["data"])),
    )  # fmt: skip
