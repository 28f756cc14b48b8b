"""An account counted again from the log alone, without a line of the code that decides.

Reading an event it objects to what must never happen: a fee asked for twice, an issued invoice that
changes, anything asked of somebody who was erased.
"""

from dataclasses import dataclass, field
from typing import Any

from contracts.billing import (
    AccountClosed,
    FeeWithdrawn,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
)
from contracts.envelope import Event
from contracts.ids import InvoiceId, ReservationId

Asked = tuple[ReservationId, int]
"""A fee and which time it is asked for."""


@dataclass
class Books:
    """What the log tells of one client."""

    totals: dict[InvoiceId, int] = field(default_factory=dict)  # minor units
    issued: set[InvoiceId] = field(default_factory=set)
    lines: dict[Asked, InvoiceLineAdded] = field(default_factory=dict)
    credited: set[Asked] = field(default_factory=set)
    withdrawn: set[Asked] = field(default_factory=set)
    is_closed: bool = False
    reached: set[str] = field(default_factory=set)
    """What it has come to."""

    @property
    def drafts(self) -> list[InvoiceId]:
        return [one for one in self.totals if one not in self.issued]

    @property
    def asked_on_drafts(self) -> list[Asked]:
        """Fees that a draft asks for."""
        return [
            key for key, one in self.lines.items()
            if one.invoice_id in self.drafts and key not in self.credited
        ]  # fmt: skip

    def read(self, log: list[Event]) -> "Books":
        for event in log:
            self.reached.add(type(event).__name__)
            self._read(event)
        return self

    def _read(self, event: Any) -> None:
        match event:
            case InvoiceDrafted():
                assert not self.drafts, "one draft at a time"
                assert event.currency == "EUR", "in the gym's currency"
                self.totals[event.invoice_id] = 0
            case InvoiceLineAdded():
                self._added(event)
            case InvoiceLineReversed():
                self._reversed(event)
            case FeeWithdrawn():
                key = (event.fee_id, event.assessment)
                assert key not in self.lines, "what is on a line is taken back there"
                assert key not in self.withdrawn, "once"
                self.withdrawn.add(key)
            case InvoiceIssued():
                assert not self.is_closed, "nobody is left to ask"
                assert event.invoice_id in self.drafts, "once"
                assert event.total.minor == self.totals[event.invoice_id] > 0
                self.issued.add(event.invoice_id)
            case AccountClosed():
                assert not self.is_closed, "once"
                self._closed()

    def _added(self, event: InvoiceLineAdded) -> None:
        key = (event.fee_id, event.assessment)
        assert not self.is_closed, "nobody is left to ask"
        assert event.invoice_id in self.drafts, "an issued invoice never changes"
        assert key not in self.lines, "invoiced once each time it is asked for"
        assert key not in self.withdrawn, "never after it was withdrawn"
        self.lines[key] = event
        self.totals[event.invoice_id] += event.amount.minor

    def _reversed(self, event: InvoiceLineReversed) -> None:
        key = (event.fee_id, event.assessment)
        line = self.lines[key]
        assert key not in self.credited, "taken back once"
        assert event.invoice_id in self.drafts, "an issued invoice never changes"
        assert (event.reverses, event.reversed_on) == (line.line_id, line.invoice_id)
        assert event.amount.minor == -line.amount.minor, "all of it"
        if event.reason == "erased":
            assert self.is_closed
            assert line.invoice_id in self.drafts, "what was issued stays in the gym's books"
            self.reached.add("taken back by an erasure")
        elif self.is_closed:
            self.reached.add("taken back after an erasure")
        self.credited.add(key)
        self.totals[event.invoice_id] += event.amount.minor

    def _closed(self) -> None:
        self.is_closed = True
        taken_back = any(self.lines[key].invoice_id in self.drafts for key in self.credited)
        if taken_back and self.asked_on_drafts:
            self.reached.add("erased with a draft partly taken back")
        if self.issued:
            self.reached.add("erased with an issued invoice")
