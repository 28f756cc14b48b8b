"""Reading the invoices' tables: invoices page by page, and what one client owes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.tenancy import Pool
from contracts.ids import ClientId, GymId, InvoiceId, InvoiceLineId, ReservationId, SessionId
from services.projections.reading import FAR_AHEAD, ask

Keyset = tuple[datetime, UUID]
"""Draft and id of the last invoice seen; the next page begins behind it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice."""

    line_id: InvoiceLineId
    kind: str
    fee_id: ReservationId
    """The reservation it is about."""
    session_id: SessionId
    title: str | None
    """``None`` until booking's events told it, like the start."""
    starts_at: datetime | None
    amount_minor: int
    """Below zero for a credit."""
    reverses: InvoiceLineId | None
    """The line, here or on an earlier invoice, that a credit takes back."""
    reason: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice with its lines, oldest first."""

    invoice_id: InvoiceId
    client_id: ClientId
    client_name: str | None
    currency: str
    status: str
    """``draft``: takes lines; ``open``: issued, to be paid."""
    total_minor: int
    drafted_at: datetime
    issued_at: datetime | None
    version: int
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Balance:
    """What a client owes in one currency, in minor units."""

    currency: str
    issued_minor: int
    drafted_minor: int
    draft: Invoice | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which invoices; ``None`` leaves open."""

    client_id: ClientId | None = None
    status: str | None = None


async def page(
    pool: Pool, gym_id: GymId, wanted: Wanted, before: Keyset | None, first: int
) -> tuple[int, list[Invoice]]:
    """Invoices, newest first, behind ``before``; with the position they reflect."""
    key = before or (FAR_AHEAD, UUID(int=0))
    as_of, rows = await ask(
        pool, "invoices_page", gym_id, wanted.client_id, wanted.status, *key, first
    )
    return as_of, [_invoice(row) for row in rows if row["invoice_id"] is not None]


async def of_client(pool: Pool, gym_id: GymId, client_id: ClientId) -> tuple[int, list[Balance]]:
    """What the client owes, a balance a currency, and the position it reflects."""
    as_of, rows = await ask(pool, "account_of", gym_id, client_id)
    return as_of, [_balance(client_id, row) for row in rows if row["currency"] is not None]


def _balance(client_id: ClientId, row: asyncpg.Record) -> Balance:
    currency, issued, drafted, draft_id, drafted_at, version, lines = tuple(row)[1:]
    draft = None
    if draft_id is not None:
        draft = Invoice(
            draft_id, client_id, None, currency, "draft", drafted, drafted_at, None, version,
            _lines(lines),
        )  # fmt: skip
    return Balance(currency, issued, drafted, draft)


def _invoice(row: asyncpg.Record) -> Invoice:
    invoice, client, name, currency, status, total, drafted, issued, version, lines = tuple(row)[1:]
    return Invoice(
        invoice, client, name, currency, status, total, drafted, issued, version, _lines(lines)
    )


def _lines(stored: str) -> list[Line]:
    return [_line(**line) for line in orjson.loads(stored)]


def _line(
    *, line_id: str, fee_id: str, session_id: str, starts_at: str | None, reverses: str | None,
    added_at: str, **plain: Any,
) -> Line:  # fmt: skip
    return Line(
        line_id=InvoiceLineId(UUID(line_id)), fee_id=ReservationId(UUID(fee_id)),
        session_id=SessionId(UUID(session_id)),
        starts_at=datetime.fromisoformat(starts_at) if starts_at else None,
        reverses=InvoiceLineId(UUID(reverses)) if reverses else None,
        added_at=datetime.fromisoformat(added_at), **plain,
    )  # fmt: skip
