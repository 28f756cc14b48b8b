"""Penalties: each late cancel and no-show that was judged, and how far its fee has come.

Table      ``penalties`` (one row per reservation judged)
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.envelope import Envelope
from contracts.ids import ClientId, GymId, ReservationId, SessionId
from services.projections.penalty_cases import Case, Key, fold, is_of_a_case
from services.projections.reading import FAR_AHEAD, ask
from services.projections.sessions import columns

FIND = """
SELECT p.gym_id, p.reservation_id, p.client_id, p.session_id, p.kind, p.grant_kind, p.status,
       p.forgiven, p.amount_minor, p.currency, p.policy_version, p.judged_at, p.evidence,
       p.waivable_until, p.contestable_until, p.contest, p.contest_reason, p.decided_by, p.reason,
       p.version, p.position, p.before_cleared
  FROM penalties p
  JOIN unnest($1::uuid[], $2::uuid[]) AS u (gym, reservation)
    ON p.gym_id = u.gym AND p.reservation_id = u.reservation
"""
DROP = """
DELETE FROM penalties p USING unnest($1::uuid[], $2::uuid[]) AS u (gym, reservation)
 WHERE p.gym_id = u.gym AND p.reservation_id = u.reservation
"""
PUT = """
INSERT INTO penalties (gym_id, reservation_id, client_id, session_id, kind, grant_kind, status,
                       forgiven, amount_minor, currency, policy_version, judged_at, evidence,
                       waivable_until, contestable_until, contest, contest_reason, decided_by,
                       reason, version, position, before_cleared)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::bigint[], $10::text[], $11::int[],
                     $12::timestamptz[], $13::text[], $14::timestamptz[], $15::timestamptz[],
                     $16::text[], $17::text[], $18::uuid[], $19::text[], $20::int[], $21::bigint[],
                     $22::text[])
"""

Keyset = tuple[datetime, UUID]
"""Judgement and reservation of the last case seen; the next page begins behind it."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """A case as screens show it."""

    reservation_id: ReservationId
    client_id: ClientId
    client_name: str | None
    """``None`` until members told it, like what is known of the session."""
    session_id: SessionId
    title: str | None
    starts_at: datetime | None
    kind: str
    grant_kind: str
    status: str
    """``no_fee``, ``pending``, ``forgiven``, ``waived``, ``due``, ``reversed`` or ``cleared``."""
    forgiven: str | None
    amount_minor: int | None
    currency: str | None
    policy_version: int
    judged_at: datetime
    evidence: Mapping[str, Any]
    waivable_until: datetime | None
    contestable_until: datetime | None
    contest: str | None
    """``open``, ``fee_stands`` or ``fee_falls``; ``None``: nobody contests it."""
    contest_reason: str | None
    decided_by: UUID | None
    """The staff member who waived or resolved."""
    reason: str | None
    """Of whoever waived, reversed, cleared or resolved last."""
    version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases; ``None`` leaves open."""

    session_id: SessionId | None = None
    client_id: ClientId | None = None
    reservation_id: ReservationId | None = None  # one of the client's
    status: str | None = None
    contest: str | None = None


@dataclass(frozen=True, slots=True)
class PenaltiesModel:
    """Written by the projector. Hints name clients and sessions."""

    name: str = "penalties"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("penalties",)

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        told = [(one, event) for one in events if is_of_a_case(event := one.event)]
        if not told:
            return ()
        at = columns(sorted({(one.gym_id, event.reservation_id) for one, event in told}))
        found = [Case(*row) for row in await db.fetch(FIND, *at)]
        cases: dict[Key, Case] = {(case.gym_id, case.reservation_id): case for case in found}
        for envelope, event in told:
            fold(cases, envelope, event)
        if found:
            await db.execute(DROP, *at)
        await db.execute(PUT, *columns([astuple(case) for case in cases.values()]))
        return {
            (case.gym_id, str(key))
            for case in cases.values()
            for key in (case.client_id, case.session_id)
        }


MODEL = PenaltiesModel()


async def page(
    pool: Pool, gym_id: GymId, wanted: Wanted, before: Keyset | None, first: int
) -> tuple[int, list[Penalty]]:
    """Cases, the last judged first, behind ``before``; with the position they reflect."""
    key = before or (FAR_AHEAD, UUID(int=0))
    as_of, rows = await ask(
        pool, "penalties_page", gym_id, *astuple(wanted), *key, first
    )  # fmt: skip
    return as_of, [_read(row) for row in rows if row["reservation_id"] is not None]


def _read(row: asyncpg.Record) -> Penalty:
    told = dict(row.items())
    del told["as_of"]
    return Penalty(**told | {"evidence": orjson.loads(told["evidence"])})
