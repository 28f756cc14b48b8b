"""A fee from the missed class to the invoice and back, over booking and billing as they ship."""

from contracts.billing import (
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
    IssueInvoice,
)
from contracts.booking import (
    FeeDue,
    FeeWaived,
    WaiveFee,
)
from contracts.members import EraseClient
from deploy.local.installation import Installation
from tests.component.fees.billing import billing
from tests.component.fees.house import CREDIT, DAY, OWED, House, of_kind
from tests.component.serving import serving


async def test_a_missed_class_is_on_the_invoice_a_day_later_and_a_correction_takes_it_off(
    town: Installation, house: House
) -> None:
    async with billing(town):
        session, seats = await house.missed(2)
        (ann, hers), (ben, his) = seats.items()
        await house.owner(WaiveFee(client_id=ben, reservation_id=his, reason="was ill"))
        house.pass_by(DAY)
        told = await house.billed(lines=1)
        drafted, added = told[0].event, told[1].event
        due = of_kind(
            await house.tells("booking", lambda told: bool(of_kind(told, FeeDue))), FeeDue
        )[0]
        await house.was_there(session, ann)
        credit = (await house.billed(lines=1, credits_=1))[-1].event

    assert isinstance(added, InvoiceLineAdded)
    assert isinstance(credit, InvoiceLineReversed)
    assert (drafted.event_type, added.client_id, added.fee_id, added.session_id, added.amount) == (
        "billing.invoice_drafted.v1", ann, hers, session, OWED,
    )  # fmt: skip
    assert (told[1].causation_id, told[1].actor) == (due.event_id, "system:billing")
    assert (credit.amount, credit.reverses, credit.invoice_id) == (
        CREDIT, added.line_id, added.invoice_id,
    )  # fmt: skip
    assert [each.stream_id for each in told] == [ann] * len(told), "who was let off owes nothing"


async def test_a_fee_that_was_taken_back_and_is_due_again_is_another_line(
    town: Installation, house: House
) -> None:
    async with serving(town, "billing"):
        session, seats = await house.missed(1)
        ((ann, hers),) = seats.items()
        house.pass_by(DAY)
        await house.billed(lines=1)
        await house.was_there(session, ann)
        await house.billed(lines=1, credits_=1)
        await house.was_there(session, ann, really=False)
        house.pass_by(DAY)
        told = await house.billed(lines=2, credits_=1)

    lines = [e.event for e in of_kind(told, InvoiceLineAdded, InvoiceLineReversed)]
    assert [(e.fee_id, e.assessment, e.amount) for e in lines] == [  # type: ignore[attr-defined]
        (hers, 1, OWED), (hers, 1, CREDIT), (hers, 2, OWED),
    ]  # fmt: skip


async def test_nothing_more_is_asked_of_a_client_who_was_erased(
    town: Installation, house: House
) -> None:
    """One fee is due, and on the draft; Ben's is pending, and waived."""
    async with serving(town, "billing"):
        _, seats = await house.missed(1)
        ((ann, hers),) = seats.items()
        house.pass_by(DAY)
        await house.billed(lines=1)
        _, others = await house.missed(1)
        ((ben, his),) = others.items()
        for client in ann, ben:
            await house.owner(EraseClient(client_id=client))
        told = await house.billed(lines=1, credits_=1)
        waived = await house.tells("booking", lambda told: bool(of_kind(told, FeeWaived)))

    credit, let_off = (
        of_kind(told, InvoiceLineReversed)[0].event,
        of_kind(waived, FeeWaived)[0].event,
    )
    assert isinstance(credit, InvoiceLineReversed)
    assert isinstance(let_off, FeeWaived)
    assert (credit.fee_id, credit.amount, credit.reason) == (hers, CREDIT, "erased")
    assert (let_off.reservation_id, let_off.reason) == (his, "erased")


async def test_a_credit_after_the_invoice_was_issued_is_on_the_next_one(
    town: Installation, house: House
) -> None:
    async with serving(town, "billing"):
        session, seats = await house.missed(1)
        (ann,) = seats
        house.pass_by(DAY)
        (line,) = of_kind(await house.billed(lines=1), InvoiceLineAdded)
        assert isinstance(line.event, InvoiceLineAdded)
        await house.owner(IssueInvoice(client_id=ann, invoice_id=line.event.invoice_id))
        await house.was_there(session, ann)
        told = await house.billed(lines=1, credits_=1)

    issued, credit = of_kind(told, InvoiceIssued)[0].event, told[-1].event
    assert isinstance(issued, InvoiceIssued)
    assert isinstance(credit, InvoiceLineReversed)
    assert issued.total == OWED
    assert credit.reversed_on == line.event.invoice_id
    assert credit.invoice_id != line.event.invoice_id
