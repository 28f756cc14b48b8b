"""What became of grants, and whether a client may book: more of the ledgers' rows.

Used by the ledgers after their rows are written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from chassis.tenancy import Db
from contracts.booking import (
    BookingBanImposed,
    BookingBanLifted,
    Coverage,
    CreditsExpired,
    CreditsGranted,
    EntitlementChanged,
    EntitlementEnded,
    EntitlementResumed,
    EntitlementSuspended,
    WaiverRecorded,
)
from contracts.envelope import Envelope
from contracts.ids import ClientId, GrantId, GymId
from services.projections.sessions import columns

GrantEvent: TypeAlias = (
    CreditsGranted
    | EntitlementChanged
    | EntitlementSuspended
    | EntitlementResumed
    | EntitlementEnded
    | CreditsExpired
)
StandingEvent: TypeAlias = BookingBanImposed | BookingBanLifted | WaiverRecorded

GRANTS = """
UPDATE grants g
   SET expired = g.expired + u.expired, status = coalesce(u.status, g.status),
       credits = coalesce(u.credits, g.credits), period = coalesce(u.period, g.period),
       early_hours = coalesce(u.early, g.early_hours),
       expires_at = CASE WHEN u.changed THEN u.expires_at ELSE g.expires_at END,
       coverage = CASE WHEN u.covers THEN u.coverage ELSE g.coverage END
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::int[], $7::text[],
              $8::int[], $9::bool[], $10::timestamptz[], $11::bool[], $12::text[])
    AS u (gym_id, client_id, grant_id, expired, status, credits, period, early, changed, expires_at,
          covers, coverage)
 WHERE g.gym_id = u.gym_id AND g.client_id = u.client_id AND g.grant_id = u.grant_id
"""
BANS = """
UPDATE ledgers d SET banned_until = u.until, ban_reason = u.reason
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bool[])
    AS u (gym_id, client_id, until, reason, replaces)
 WHERE d.gym_id = u.gym_id AND d.client_id = u.client_id
   AND (u.replaces OR d.banned_until IS NULL OR d.banned_until <= u.until)
"""
WAIVERS = """
UPDATE ledgers d SET waivers = array_append(d.waivers, u.document)
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (gym_id, client_id, document)
 WHERE d.gym_id = u.gym_id AND d.client_id = u.client_id
"""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)  # Postgres reads the last instant as infinity


@dataclass(slots=True)
class _Grant:
    expired: int = 0
    status: str | None = None
    credits: int | None = None
    period: str | None = None
    early_hours: int | None = None
    changed: bool = False
    expires_at: datetime | None = None
    covers: bool = False
    coverage: str | None = None

    def hear(self, event: GrantEvent) -> None:
        match event:
            case CreditsGranted():
                self.period, self.early_hours = event.period, event.early_hours
                self._cover(event.coverage, said=event.coverage is not None)
            case EntitlementChanged():
                self.credits, self.early_hours = event.credits, event.early_hours
                self.changed, self.expires_at = True, event.expires_at
                self._cover(event.coverage, said=True)
            case EntitlementSuspended():
                self.status = event.because
            case EntitlementResumed():
                self.status = "active"
            case EntitlementEnded():
                self.status = "ended"
            case CreditsExpired():
                self.expired += event.credits

    def columns(self) -> tuple[object, ...]:
        return (
            self.expired, self.status, self.credits, self.period, self.early_hours, self.changed,
            self.expires_at, self.covers, self.coverage,
        )  # fmt: skip

    def _cover(self, coverage: Coverage | None, *, said: bool) -> None:
        self.covers = self.covers or said
        self.coverage = coverage.model_dump_json() if coverage is not None else None


class _Ban(NamedTuple):
    """The ban that ends last."""

    until: datetime | None = None
    reason: str | None = None
    replaces: bool = False
    """Whatever was on before this batch."""

    def beside(self, event: BookingBanImposed) -> "_Ban":
        until = event.until or FOREVER
        if self.until is not None and until < self.until:
            return self
        return _Ban(until, event.reason, self.replaces)


def _left(event: BookingBanLifted) -> _Ban:
    stays = event.remaining
    if stays is None:
        return _Ban(replaces=True)
    return _Ban(stays.until or FOREVER, stays.because, replaces=True)


EMPTY = _Grant(early_hours=0).columns()


@dataclass(slots=True)
class _Batch:
    grants: dict[tuple[GymId, ClientId, GrantId], _Grant] = field(default_factory=dict)
    bans: dict[tuple[GymId, ClientId], _Ban] = field(default_factory=dict)
    waivers: list[tuple[GymId, ClientId, str]] = field(default_factory=list)

    def hear(self, envelope: Envelope) -> None:
        gym, event = envelope.gym_id, envelope.event
        match event:
            case BookingBanImposed():
                earlier = self.bans.get((gym, event.client_id), _Ban())
                self.bans[gym, event.client_id] = earlier.beside(event)
            case BookingBanLifted():
                self.bans[gym, event.client_id] = _left(event)
            case WaiverRecorded():
                self.waivers.append((gym, event.client_id, event.document))
            case _ if isinstance(event, GrantEvent):
                key = (gym, event.client_id, event.grant_id)
                self.grants.setdefault(key, _Grant()).hear(event)


async def apply(db: Db, events: Iterable[Envelope]) -> None:
    """Bring grants and ledgers, which are there, up to ``events``."""
    batch = _Batch()
    for envelope in events:
        batch.hear(envelope)
    rows = [(*key, *row) for key, one in batch.grants.items() if (row := one.columns()) != EMPTY]
    if rows:
        await db.execute(GRANTS, *columns(rows))
    if batch.bans:
        await db.execute(BANS, *columns([(*key, *row) for key, row in batch.bans.items()]))
    for waiver in batch.waivers:  # one each: an UPDATE sees a row once
        await db.execute(WAIVERS, *columns([waiver]))
