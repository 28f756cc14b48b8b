"""What a client owes: lines, credits, invoices."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.decider import Aggregate
from contracts.billing import (
    AccountClosed,
    AddFeeLine,
    BillingCode,
    CloseAccount,
    FeeWithdrawn,
    GymHeard,
    HearGym,
    InvoiceDrafted,
    InvoiceIssued,
    InvoiceLineAdded,
    InvoiceLineReversed,
    IssueInvoice,
    LineKind,
    ReverseFee,
)
from contracts.envelope import Event
from contracts.ids import ClientId, GymId, InvoiceId, InvoiceLineId, ReservationId, SessionId
from contracts.money import Money
from services.billing.api import RULES
from services.billing.commands import GymNotHeard
from services.billing.domain.billing_account import billing_account
from services.billing.domain.gym_currency import gym_currency
from tests.scenario import Gym, Scenario, fact

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
ANN = ClientId(UUID(int=11))
IRON = GymId(UUID(int=7))
SES = SessionId(UUID(int=1))
FIRST, SECOND = (InvoiceId(UUID(int=n)) for n in (101, 102))


def home(event: Event) -> tuple[Aggregate[Any, Any], UUID]:
    if isinstance(event, GymHeard):
        return gym_currency, event.gym_id
    return billing_account, event.client_id  # type: ignore[attr-defined]


def fee(nth: int = 1) -> ReservationId:
    return ReservationId(UUID(int=nth))


def add(nth: int = 1, minor: int = 1500, currency: str = "EUR", assessment: int = 1) -> AddFeeLine:
    return AddFeeLine(
        client_id=ANN, fee_id=fee(nth), session_id=SES, kind=LineKind.NO_SHOW,
        amount=Money(minor=minor, currency=currency), assessment=assessment,
    )  # fmt: skip


def back(nth: int = 1, assessment: int = 1) -> ReverseFee:
    return ReverseFee(client_id=ANN, fee_id=fee(nth), reason="was there", assessment=assessment)


def issue(invoice: InvoiceId = FIRST) -> IssueInvoice:
    return IssueInvoice(client_id=ANN, invoice_id=invoice)


DRAFT = InvoiceDrafted(client_id=ANN, invoice_id=FIRST, currency="EUR")
LINE = InvoiceLineAdded(
    client_id=ANN, invoice_id=FIRST, line_id=InvoiceLineId(UUID(int=201)), kind=LineKind.NO_SHOW,
    fee_id=fee(), session_id=SES, amount=Money(minor=1500, currency="EUR"),
)  # fmt: skip
ISSUED = InvoiceIssued(client_id=ANN, invoice_id=FIRST, total=Money(minor=1500, currency="EUR"))


EUROS = GymHeard(gym_id=IRON, currency="EUR")


def given(*past: Event) -> Scenario:
    """A gym that asks for euros, in which this has happened."""
    gym = Gym(RULES, home, IRON)
    gym.happened(EUROS, *past)
    return Scenario(gym)


def test_the_first_fee_drafts_an_invoice_in_its_currency() -> None:
    given().when(add(), NOON).then(
        fact(InvoiceDrafted, client_id=ANN, currency="EUR"),
        fact(InvoiceLineAdded, fee_id=fee(), amount=Money(minor=1500, currency="EUR")),
    )


def test_further_fees_join_the_draft() -> None:
    given(DRAFT, LINE).when(add(2), NOON).then(fact(InvoiceLineAdded, invoice_id=FIRST))


@pytest.mark.parametrize("past", [(), (DRAFT, LINE), (DRAFT, LINE, ISSUED)])
def test_a_fee_in_another_currency_than_the_gyms_drafts_nothing(past: tuple[Event, ...]) -> None:
    given(*past).when(add(2, currency="JPY"), NOON).then_refused(
        BillingCode.OTHER_CURRENCY, field="amount", currency="EUR"
    )


def test_a_fee_waits_until_the_gyms_currency_is_heard_of() -> None:
    gym = Gym(RULES, home, IRON)
    with pytest.raises(GymNotHeard):
        gym.do(add(), NOON)
    gym.do(HearGym(gym_id=IRON, currency="EUR"), NOON)
    gym.do(HearGym(gym_id=IRON, currency="JPY"), NOON)
    gym.do(add(), NOON)
    assert [type(event) for event in gym.log] == [GymHeard, InvoiceDrafted, InvoiceLineAdded]


def test_a_credit_in_a_currency_of_old_never_opens_a_second_draft() -> None:
    dollars = Money(minor=900, currency="USD")
    of_old = (
        InvoiceDrafted(client_id=ANN, invoice_id=SECOND, currency="USD"),
        LINE.model_copy(update={"invoice_id": SECOND, "fee_id": fee(9), "amount": dollars}),
        InvoiceIssued(client_id=ANN, invoice_id=SECOND, total=dollars),
    )
    given(*of_old, DRAFT, LINE).when(back(9), NOON).then_refused(BillingCode.OTHER_CURRENCY)


CLOSE = CloseAccount(client_id=ANN)


def test_what_is_on_the_draft_of_an_erased_client_is_taken_off() -> None:
    second = LINE.model_copy(update={"fee_id": fee(2), "line_id": InvoiceLineId(UUID(int=202))})
    scenario = given(DRAFT, LINE, second).when(back(2), NOON).when(CLOSE, NOON)
    scenario.then(
        fact(AccountClosed, client_id=ANN, reason="erased"),
        fact(
            InvoiceLineReversed, invoice_id=FIRST, fee_id=fee(), reason="erased",
            amount=Money(minor=-1500, currency="EUR"),
        ),
    )  # fmt: skip
    scenario.when(issue(), NOON).then_refused(BillingCode.NOTHING_DUE)
    scenario.when(CLOSE, NOON).then_nothing()
    scenario.when(back(), NOON).then_nothing()


def test_an_issued_invoice_of_an_erased_client_stays_in_the_gyms_books() -> None:
    given(DRAFT, LINE, ISSUED).when(CLOSE, NOON).then(fact(AccountClosed))


def test_a_verdict_after_the_erasure_takes_back_what_an_issued_invoice_asks_for() -> None:
    given(DRAFT, LINE, ISSUED).when(CLOSE, NOON).when(back(), NOON).then(
        fact(InvoiceDrafted), fact(InvoiceLineReversed, reversed_on=FIRST, fee_id=fee())
    )
    given(DRAFT, LINE).when(CLOSE, NOON).when(back(), NOON).then_nothing()


def test_a_fee_that_is_told_of_after_the_erasure_is_never_invoiced() -> None:
    given(DRAFT, LINE, ISSUED).when(CLOSE, NOON).when(add(2), NOON).then(
        fact(FeeWithdrawn, fee_id=fee(2), reason="erased")
    )
    given().when(CLOSE, NOON).when(add(), NOON).then(fact(FeeWithdrawn)).when(
        add(), NOON
    ).then_nothing()


def test_a_fee_is_invoiced_once() -> None:
    given(DRAFT, LINE).when(add(), NOON).then_nothing()
    given(DRAFT, LINE).when(back(), NOON).when(add(), NOON).then_nothing()
    given(DRAFT, LINE, ISSUED).when(add(), NOON).then_nothing()


def test_a_reversal_is_a_credit_on_the_same_draft_and_happens_once() -> None:
    given(DRAFT, LINE).when(back(), NOON).then(
        fact(
            InvoiceLineReversed, invoice_id=FIRST, reversed_on=FIRST, reverses=LINE.line_id,
            amount=Money(minor=-1500, currency="EUR"), reason="was there",
        )
    ).when(back(), NOON).then_nothing()  # fmt: skip


def test_a_reversal_after_issue_is_a_credit_on_the_next_invoice() -> None:
    given(DRAFT, LINE, ISSUED).when(back(), NOON).then(
        fact(InvoiceDrafted, currency="EUR"),
        fact(InvoiceLineReversed, reversed_on=FIRST, reverses=LINE.line_id),
    )


def test_a_fee_taken_back_before_it_is_heard_of_is_never_invoiced() -> None:
    given().when(back(), NOON).then(fact(FeeWithdrawn, fee_id=fee())).when(
        add(), NOON
    ).then_nothing().when(back(), NOON).then_nothing()


def test_a_fee_that_was_taken_back_and_is_asked_for_again_is_another_line() -> None:
    scenario = given(DRAFT, LINE).when(back(), NOON)
    scenario.when(add(assessment=2), NOON).then(
        fact(InvoiceLineAdded, invoice_id=FIRST, fee_id=fee(), assessment=2)
    ).when(add(assessment=2), NOON).then_nothing()
    assert scenario.gym.state(billing_account, ANN).invoices[FIRST].total == 1500
    scenario.when(back(assessment=2), NOON).then(fact(InvoiceLineReversed, assessment=2))
    scenario.when(back(), NOON).then_nothing()


def test_fees_and_what_takes_them_back_may_come_in_any_order() -> None:
    given().when(add(assessment=2), NOON).then(
        fact(InvoiceDrafted), fact(InvoiceLineAdded, assessment=2)
    ).when(back(), NOON).then(fact(FeeWithdrawn, assessment=1)).when(add(), NOON).then_nothing()


def test_an_issued_invoice_asks_for_its_total_and_takes_no_more_lines() -> None:
    given(DRAFT, LINE).when(issue(), NOON).then(
        fact(InvoiceIssued, invoice_id=FIRST, total=Money(minor=1500, currency="EUR"))
    ).when(add(2), NOON).then(fact(InvoiceDrafted), fact(InvoiceLineAdded))


@pytest.mark.parametrize(
    ("past", "invoice", "code"),
    [
        ((), FIRST, BillingCode.INVOICE_NOT_FOUND),
        ((DRAFT, LINE), SECOND, BillingCode.INVOICE_NOT_FOUND),
        ((DRAFT, LINE, ISSUED), FIRST, BillingCode.INVOICE_ALREADY_ISSUED),
        ((DRAFT,), FIRST, BillingCode.NOTHING_DUE),
    ],
)
def test_an_invoice_is_not_issued_for_a_reason(
    past: tuple[Event, ...], invoice: InvoiceId, code: BillingCode
) -> None:
    given(*past).when(issue(invoice), NOON).then_refused(code)


def test_credits_alone_are_not_issued() -> None:
    scenario = given(DRAFT, LINE, ISSUED).when(back(), NOON)
    state = scenario.gym.state(billing_account, ANN)
    credit = state.draft
    scenario.when(issue(credit), NOON).then_refused(BillingCode.NOTHING_DUE, total_minor=-1500)
