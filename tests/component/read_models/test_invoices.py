"""Invoices, folded in a real database and read as the gateway reads them."""

import pytest

from chassis.tenancy import Pool
from contracts.billing import (
    FeeWithdrawn,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
    LineKind,
)
from contracts.ids import (
    ClientId,
    GymId,
    InvoiceId,
    InvoiceLineId,
    ReservationId,
    SessionId,
    new_id,
)
from contracts.money import Money
from services.projections import accounts, invoices
from services.projections.sessions import Incomplete
from tests.component.read_models.folding import batches, put
from tests.envelopes import RECORDED_AT, Recording

MIA, LEO = ClientId(new_id()), ClientId(new_id())
SPIN = SessionId(new_id())
OWED = Money(minor=1500, currency="EUR")

pytestmark = pytest.mark.parametrize("size", [1, 100], ids=["one by one", "at once"])


class Paper:
    """An invoice of Mia's, and what may be told of it."""

    def __init__(self, currency: str = "EUR") -> None:
        self.invoice, self.currency = InvoiceId(new_id()), currency

    def drafted(self) -> InvoiceDrafted:
        return InvoiceDrafted(client_id=MIA, invoice_id=self.invoice, currency=self.currency)

    def line(self, minor: int = 1500) -> InvoiceLineAdded:
        return InvoiceLineAdded(
            client_id=MIA, invoice_id=self.invoice, line_id=InvoiceLineId(new_id()),
            kind=LineKind.NO_SHOW, fee_id=ReservationId(new_id()), session_id=SPIN,
            amount=Money(minor=minor, currency=self.currency),
        )  # fmt: skip

    def credit(self, line: InvoiceLineAdded) -> InvoiceLineReversed:
        return InvoiceLineReversed(
            client_id=MIA, invoice_id=self.invoice, line_id=InvoiceLineId(new_id()),
            reverses=line.line_id, reversed_on=line.invoice_id, kind=line.kind,
            fee_id=line.fee_id, session_id=SPIN, reason="was there",
            amount=Money(minor=-line.amount.minor, currency=self.currency),
        )  # fmt: skip

    def issued(self, minor: int) -> InvoiceIssued:
        total = Money(minor=minor, currency=self.currency)
        return InvoiceIssued(client_id=MIA, invoice_id=self.invoice, total=total)


async def test_an_invoice_shows_its_lines_and_a_client_what_they_owe(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    first, second, dollars, gym = Paper(), Paper(), Paper("USD"), recording.gym_id
    one, two, three = first.line(), first.line(700), second.line(100)
    withdrawn = FeeWithdrawn(client_id=MIA, fee_id=ReservationId(new_id()), reason="was there")
    events = recording.of(
        "account", MIA, first.drafted(), one, two, first.issued(2200), withdrawn,
        second.drafted(), second.credit(one), three, dollars.drafted(), dollars.line(5),
    )  # fmt: skip

    assert await put(writer, invoices.MODEL, *batches(events, size)) == {(gym, str(MIA))}

    _, (euros, bucks) = await accounts.of_client(reader, gym, MIA)
    assert (euros.currency, euros.issued_minor, euros.drafted_minor) == ("EUR", 2200, -1400)
    assert (bucks.issued_minor, bucks.drafted_minor) == (0, 5)
    assert euros.draft is not None
    assert [(line.amount_minor, line.reverses, line.reason) for line in euros.draft.lines] == [
        (-1500, one.line_id, "was there"), (100, None, None),
    ]  # fmt: skip
    _, (issued,) = await accounts.page(reader, gym, accounts.Wanted(MIA, "open"), None, 9)
    assert (issued.invoice_id, issued.total_minor, issued.issued_at) == (
        first.invoice, 2200, RECORDED_AT,
    )  # fmt: skip
    assert [line.fee_id for line in issued.lines] == [one.fee_id, two.fee_id]
    for client, status, papers in (
        (MIA, None, [first, second, dollars]), (None, None, [first, second, dollars]),
        (None, "draft", [second, dollars]), (LEO, None, []),
    ):  # fmt: skip
        _, found = await accounts.page(reader, gym, accounts.Wanted(client, status), None, 9)
        wanted = sorted((paper.invoice for paper in papers), reverse=True)
        assert [each.invoice_id for each in found] == wanted


async def test_a_line_of_an_invoice_never_drafted_stops_the_read_model(
    writer: Pool, recording: Recording, size: int
) -> None:
    told = recording.of("account", MIA, Paper().line())
    with pytest.raises(Incomplete):
        await put(writer, invoices.MODEL, *batches(told, size))


async def test_a_reader_sees_the_gym_it_asks_for_and_no_other(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    paper, stranger = Paper(), GymId(new_id())
    told = recording.of("account", MIA, paper.drafted(), paper.line())
    await put(writer, invoices.MODEL, *batches(told, size))

    assert (await accounts.of_client(reader, stranger, MIA))[1] == []
    assert (await accounts.page(reader, stranger, accounts.Wanted(), None, 9))[1] == []
    for table in ("invoices", "invoice_lines"):
        assert await reader.fetch(f"SELECT * FROM views.{table}") == []
