"""From a command to the account it concerns. What is allowed is decided in ``domain``."""

from chassis.eventstore.store import Unit
from contracts.billing import AddFeeLine, CloseAccount, HearGym, IssueInvoice, ReverseFee
from contracts.ids import InvoiceId, InvoiceLineId, new_id
from services.billing.domain import billing_account as accounts
from services.billing.domain import gym_currency as currencies
from services.billing.domain.billing_account import billing_account
from services.billing.domain.gym_currency import gym_currency


class GymNotHeard(Exception):
    """Members' word of the gym is on its way: to be tried again."""


def hear_gym(command: HearGym, unit: Unit) -> None:
    state = unit.state(gym_currency, command.gym_id)
    unit.record(gym_currency, command.gym_id, currencies.hear(state, command))


def add_fee_line(command: AddFeeLine, unit: Unit) -> None:
    """Raises ``GymNotHeard``."""
    currency = unit.state(gym_currency, unit.ctx.gym_id)
    if currency is None:
        raise GymNotHeard("the gym's currency is not known yet")
    currencies.must_be_the_gyms(currency, command.amount)
    state = unit.state(billing_account, command.client_id)
    line_id, draft = InvoiceLineId(new_id()), InvoiceId(new_id())
    added = accounts.add_fee(state, command, line_id=line_id, draft=draft)
    unit.record(billing_account, command.client_id, added)


def reverse_fee(command: ReverseFee, unit: Unit) -> None:
    state = unit.state(billing_account, command.client_id)
    line_id, draft = InvoiceLineId(new_id()), InvoiceId(new_id())
    reversed_ = accounts.reverse_fee(state, command, line_id=line_id, draft=draft)
    unit.record(billing_account, command.client_id, reversed_)


def close_account(command: CloseAccount, unit: Unit) -> None:
    """The draft ends with a credit line for each of its fees. Issued invoices stay as they are."""
    state = unit.state(billing_account, command.client_id)
    closed = accounts.close(state, command)
    unit.record(billing_account, command.client_id, closed)
    for taken_back in accounts.on_draft(state, command.client_id) if closed else ():
        reverse_fee(taken_back, unit)


def issue_invoice(command: IssueInvoice, unit: Unit) -> None:
    state = unit.state(billing_account, command.client_id)
    unit.record(billing_account, command.client_id, accounts.issue(state, command))
