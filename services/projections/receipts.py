"""Receipts: why things are as they are, decision by decision, for a client in a session or none.

Tables     ``receipts`` (one row a decision, never changed), ``receipt_sessions``
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.booking import SessionScheduled
from contracts.envelope import Envelope
from contracts.ids import ClientId, GymId, SessionId
from contracts.timetable import SessionRescheduled
from services.projections.decisions import NO_SESSION, Decided, Decision, all_decided
from services.projections.reading import ask
from services.projections.sessions import columns
from services.projections.wording import told

RECEIPTS = """
INSERT INTO receipts (gym_id, position, session_id, client_id, decision, decided_at, decided_by,
                      policy_version, facts)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[],
                     $6::timestamptz[], $7::text[], $8::int[], $9::jsonb[])
"""
SESSIONS = """
INSERT INTO receipt_sessions (gym_id, session_id, title, time_zone, starts_at, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                     $6::bigint[])
"""
MOVED = """
UPDATE receipt_sessions s SET starts_at = u.starts_at, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[])
    AS u (gym_id, session_id, starts_at, position)
 WHERE s.gym_id = u.gym_id AND s.session_id = u.session_id
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A decision, its facts, and the sentence they make."""

    position: int
    decided: Decided
    text: str


@dataclass(frozen=True, slots=True)
class ReceiptsModel:
    """Written by the projector. Hints name sessions, or clients where there is none."""

    name: str = "receipts"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("receipts", "receipt_sessions")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        found = [(e, one) for e in events for one in all_decided(e)]
        born = [
            (e.gym_id, e.event.session_id, e.event.title, e.event.time_zone, e.event.starts_at,
             e.position)
            for e in events if isinstance(e.event, SessionScheduled)
        ]  # fmt: skip
        moved = {
            (e.gym_id, e.event.session_id): (e.event.starts_at, e.position)
            for e in events if isinstance(e.event, SessionRescheduled)
        }  # fmt: skip
        for statement, rows in (
            (SESSIONS, born),
            (MOVED, [(*key, *at) for key, at in moved.items()]),
            (RECEIPTS, [_row(envelope, one) for envelope, one in found]),
        ):
            if rows:
                await db.execute(statement, *columns(rows))
        changed = {
            (e.gym_id, one.client_id if one.session_id == NO_SESSION else one.session_id)
            for e, one in found
        }  # fmt: skip
        return [(gym, str(key)) for gym, key in changed | moved.keys()]


MODEL = ReceiptsModel()


def _row(envelope: Envelope, one: Decided) -> tuple[object, ...]:
    facts = orjson.dumps(one.facts).decode().replace("\\u0000", "\\ufffd")  # jsonb holds no NUL
    return (
        envelope.gym_id, envelope.position, one.session_id, one.client_id, one.decision, one.at,
        one.by, one.policy_version, facts,
    )  # fmt: skip


async def of_client(
    pool: Pool, gym_id: GymId, session_id: SessionId | None, client_id: ClientId
) -> tuple[int, list[Receipt]]:
    """The client's receipts of the session, or of none, oldest first, and their position."""
    if session_id is None:
        as_of, rows = await ask(pool, "receipts_beyond_classes", gym_id, client_id)
    else:
        as_of, rows = await ask(pool, "receipts", gym_id, session_id, client_id)
    known = session_id or NO_SESSION
    return as_of, [_receipt(known, client_id, row) for row in rows if row[5] is not None]


def _receipt(session_id: SessionId, client_id: ClientId, row: asyncpg.Record) -> Receipt:
    zone: str
    starts_at: datetime
    zone, starts_at, position, decision, at, by, policy, facts = tuple(row)[2:]
    found = Decided(session_id, client_id, Decision(decision), at, by, policy, orjson.loads(facts))
    return Receipt(position, found, told(found, zone, starts_at))
