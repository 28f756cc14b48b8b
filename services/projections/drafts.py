"""Drafts: sessions that are only planned, a part of the timetable.

Table      ``session_drafts``, one row a draft, few of them: a gym's are read all at once
"""

from dataclasses import dataclass
from typing import Any

from chassis.tenancy import Pool
from contracts.booking import SessionPlan, SessionScheduled
from contracts.envelope import Event
from contracts.ids import GymId, SessionId
from contracts.timetable import SessionDraftDiscarded, SessionDrafted
from services.projections.reading import ask

PLANNED = """
INSERT INTO session_drafts (gym_id, version, position, session_id, plan, starts_at)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (gym_id, session_id) DO UPDATE
   SET plan = excluded.plan, starts_at = excluded.starts_at, version = excluded.version,
       position = excluded.position
"""
GONE = """
DELETE FROM session_drafts
 WHERE gym_id = $1 AND version < $2 AND position < $3 AND session_id = $4
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A session that is only planned."""

    session_id: SessionId
    plan: SessionPlan
    version: int


def statement(event: Event) -> tuple[Any, ...] | None:
    """What the event does to a draft's row: the statement, and its values from the fourth on."""
    match event:
        case SessionDrafted():
            return PLANNED, event.session_id, event.model_dump_json(), event.starts_at
        case SessionDraftDiscarded() | SessionScheduled(was_draft=True):
            return GONE, event.session_id
        case _:
            return None


async def drafts(pool: Pool, gym_id: GymId) -> tuple[int, list[Draft]]:
    """All of them, by their start; with the position they reflect."""
    as_of, rows = await ask(pool, "session_drafts", gym_id)
    return as_of, [
        Draft(row[1], SessionPlan.model_validate_json(row[2]), row[3])
        for row in rows
        if row[1] is not None
    ]
