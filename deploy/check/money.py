"""Credits and invoices (I6, I8). Each rule sees one stream."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from contracts import billing as bill
from contracts import booking as b
from contracts.money import Money
from deploy.check.history import Seen
from deploy.check.verdict import Moment, Verdict


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
        self._packs: dict[UUID, _Pack] = defaultdict(_Pack)
        self._verdict = Verdict(
            "I8", "credits: bought = left + held + spent + expired, none below zero", "bookings"
        )

    def see(self, seen: Seen) -> None:
        if not hasattr(seen.event, "grant_id"):
            return
        event, pack = seen.event, self._packs[seen.event.grant_id]
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

    def verdicts(self, moment: Moment) -> list[Verdict]:
        del moment
        return [self._verdict]


@dataclass(slots=True)
class _Account:
    totals: Counter[UUID] = field(default_factory=Counter)
    issued: set[UUID] = field(default_factory=set)
    lines: dict[tuple[UUID, int], Money] = field(default_factory=dict)
    """Reservation, and which of its fees -> what its line says."""
    reversed: set[tuple[UUID, int]] = field(default_factory=set)


class Invoices:
    """An invoice is the sum of its lines and closed for good; a fee is on one, and off it once."""

    def __init__(self) -> None:
        self._account = _Account()
        self._verdict = Verdict("I6", "an invoice's total is the sum of its lines", "lines")

    def see(self, seen: Seen) -> None:
        account, event = self._account, seen.event
        match event:
            case bill.InvoiceLineAdded():
                self._line(seen, account, event.invoice_id, event.amount)
                fee = (event.fee_id, event.assessment)
                if fee in account.lines:
                    self._verdict.accuse(f"{seen.where}: fee {event.fee_id} is charged twice")
                account.lines[fee] = event.amount
            case bill.InvoiceLineReversed():
                self._line(seen, account, event.invoice_id, event.amount)
                fee = (event.fee_id, event.assessment)
                charged = account.lines.get(fee)
                if charged is None or charged.minor != -event.amount.minor:
                    self._verdict.accuse(f"{seen.where}: fee {event.fee_id} was not that much")
                if fee in account.reversed:
                    self._verdict.accuse(f"{seen.where}: fee {event.fee_id} is taken back twice")
                account.reversed.add(fee)
            case bill.InvoiceIssued():
                if event.total.minor != account.totals[event.invoice_id]:
                    self._verdict.accuse(f"{seen.where}: {account.totals[event.invoice_id]} owed")
                account.issued.add(event.invoice_id)

    def _line(self, seen: Seen, account: _Account, invoice: UUID, amount: Money) -> None:
        self._verdict.looked_at += 1
        if invoice in account.issued:
            self._verdict.accuse(f"{seen.where}: invoice {invoice} was closed")
        account.totals[invoice] += amount.minor

    def verdicts(self, moment: Moment) -> list[Verdict]:
        del moment
        return [self._verdict]
