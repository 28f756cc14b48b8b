"""Billing's language: each client's account and the invoices on it. No card is charged.

Amounts are minor units of the invoice's currency; a credit is negative.
"""

from enum import StrEnum

from pydantic import Field

from contracts.envelope import Command, Event
from contracts.ids import ClientId, GymId, InvoiceId, InvoiceLineId, ReservationId, SessionId
from contracts.money import Money


class BillingCode(StrEnum):
    """Why billing refuses. Stable; clients switch on it."""

    FORBIDDEN = "FORBIDDEN"
    INVOICE_NOT_FOUND = "INVOICE_NOT_FOUND"
    INVOICE_ALREADY_ISSUED = "INVOICE_ALREADY_ISSUED"
    NOTHING_DUE = "NOTHING_DUE"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class LineKind(StrEnum):
    """What a line of an invoice is for."""

    LATE_CANCEL = "late_cancel"
    NO_SHOW = "no_show"


# Commands ---------------------------------------------------------------------------------------


class AddFeeLine(Command):
    """A fee of booking's is due: put it on the client's open invoice, once."""

    command_type = "billing.add_fee_line"
    client_id: ClientId
    fee_id: ReservationId
    """The reservation the fee is for."""
    session_id: SessionId
    kind: LineKind
    amount: Money
    assessment: int = Field(default=1, ge=1)
    """Which of the reservation's: one that was taken back may be asked for again."""


class ReverseFee(Command):
    """A fee that was due is not owed after all: take it back, once."""

    command_type = "billing.reverse_fee"
    client_id: ClientId
    fee_id: ReservationId
    reason: str = Field(max_length=200)
    assessment: int = Field(default=1, ge=1)


class IssueInvoice(Command):
    """Close the draft and ask the client for its total. What comes later goes on the next one."""

    command_type = "billing.issue_invoice"
    client_id: ClientId
    invoice_id: InvoiceId


class CloseAccount(Command):
    """The client was erased: what no issued invoice asks for is not asked for any more."""

    command_type = "billing.close_account"
    client_id: ClientId


class HearGym(Command):
    """Members tells which currency the gym has."""

    command_type = "billing.hear_gym"
    gym_id: GymId
    currency: str


# Events -----------------------------------------------------------------------------------------


class GymHeard(Event):
    """All invoices of the gym are in this currency, for good."""

    event_type = "billing.gym_heard.v1"
    gym_id: GymId
    currency: str


class InvoiceDrafted(Event):
    """An account has an open invoice in this currency; until it is issued it takes lines."""

    event_type = "billing.invoice_drafted.v1"
    client_id: ClientId
    invoice_id: InvoiceId
    currency: str


class InvoiceLineAdded(Event):
    """The client owes this fee."""

    event_type = "billing.invoice_line_added.v1"
    client_id: ClientId
    invoice_id: InvoiceId
    line_id: InvoiceLineId
    kind: LineKind
    fee_id: ReservationId
    session_id: SessionId
    amount: Money
    assessment: int = 1
    """Which of the reservation's: one that was taken back may be asked for again."""


class InvoiceLineReversed(Event):
    """A credit line takes an earlier line back: on the same draft, or on the next one."""

    event_type = "billing.invoice_line_reversed.v1"
    client_id: ClientId
    invoice_id: InvoiceId
    """The invoice that carries the credit."""
    line_id: InvoiceLineId
    """The credit line."""
    reverses: InvoiceLineId
    reversed_on: InvoiceId
    """The invoice of the line taken back."""
    kind: LineKind
    fee_id: ReservationId
    session_id: SessionId
    amount: Money
    """Negative."""
    reason: str
    assessment: int = 1


class FeeWithdrawn(Event):
    """A fee was taken back before it reached an invoice: it never will."""

    event_type = "billing.fee_withdrawn.v1"
    client_id: ClientId
    fee_id: ReservationId
    reason: str
    assessment: int = 1


class AccountClosed(Event):
    """Nobody is left to be asked for a fee; the lines of the draft are taken back next."""

    event_type = "billing.account_closed.v1"
    client_id: ClientId
    reason: str


class InvoiceIssued(Event):
    """The client is asked for the total; the invoice takes no more lines."""

    event_type = "billing.invoice_issued.v1"
    client_id: ClientId
    invoice_id: InvoiceId
    total: Money
