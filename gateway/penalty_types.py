"""A penalty case as GraphQL shows it."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from contracts.booking import Forgiveness, GrantKind, Violation
from gateway import ids
from gateway.money import Money
from services.projections import penalties

strawberry.enum(
    Violation, description="What a client did with a seat somebody else could have had."
)
strawberry.enum(
    Forgiveness, description="REFILLED: somebody took the seat. FREE_PASS: the first in a while."
)


@strawberry.enum(
    description="Where a case stands. PENDING fees may be waived, DUE ones are on an invoice; "
    "CLEARED: there was no violation after all."
)
class PenaltyStatus(Enum):
    NO_FEE = "no_fee"
    PENDING = "pending"
    FORGIVEN = "forgiven"
    WAIVED = "waived"
    DUE = "due"
    REVERSED = "reversed"
    CLEARED = "cleared"


@strawberry.enum(description="Where the client's objection to a fee stands.")
class ContestStatus(Enum):
    OPEN = "open"
    FEE_STANDS = "fee_stands"
    FEE_FALLS = "fee_falls"


@strawberry.type(
    description="A late cancel or a no-show that was judged when the books of a session closed. "
    "`receipts` of the session tell it decision by decision."
)
class PenaltyCase:
    id: strawberry.ID
    version: int
    client_id: strawberry.ID
    client_name: str | None = strawberry.field(description="Null until known.")
    session_id: strawberry.ID
    session_title: str | None
    starts_at: datetime | None
    reservation_id: strawberry.ID
    kind: Violation
    paid_with: GrantKind = strawberry.field(
        description="Whoever has a credit to lose loses that and owes no fee."
    )
    status: PenaltyStatus
    forgiven: Forgiveness | None = strawberry.field(description="By the rules themselves.")
    amount: Money | None = strawberry.field(description="Null: no fee.")
    policy_version: int = strawberry.field(description="Of the booking policy it was judged by.")
    facts: JSON = strawberry.field(
        description="What it was judged on, such as freeUntil, emptySeats, recentViolations."
    )
    judged_at: datetime
    waivable_until: datetime | None = strawberry.field(description="Due from then on.")
    contestable_until: datetime | None
    contest: ContestStatus | None = strawberry.field(description="Null: nobody contests it.")
    contest_reason: str | None
    decided_by_id: strawberry.ID | None = strawberry.field(
        description="The staff member who waived or resolved; null to members."
    )
    reason: str | None = strawberry.field(description="Of whoever decided last.")


def shown(row: penalties.Penalty, *, to_staff: bool) -> PenaltyCase:
    """The row as clients see it."""
    fee = row.amount_minor is not None and row.currency is not None
    return PenaltyCase(
        id=ids.shown("pen", row.reservation_id),
        version=row.version,
        client_id=ids.shown("cli", row.client_id),
        client_name=row.client_name,
        session_id=ids.shown("ses", row.session_id),
        session_title=row.title,
        starts_at=row.starts_at,
        reservation_id=ids.shown("rsv", row.reservation_id),
        kind=Violation(row.kind),
        paid_with=GrantKind(row.grant_kind),
        status=PenaltyStatus(row.status),
        forgiven=Forgiveness(row.forgiven) if row.forgiven else None,
        amount=Money(minor=row.amount_minor or 0, currency=row.currency or "") if fee else None,
        policy_version=row.policy_version,
        facts=JSON({to_camel_case(name): fact for name, fact in row.evidence.items()}),
        judged_at=row.judged_at,
        waivable_until=row.waivable_until,
        contestable_until=row.contestable_until,
        contest=ContestStatus(row.contest) if row.contest else None,
        contest_reason=row.contest_reason,
        decided_by_id=ids.shown_or_null("stf", row.decided_by if to_staff else None),
        reason=row.reason,
    )
