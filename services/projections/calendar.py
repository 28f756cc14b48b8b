"""Calendar: the gym's class sessions with how full they are.

Table      ``class_sessions``, one row per session
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

import asyncpg

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.envelope import Envelope
from contracts.ids import GymId, SessionId
from services.projections import places, sessions
from services.projections.reading import ask
from services.projections.sessions import Session

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
Keyset = tuple[datetime, UUID]
"""Start and id of the last session seen; the next page begins behind it."""


@dataclass(frozen=True, slots=True)
class Planned(Session):
    """A session with all that the timetable, and whoever would book it, knows of it."""

    online_capacity: int | None = None
    """Most seats clients may take themselves; ``None``: all."""
    spots: tuple[str, ...] = ()
    waiver_required: bool = False

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """From columns 1 to 31 of a read function; column 0 is the view's position."""
        return replace(
            cls(*tuple(row)[1:29]),
            online_capacity=row["online_capacity"],
            spots=tuple(row["spots"] or ()),
            waiver_required=bool(row["waiver_required"]),
        )


@dataclass(frozen=True, slots=True)
class CalendarModel:
    """Written by the projector."""

    name: str = "calendar"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("class_sessions",)

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        changed = await sessions.apply(db, "class_sessions", events)
        await places.furnish(db, "class_sessions", events)
        return [(gym, str(session)) for gym, session in changed]


MODEL = CalendarModel()


async def page(
    pool: Pool,
    gym_id: GymId,
    between: tuple[datetime, datetime],
    after: Keyset | None,
    first: int,
) -> tuple[int, list[Planned]]:
    """At most ``first`` sessions behind ``after`` that start ``between``, its end excluded.

    With the position in booking's store they reflect, like every answer below.
    """
    key = after or (LONG_AGO, UUID(int=0))
    as_of, rows = await ask(pool, "calendar_page", gym_id, *between, *key, first)
    return as_of, [Planned.of(row) for row in rows if row[1] is not None]


async def session(pool: Pool, gym_id: GymId, session_id: SessionId) -> tuple[int, Planned | None]:
    """The session, or ``None`` when the gym has no such session."""
    as_of, rows = await ask(pool, "session", gym_id, session_id)
    return as_of, Planned.of(rows[0]) if rows and rows[0][1] else None
