"""BillingAccount: what one client owes the gym, on invoices in its currency.

Keeps      each time a fee is asked for it is on one invoice at most and taken back once at most; an
           invoice's total is the sum of its lines; an issued invoice never changes; one draft at a
           time; once the client is erased nothing more is asked for
Stream     ``account-{client_id}``; all of a client's invoices are on it, so that "once" is decided
           here and guarded by the stream's version
Source     docs/rules.md, Invoices
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from chassis.decider import Aggregate, Refused
from contracts.billing import (
    AccountClosed,
    AddFeeLine,
    BillingCode,
    CloseAccount,
    FeeWithdrawn,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
    IssueInvoice,
    LineKind,
    ReverseFee,
)
from contracts.ids import ClientId, InvoiceId, InvoiceLineId, ReservationId, SessionId
from contracts.money import Money

AccountEvent: TypeAlias = (
    InvoiceDrafted | InvoiceLineAdded | InvoiceLineReversed | FeeWithdrawn | InvoiceIssued
    | AccountClosed
)  # fmt: skip
ERASED = "erased"
"""Why nothing more is asked for, as lines tell it."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; a draft until it is issued."""

    currency: str
    total: int = 0  # minor units
    is_issued: bool = False


@dataclass(frozen=True, slots=True)
class Fee:
    """Where a fee stands: on a line, taken back, or withdrawn before it had one."""

    line_id: InvoiceLineId | None = None
    invoice_id: InvoiceId | None = None
    session_id: SessionId | None = None
    kind: LineKind | None = None
    amount: Money | None = None
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class BillingAccount:
    """What the past has made of the account."""

    invoices: Mapping[InvoiceId, Invoice] = field(default_factory=dict)  # oldest first
    fees: Mapping[ReservationId, Mapping[int, Fee]] = field(default_factory=dict)  # by assessment
    is_closed: bool = False

    @property
    def draft(self) -> InvoiceId | None:
        """The invoice that takes lines, if there is one."""
        return next((i for i, one in self.invoices.items() if not one.is_issued), None)

    def fee(self, told: AddFeeLine | ReverseFee) -> Fee | None:
        """What became of the fee the command speaks of; ``None``: not heard of."""
        return self.fees.get(told.fee_id, {}).get(told.assessment)


def evolve(state: BillingAccount, event: AccountEvent) -> BillingAccount:
    match event:
        case InvoiceDrafted():
            invoice = Invoice(event.currency)
            return replace(state, invoices={**state.invoices, event.invoice_id: invoice})
        case InvoiceLineAdded():
            fee = Fee(event.line_id, event.invoice_id, event.session_id, event.kind, event.amount)
            return _with(_charged(state, event.invoice_id, event.amount), event, fee)
        case InvoiceLineReversed():
            fee = replace(state.fees[event.fee_id][event.assessment], is_reversed=True)
            return _with(_charged(state, event.invoice_id, event.amount), event, fee)
        case FeeWithdrawn():
            return _with(state, event, Fee(is_reversed=True))
        case InvoiceIssued():
            issued = replace(state.invoices[event.invoice_id], is_issued=True)
            return replace(state, invoices={**state.invoices, event.invoice_id: issued})
        case AccountClosed():
            return replace(state, is_closed=True)
    assert_never(event)


def _with(
    state: BillingAccount, event: InvoiceLineAdded | InvoiceLineReversed | FeeWithdrawn, fee: Fee
) -> BillingAccount:
    ofs = {**state.fees.get(event.fee_id, {}), event.assessment: fee}
    return replace(state, fees={**state.fees, event.fee_id: ofs})


def _charged(state: BillingAccount, invoice_id: InvoiceId, amount: Money) -> BillingAccount:
    invoice = state.invoices[invoice_id]
    invoice = replace(invoice, total=invoice.total + amount.minor)
    return replace(state, invoices={**state.invoices, invoice_id: invoice})


billing_account: Aggregate[BillingAccount, AccountEvent] = Aggregate(
    "account", BillingAccount(), evolve, snapshot_every=200, shape=2
)


def add_fee(
    state: BillingAccount, command: AddFeeLine, *, line_id: InvoiceLineId, draft: InvoiceId
) -> list[AccountEvent]:
    """Put the fee on the open invoice, drafted as ``draft`` if there is none; once.

    One of a closed account is never to be invoiced.
    """
    if state.fee(command) is not None:
        return []
    if state.is_closed:
        return [_withdrawn(command, ERASED)]
    events, invoice_id = _open_invoice(state, command, command.amount.currency, draft)
    return [
        *events,
        InvoiceLineAdded(
            client_id=command.client_id, invoice_id=invoice_id, line_id=line_id,
            kind=command.kind, fee_id=command.fee_id, session_id=command.session_id,
            amount=command.amount, assessment=command.assessment,
        ),
    ]  # fmt: skip


def reverse_fee(
    state: BillingAccount, command: ReverseFee, *, line_id: InvoiceLineId, draft: InvoiceId
) -> list[AccountEvent]:
    """Take the fee back with a credit line; once. One not heard of yet is never to be invoiced."""
    fee = state.fee(command)
    if fee is None:
        return [_withdrawn(command, command.reason)]
    if fee.is_reversed or not (
        fee.amount and fee.line_id and fee.invoice_id and fee.session_id and fee.kind
    ):
        return []
    events, invoice_id = _open_invoice(state, command, fee.amount.currency, draft)
    return [
        *events,
        InvoiceLineReversed(
            client_id=command.client_id, invoice_id=invoice_id, line_id=line_id,
            reverses=fee.line_id, reversed_on=fee.invoice_id, kind=fee.kind,
            fee_id=command.fee_id, session_id=fee.session_id,
            amount=Money(minor=-fee.amount.minor, currency=fee.amount.currency),
            reason=command.reason, assessment=command.assessment,
        ),
    ]  # fmt: skip


def _withdrawn(command: AddFeeLine | ReverseFee, reason: str) -> FeeWithdrawn:
    return FeeWithdrawn(
        client_id=command.client_id, fee_id=command.fee_id, reason=reason,
        assessment=command.assessment,
    )  # fmt: skip


def _open_invoice(
    state: BillingAccount, command: AddFeeLine | ReverseFee, currency: str, draft: InvoiceId
) -> tuple[list[AccountEvent], InvoiceId]:
    """Raises ``Refused(OTHER_CURRENCY)`` while a draft in another currency stands open."""
    found = state.draft
    if found is not None and state.invoices[found].currency != currency:
        raise Refused(
            BillingCode.OTHER_CURRENCY, "The open invoice is in another currency.",
            field="amount", currency=state.invoices[found].currency,
        )  # fmt: skip
    if found is not None:
        return [], found
    drafted = InvoiceDrafted(client_id=command.client_id, invoice_id=draft, currency=currency)
    return [drafted], draft


def close(state: BillingAccount, command: CloseAccount) -> list[AccountEvent]:
    """Nobody is left to ask; once."""
    if state.is_closed:
        return []
    return [AccountClosed(client_id=command.client_id, reason=ERASED)]


def on_draft(state: BillingAccount, client: ClientId) -> list[ReverseFee]:
    """What takes back each fee that no issued invoice asks for."""
    return [
        ReverseFee(client_id=client, fee_id=fee_id, reason=ERASED, assessment=assessment)
        for fee_id, ofs in state.fees.items()
        for assessment, fee in ofs.items()
        if state.draft is not None and fee.invoice_id == state.draft and not fee.is_reversed
    ]


def issue(state: BillingAccount, command: IssueInvoice) -> list[AccountEvent]:
    """Close the draft. Credits alone are no invoice: they wait for what they can be set against."""
    invoice = state.invoices.get(command.invoice_id)
    if invoice is None:
        raise Refused(
            BillingCode.INVOICE_NOT_FOUND, "There is no such invoice.", field="invoice_id"
        )
    if invoice.is_issued:
        raise Refused(
            BillingCode.INVOICE_ALREADY_ISSUED, "The invoice is issued.", field="invoice_id"
        )
    if invoice.total <= 0:
        raise Refused(
            BillingCode.NOTHING_DUE, "The client owes nothing on it.", field="invoice_id",
            total_minor=invoice.total,
        )  # fmt: skip
    total = Money(minor=invoice.total, currency=invoice.currency)
    return [InvoiceIssued(client_id=command.client_id, invoice_id=command.invoice_id, total=total)]
