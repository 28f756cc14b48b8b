"""Invoices: what each client owes, line by line.

Tables     ``invoices`` (one row each), ``invoice_lines`` (one row each, credits below zero)
Rebuild    from EVT_BILLING's beginning; the same events give the same rows
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from chassis.projection import Change
from chassis.tenancy import Db
from contracts.billing import (
    AccountClosed,
    FeeWithdrawn,
    GymHeard,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
)
from contracts.envelope import Envelope
from services.projections.sessions import Incomplete, columns

DRAFT = """
INSERT INTO invoices (gym_id, invoice_id, client_id, currency, status, total_minor, drafted_at,
                      version, position)
SELECT u.gym, u.invoice, u.client, u.currency, 'draft', 0, u.at, u.version, u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::int[],
              $7::bigint[]) AS u (gym, invoice, client, currency, at, version, position)
"""
LINES = """
INSERT INTO invoice_lines (gym_id, invoice_id, line_id, kind, fee_id, session_id, amount_minor,
                           reverses, reason, added_at, version, position)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[],
                     $7::bigint[], $8::uuid[], $9::text[], $10::timestamptz[], $11::int[],
                     $12::bigint[])
"""
CHARGE = """
UPDATE invoices i
   SET total_minor = i.total_minor + u.amount, version = u.version, position = u.position
  FROM (SELECT gym, invoice, sum(amount)::bigint AS amount, max(version) AS version,
               max(position) AS position
          FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[], $5::bigint[])
            AS x (gym, invoice, amount, version, position) GROUP BY 1, 2) u
 WHERE i.gym_id = u.gym AND i.invoice_id = u.invoice
"""
ISSUE = """
UPDATE invoices i
   SET status = 'open', issued_at = u.at, version = u.version, position = u.position
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::bigint[])
    AS u (gym, invoice, at, version, position)
 WHERE i.gym_id = u.gym AND i.invoice_id = u.invoice
"""

LineEvent: TypeAlias = InvoiceLineAdded | InvoiceLineReversed
InvoiceEvent: TypeAlias = InvoiceDrafted | LineEvent | InvoiceIssued
"""What moves an invoice."""
UNSEEN = (FeeWithdrawn, GymHeard, AccountClosed)
"""What is on no invoice: a fee that never got there, which currency the gym has, who was erased."""

Row: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Batch:
    """What the events of one batch come to. An issued invoice takes no lines: it comes last."""

    drafts: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    charges: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)

    def hear(self, one: Envelope, event: InvoiceEvent) -> None:
        key, at = (one.gym_id, event.invoice_id), (one.version, one.position)
        match event:
            case InvoiceDrafted():
                self.drafts.append((*key, event.client_id, event.currency, one.occurred_at, *at))
            case InvoiceLineAdded() | InvoiceLineReversed():
                self.lines.append((*key, *_line(event), one.occurred_at, *at))
                self.charges.append((*key, event.amount.minor, *at))
            case InvoiceIssued():
                self.issues.append((*key, one.occurred_at, *at))


@dataclass(frozen=True, slots=True)
class InvoicesModel:
    """Written by the projector. Hints name clients."""

    name: str = "invoices"
    source: str = "EVT_BILLING"
    subjects: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("invoices", "invoice_lines")

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        batch, changed = _Batch(), set()
        for one in events:
            if isinstance(one.event, InvoiceEvent):
                batch.hear(one, one.event)
                changed.add((one.gym_id, str(one.event.client_id)))
        for statement, rows in ((DRAFT, batch.drafts), (LINES, batch.lines)):
            if rows:
                await db.execute(statement, *columns(rows))
        await _update(db, CHARGE, batch.charges)
        await _update(db, ISSUE, batch.issues)
        return changed


MODEL = InvoicesModel()


def _line(event: LineEvent) -> Row:
    """The line's id, what it is for, its amount, and what it takes back and why."""
    credit = event if isinstance(event, InvoiceLineReversed) else None
    return (
        event.line_id, event.kind, event.fee_id, event.session_id, event.amount.minor,
        credit.reverses if credit else None, credit.reason if credit else None,
    )  # fmt: skip


async def _update(db: Db, statement: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    invoices = len({row[:2] for row in rows})
    done = await db.execute(statement, *columns(rows))
    if done != f"UPDATE {invoices}":
        raise Incomplete(f"invoices: {invoices} changed, {done}")
