"""Credits, invoices, and the way of a fee from booking to billing (I6, I7, I8)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts import billing as bill
from contracts import booking as b
from contracts.money import Money
from deploy.check.history import Seen
from deploy.check.verdict import Verdict

Key = tuple[UUID, UUID]
"""A gym, and something of it."""


@dataclass(slots=True)
class _Pack:
    credits: int = 0
    held: Counter[UUID] = field(default_factory=Counter)
    spent: int = 0
    """Consumed or forfeited."""
    expired: int = 0

    @property
    def left(self) -> int:
        return self.credits - self.held.total() - self.spent - self.expired


class Credits:
    """What was bought is left, held, spent or expired; a hold is settled once."""

    def __init__(self) -> None:
        self._packs: dict[Key, _Pack] = defaultdict(_Pack)
        self._verdict = Verdict(
            "I8", "credits: bought = left + held + spent + expired, none below zero", "bookings"
        )

    def see(self, seen: Seen) -> None:
        if seen.category != "ledger" or not hasattr(seen.event, "grant_id"):
            return
        event, pack = seen.event, self._packs[seen.gym_id, seen.event.grant_id]
        match event:
            case b.CreditsGranted() | b.EntitlementChanged():
                is_pack = not isinstance(event, b.CreditsGranted) or event.kind is b.GrantKind.PACK
                pack.credits = event.credits if is_pack else 0
            case b.CreditHeld():
                self._verdict.looked_at += 1
                if event.reservation_id in pack.held:
                    self._verdict.accuse(f"{seen.where}: {event.reservation_id} holds twice")
                pack.held[event.reservation_id] = event.credits
            case b.CreditReleased() | b.CreditConsumed() | b.CreditForfeited():
                if pack.held.pop(event.reservation_id, None) != event.credits:
                    self._verdict.accuse(f"{seen.where}: {event.reservation_id} held nothing")
                pack.spent += 0 if isinstance(event, b.CreditReleased) else event.credits
            case b.CreditsExpired():
                pack.expired += event.credits
            case b.CreditCorrected():
                pack.spent += event.after - event.before
        if min(pack.left, pack.spent, pack.expired) < 0:
            self._verdict.accuse(f"{seen.where}: {pack.left} left of {pack.credits}")

    def verdicts(self) -> list[Verdict]:
        return [self._verdict]


@dataclass(slots=True)
class _Account:
    totals: Counter[UUID] = field(default_factory=Counter)
    issued: set[UUID] = field(default_factory=set)
    lines: dict[UUID, Money] = field(default_factory=dict)
    """Fee -> what its line says."""
    reversed: set[UUID] = field(default_factory=set)


class Invoices:
    """An invoice is the sum of its lines and closed for good; a fee is on one, and off it once."""

    def __init__(self) -> None:
        self._accounts: dict[Key, _Account] = defaultdict(_Account)
        self._verdict = Verdict("I6", "an invoice's total is the sum of its lines", "lines")

    def see(self, seen: Seen) -> None:
        if seen.context != "billing" or seen.category != "account":
            return
        account, event = self._accounts[seen.gym_id, seen.stream_id], seen.event
        match event:
            case bill.InvoiceLineAdded():
                self._line(seen, account, event.invoice_id, event.amount)
                if event.fee_id in account.lines:
                    self._verdict.accuse(f"{seen.where}: fee {event.fee_id} is charged twice")
                account.lines[event.fee_id] = event.amount
            case bill.InvoiceLineReversed():
                self._line(seen, account, event.invoice_id, event.amount)
                charged = account.lines.get(event.fee_id)
                if charged is None or charged.minor != -event.amount.minor:
                    self._verdict.accuse(f"{seen.where}: fee {event.fee_id} was not that much")
                if event.fee_id in account.reversed:
                    self._verdict.accuse(f"{seen.where}: fee {event.fee_id} is taken back twice")
                account.reversed.add(event.fee_id)
            case bill.InvoiceIssued():
                if event.total.minor != account.totals[event.invoice_id]:
                    self._verdict.accuse(f"{seen.where}: {account.totals[event.invoice_id]} owed")
                account.issued.add(event.invoice_id)

    def _line(self, seen: Seen, account: _Account, invoice: UUID, amount: Money) -> None:
        self._verdict.looked_at += 1
        if invoice in account.issued:
            self._verdict.accuse(f"{seen.where}: invoice {invoice} was closed")
        account.totals[invoice] += amount.minor

    def verdicts(self) -> list[Verdict]:
        return [self._verdict]


@dataclass(slots=True)
class _Fee:
    due: list[tuple[datetime, Money]] = field(default_factory=list)
    taken_back: list[datetime] = field(default_factory=list)
    charged: list[Money] = field(default_factory=list)
    ended: int = 0
    """Times it was reversed or withdrawn."""


class Fees:
    """A fee that is due is on one invoice; one that was taken back is off it."""

    def __init__(self, settled_before: datetime) -> None:
        """What booking recorded after ``settled_before`` may still be on its way."""
        self._settled_before = settled_before
        self._fees: dict[Key, _Fee] = defaultdict(_Fee)
        self._verdict = Verdict("I7", "each fee that is due is on one invoice, no other is", "fees")

    def see(self, seen: Seen) -> None:
        event = seen.event
        match event:
            case b.FeeDue():
                fee = self._fees[seen.gym_id, event.reservation_id]
                fee.due.append((seen.recorded_at, event.amount))
            case b.FeeReversed(was_due=True):
                self._fees[seen.gym_id, event.reservation_id].taken_back.append(seen.recorded_at)
            case bill.InvoiceLineAdded():
                self._fees[seen.gym_id, event.fee_id].charged.append(event.amount)
            case bill.InvoiceLineReversed() | bill.FeeWithdrawn():
                self._fees[seen.gym_id, event.fee_id].ended += 1

    def verdicts(self) -> list[Verdict]:
        self._verdict.looked_at = len(self._fees)
        for (gym, reservation), fee in self._fees.items():
            if trouble := self._trouble(fee):
                self._verdict.accuse(f"gym {gym} reservation {reservation}: {trouble}")
        return [self._verdict]

    def _trouble(self, fee: _Fee) -> str:
        amounts = [amount for _, amount in fee.due]
        if len(amounts) > 1 or len(fee.taken_back) > 1:
            return "due or taken back twice"
        if any(amount not in amounts for amount in fee.charged) or fee.ended > len(fee.taken_back):
            return "billing knows of something booking does not"
        is_settled = all(at < self._settled_before for at, _ in fee.due)
        if is_settled and amounts and not fee.charged and not fee.ended:
            return "due, but on no invoice"
        is_settled = all(at < self._settled_before for at in fee.taken_back)
        if is_settled and fee.taken_back and not fee.ended:
            return "taken back, but not by billing"
        return ""
