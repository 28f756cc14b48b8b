"""What a client owes, as GraphQL shows it."""

from datetime import datetime
from enum import Enum

import strawberry

from contracts.billing import LineKind
from contracts.ids import ClientId
from gateway import ids
from gateway.money import Money
from gateway.positions import Position
from services.projections import accounts

strawberry.enum(LineKind, description="What a line is for.")


@strawberry.enum(description="DRAFT takes further lines; OPEN was issued and is to be paid.")
class InvoiceStatus(Enum):
    DRAFT = "draft"
    OPEN = "open"


@strawberry.type(description="One thing owed, or a credit that takes one back.")
class InvoiceLine:
    id: strawberry.ID
    kind: LineKind
    session_id: strawberry.ID = strawberry.field(
        description="`receipts` of this session tell why it was charged."
    )
    session_title: str | None
    starts_at: datetime | None
    reservation_id: strawberry.ID
    amount: Money = strawberry.field(description="Below zero for a credit.")
    reverses_id: strawberry.ID | None = strawberry.field(
        description="The line, here or on an earlier invoice, that a credit takes back."
    )
    reason: str | None
    added_at: datetime


@strawberry.type(description="What a client is asked for.")
class Invoice:
    id: strawberry.ID
    version: int
    client_id: strawberry.ID
    client_name: str | None = strawberry.field(description="Null until known.")
    status: InvoiceStatus
    total: Money
    drafted_at: datetime
    issued_at: datetime | None
    lines: list[InvoiceLine] = strawberry.field(description="Oldest first.")


@strawberry.type(description="What a client owes in one currency.")
class Balance:
    owed: Money = strawberry.field(description="Issued and drafted together.")
    issued: Money
    draft: Invoice | None = strawberry.field(description="The invoice that takes lines.")


@strawberry.type(description="What a client owes, as it is at a position.")
class Account:
    position: Position
    client_id: strawberry.ID
    balances: list[Balance] = strawberry.field(
        description="One a currency; empty when nothing was ever owed."
    )


def invoice(row: accounts.Invoice) -> Invoice:
    """The row as clients see it."""
    return Invoice(
        id=ids.shown("inv", row.invoice_id),
        version=row.version,
        client_id=ids.shown("cli", row.client_id),
        client_name=row.client_name,
        status=InvoiceStatus(row.status),
        total=Money(minor=row.total_minor, currency=row.currency),
        drafted_at=row.drafted_at,
        issued_at=row.issued_at,
        lines=[_line(line, row.currency) for line in row.lines],
    )


def account(client_id: ClientId, position: Position, rows: list[accounts.Balance]) -> Account:
    """The balances as clients see them."""
    return Account(
        position=position,
        client_id=ids.shown("cli", client_id),
        balances=[
            Balance(
                owed=Money(minor=row.issued_minor + row.drafted_minor, currency=row.currency),
                issued=Money(minor=row.issued_minor, currency=row.currency),
                draft=invoice(row.draft) if row.draft else None,
            )
            for row in rows
        ],
    )


def _line(row: accounts.Line, currency: str) -> InvoiceLine:
    return InvoiceLine(
        id=ids.shown("ivl", row.line_id),
        kind=LineKind(row.kind),
        session_id=ids.shown("ses", row.session_id),
        session_title=row.title,
        starts_at=row.starts_at,
        reservation_id=ids.shown("rsv", row.fee_id),
        amount=Money(minor=row.amount_minor, currency=currency),
        reverses_id=ids.shown_or_null("ivl", row.reverses),
        reason=row.reason,
        added_at=row.added_at,
    )
