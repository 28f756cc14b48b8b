"""Ledgers: what each client may spend, grant by grant.

Tables     ``ledgers`` (one row per client), ``grants`` (one row each, counting credits)
Rebuild    from EVT_BOOKING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chassis.projection import Change
from chassis.tenancy import Db, Pool
from contracts.booking import (
    Charge,
    Coverage,
    CreditConsumed,
    CreditCorrected,
    CreditForfeited,
    CreditHeld,
    CreditReleased,
    CreditsGranted,
    GrantKind,
    LedgerOpened,
    LineJoined,
    PromotionMissed,
    TimeReleased,
    TimeTaken,
)
from contracts.envelope import Envelope
from contracts.ids import ClientId, GrantId, GymId
from contracts.timetable import HoldMoved
from services.projections import entitlements
from services.projections.entitlements import GrantEvent, StandingEvent
from services.projections.reading import ask
from services.projections.sessions import Incomplete, columns

LEDGERS = """
INSERT INTO ledgers (gym_id, client_id, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[])
    ON CONFLICT (gym_id, client_id) DO UPDATE
   SET version = excluded.version, position = excluded.position
"""
GRANTS = """
INSERT INTO grants (gym_id, client_id, grant_id, held, consumed, forfeited, version, position,
                    kind, credits, valid_from, expires_at, reason)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::int[],
                     $8::bigint[], $9::text[], $10::int[], $11::timestamptz[], $12::timestamptz[],
                     $13::text[])
"""
SPEND = """
UPDATE grants g
   SET held = g.held + u.held, consumed = g.consumed + u.consumed,
       forfeited = g.forfeited + u.forfeited, version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::int[],
              $8::bigint[])
    AS u (gym_id, client_id, grant_id, held, consumed, forfeited, version, position)
 WHERE g.gym_id = u.gym_id AND g.client_id = u.client_id AND g.grant_id = u.grant_id
"""

ANYTHING = Coverage()  # what covers every session

Spending = CreditHeld | CreditReleased | CreditConsumed | CreditForfeited | CreditCorrected
LedgerEvent = (
    LedgerOpened
    | Spending
    | GrantEvent
    | StandingEvent
    | HoldMoved
    | TimeReleased
    | TimeTaken
    | PromotionMissed
    | LineJoined
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What entitles a client to reservations, and how much of it is used. Counts are credits."""

    grant_id: GrantId
    kind: GrantKind
    credits: int
    held: int
    consumed: int
    forfeited: int
    valid_from: datetime
    expires_at: datetime | None
    reason: str
    version: int
    expired: int
    period: str | None
    """``week`` or ``month``, of a limited grant."""
    early_hours: int
    status: str
    """``active``, ``hold``, ``past_due`` or ``ended``."""
    coverage: Coverage = ANYTHING

    @property
    def available(self) -> int:
        """Credits left of a pack, whether or not the grant is valid now; 0 for other grants."""
        if self.kind != GrantKind.PACK:
            return 0
        return self.credits - self.held - self.consumed - self.forfeited - self.expired


@dataclass(frozen=True, slots=True)
class Ledger:
    """All a client's grants, oldest first."""

    client_id: ClientId
    version: int
    grants: list[Grant]
    banned_until: datetime | None
    """The far end of time for a ban that is on until it is lifted."""
    ban_reason: str | None
    waivers: tuple[str, ...]


@dataclass(slots=True)
class _Use:
    granted: CreditsGranted | None = None
    held: int = 0
    consumed: int = 0
    forfeited: int = 0
    version: int = 0
    position: int = 0

    def hear(self, envelope: Envelope, event: CreditsGranted | Spending) -> None:
        self.version, self.position = envelope.version, envelope.position
        match event:
            case CreditsGranted():
                self.granted = event
            case CreditHeld():
                self.held += event.credits
            case CreditReleased():
                self.held -= event.credits
            case CreditConsumed():
                self.held -= event.credits
                self.consumed += event.credits
            case CreditForfeited():
                self.held -= event.credits
                self.forfeited += event.credits
            case CreditCorrected():
                self._charge(event.was, -event.before)
                self._charge(event.becomes, event.after)

    def _charge(self, charge: Charge, credits_: int) -> None:
        self.consumed += credits_ if charge is Charge.CONSUMED else 0
        self.forfeited += credits_ if charge is Charge.FORFEITED else 0

    def columns(self) -> tuple[int, ...]:
        return (self.held, self.consumed, self.forfeited, self.version, self.position)


@dataclass(slots=True)
class _Batch:
    ledgers: dict[tuple[GymId, ClientId], tuple[int, int]] = field(default_factory=dict)
    grants: dict[tuple[GymId, ClientId, GrantId], _Use] = field(default_factory=dict)

    def hear(self, envelope: Envelope) -> None:
        event = envelope.event
        if not isinstance(event, LedgerEvent):
            return
        gym, client = envelope.gym_id, event.client_id
        self.ledgers[gym, client] = (envelope.version, envelope.position)
        if isinstance(event, CreditsGranted | Spending):
            self.grants.setdefault((gym, client, event.grant_id), _Use()).hear(envelope, event)


@dataclass(frozen=True, slots=True)
class LedgersModel:
    """Written by the projector."""

    name: str = "ledgers"
    source: str = "EVT_BOOKING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("ledgers", "grants")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        batch = _Batch()
        for envelope in events:
            batch.hear(envelope)
        if batch.ledgers:
            rows = [(*key, *at) for key, at in batch.ledgers.items()]
            await db.execute(LEDGERS, *columns(rows))
        new = [
            (*key, *use.columns(), event.kind, event.credits, event.valid_from, event.expires_at,
             event.reason)
            for key, use in batch.grants.items() if (event := use.granted) is not None
        ]  # fmt: skip
        old = [(*key, *use.columns()) for key, use in batch.grants.items() if use.granted is None]
        if new:
            await db.execute(GRANTS, *columns(new))
        if old and (done := await db.execute(SPEND, *columns(old))) != f"UPDATE {len(old)}":
            raise Incomplete(f"grants: {len(old)} changed, {done}")
        await entitlements.apply(db, events)
        return [(gym, str(client)) for gym, client in batch.ledgers]


MODEL = LedgersModel()


async def of_client(pool: Pool, gym_id: GymId, client_id: ClientId) -> tuple[int, Ledger | None]:
    """The client's ledger and the position it reflects; ``None`` when there is none."""
    as_of, rows = await ask(pool, "entitlements_of", gym_id, client_id)
    if not rows or rows[0][1] is None:
        return as_of, None
    client, version, *grants, until, reason, waivers, coverages = tuple(rows[0])[1:]
    covered = [Coverage.model_validate_json(one) if one else ANYTHING for one in coverages or ()]
    found = [Grant(*g) for g in zip(*grants, covered, strict=True)] if grants[0] else []
    return as_of, Ledger(client, version, found, until, reason, tuple(waivers))
