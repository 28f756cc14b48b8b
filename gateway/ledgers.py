"""Ledgers in GraphQL: what a client may spend, and grants for staff to give."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from contracts.booking import GrantCredits, GrantKind, Period
from contracts.ids import ClientId, GrantId
from gateway import coverages, ids
from gateway.codes.booking import GrantCreditsErrorCode
from gateway.context import Info
from gateway.coverages import CoverageInput, GrantCoverage
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, carry_out
from gateway.positions import Position
from gateway.serve.faults import ConsistencyTimeout
from gateway.whose import whose
from services.projections import ledgers

strawberry.enum(GrantKind, description="What a grant entitles to.")
strawberry.enum(Period, description="What a limited grant counts in.")


@strawberry.enum(description="Whether a grant pays for anything new.")
class GrantStatus(Enum):
    ACTIVE = "active"
    HOLD = "hold"
    PAST_DUE = "past_due"
    ENDED = "ended"


@strawberry.type(description="What entitles a client to reservations. Counts are credits.")
class Grant:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    client_id: strawberry.ID
    kind: GrantKind
    credits: int = strawberry.field(
        description="Of a pack; reservations a period of a limited grant; 0 for an unlimited one."
    )
    held: int
    consumed: int
    forfeited: int
    available: int = strawberry.field(description="Credits left of a pack, valid now or not.")
    valid_from: datetime | None = strawberry.field(description="Null: from when it was given.")
    expires_at: datetime | None = strawberry.field(description="Null: never.")
    reason: str
    period: Period | None = strawberry.field(description="Of a limited grant.")
    early_hours: int = strawberry.field(description="Booking opens so much earlier with it.")
    expired: int
    status: GrantStatus
    coverage: GrantCoverage


@strawberry.type(description="All a client's grants.")
class Ledger:
    client_id: strawberry.ID
    version: int
    available: int = strawberry.field(description="Credits left of all packs valid now.")
    unlimited: bool = strawberry.field(description="Whether an unlimited grant is valid now.")
    grants: list[Grant] = strawberry.field(description="Oldest first.")
    banned_until: datetime | None = strawberry.field(
        description="The client may not book until then; the year 9999 for until it is lifted."
    )
    ban_reason: str | None
    waivers: list[str] = strawberry.field(description="Texts the client accepted.")


@strawberry.interface(description="A ledger was changed.")
class LedgerPayload:
    client_id: strawberry.ID | None
    position: Position | None

    @strawberry.field(
        description="The ledger with the change; null when that takes over half a second."
    )
    async def ledger(self, info: Info) -> Ledger | None:
        if self.client_id is None:
            return None
        try:
            return await ledger_at(info, ids.client(self.client_id), self.position)
        except ConsistencyTimeout:
            return None


@strawberry.input(description="A pack of credits, or UNLIMITED with 0 credits.")
class GrantCreditsInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    kind: GrantKind = GrantKind.PACK
    credits: int = 0
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    period: Period | None = strawberry.field(default=None, description="Of a limited grant.")
    early_hours: int = strawberry.field(
        default=0, description="How much earlier booking opens for whoever pays with it."
    )
    expires_on: date | None = strawberry.field(
        default=None, description="Instead of expiresAt: the last local day, in timeZone."
    )
    time_zone: str | None = strawberry.field(
        default=None, description="IANA zone of the gym; needed with expiresOn."
    )
    coverage: CoverageInput | None = strawberry.field(
        default=None, description="Null: every session."
    )
    reason: str = ""
    counts: bool = strawberry.field(
        default=True,
        description="False for staff, guests and tests: their seats count in no KPI.",
    )


@strawberry.type
class GrantCreditsPayload:
    grant: Grant | None
    position: Position | None
    user_errors: list[UserError[GrantCreditsErrorCode]]


@strawberry.type
class LedgerQuery:
    @strawberry.field(description="A client's ledger, members their own; null when there is none.")
    async def ledger(
        self,
        info: Info,
        client_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> Ledger | None:
        return await ledger_at(info, whose(info.context, client_id), at_least)


@strawberry.type
class LedgerMutation:
    @strawberry.mutation(description="Entitle a client to reservations.")
    async def grant_credits(
        self, info: Info, input_: Annotated[GrantCreditsInput, strawberry.argument(name="input")]
    ) -> GrantCreditsPayload:
        kind, actor = f"grant of {input_.client_id}", actor_of(info.context)
        new = GrantId(minted(kind, input_.idempotency_key, actor))
        done = await carry_out(
            info.context, input_, GrantCreditsErrorCode,
            lambda: GrantCredits(
                client_id=ids.client(input_.client_id), grant_id=new, kind=input_.kind,
                credits=input_.credits, valid_from=input_.valid_from,
                expires_at=input_.expires_at, reason=input_.reason, period=input_.period,
                early_hours=input_.early_hours, expires_on=input_.expires_on,
                time_zone=input_.time_zone, coverage=coverages.asked(input_.coverage),
                counts=input_.counts,
            ),
        )  # fmt: skip
        given = None if done.errors else _given(new, input_, done.result)
        return GrantCreditsPayload(grant=given, position=done.position, user_errors=done.errors)


async def ledger_at(info: Info, client: ClientId, at_least: Position | None) -> Ledger | None:
    """The client's ledger, not older than ``at_least``. Raises ``Forbidden`` to strangers."""
    return (await ledger_as_of(info, client, at_least))[1]


async def ledger_as_of(
    info: Info, client: ClientId, at_least: Position | None
) -> tuple[Position, Ledger | None]:
    """The same, with the position it reflects."""
    info.context.must("read.ledger", own=client == info.context.principal.client_id)
    position, found = await info.context.read(
        "ledgers", at_least, lambda pool, gym: ledgers.of_client(pool, gym, client)
    )
    shown = _shown(found, info.context.services.clock.now()) if found else None
    return position, shown


def _given(new: GrantId, asked: GrantCreditsInput, told: Mapping[str, Any]) -> Grant:
    """As booking gave it: ``told``."""
    return Grant(
        id=ids.shown("grt", new), version=None, client_id=asked.client_id, kind=asked.kind,
        credits=asked.credits, held=0, consumed=0, forfeited=0, available=asked.credits,
        valid_from=_instant(told.get("valid_from")), expires_at=_instant(told.get("expires_at")),
        reason=asked.reason,
        period=asked.period, early_hours=asked.early_hours, expired=0, status=GrantStatus.ACTIVE,
        coverage=coverages.shown(coverages.asked(asked.coverage) or ledgers.ANYTHING),
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _shown(row: ledgers.Ledger, now: datetime) -> Ledger:
    valid = [
        grant for grant in row.grants
        if grant.valid_from <= now and (grant.expires_at is None or now < grant.expires_at)
        and grant.status == GrantStatus.ACTIVE.value
    ]  # fmt: skip
    return Ledger(
        client_id=ids.shown("cli", row.client_id),
        version=row.version,
        available=sum(grant.available for grant in valid),
        unlimited=any(grant.kind == GrantKind.UNLIMITED for grant in valid),
        grants=[_grant(row.client_id, grant) for grant in row.grants],
        banned_until=row.banned_until if _later(row, now) else None,
        ban_reason=row.ban_reason if _later(row, now) else None,
        waivers=list(row.waivers),
    )


def _later(row: ledgers.Ledger, now: datetime) -> bool:
    return row.banned_until is not None and now < row.banned_until


def _grant(client_id: ClientId, row: ledgers.Grant) -> Grant:
    return Grant(
        id=ids.shown("grt", row.grant_id), version=row.version,
        client_id=ids.shown("cli", client_id), kind=GrantKind(row.kind), credits=row.credits,
        held=row.held, consumed=row.consumed, forfeited=row.forfeited, available=row.available,
        valid_from=row.valid_from, expires_at=row.expires_at, reason=row.reason,
        period=Period(row.period) if row.period else None, early_hours=row.early_hours,
        expired=row.expired, status=GrantStatus(row.status),
        coverage=coverages.shown(row.coverage),
    )  # fmt: skip
