"""No event of booking or billing surprises the read models: each one moves a row somewhere."""

from typing import get_args

import pytest

from contracts.envelope import EVENTS
from services.projections.invoices import UNSEEN, InvoiceEvent
from services.projections.ledgers import LedgerEvent
from services.projections.penalty_cases import PenaltyEvent
from services.projections.session_events import SessionEvent


def _name(kind: type) -> str:
    return kind.__name__


def _language(kind: type) -> str:
    return kind.__module__.split(".")[1]


PEOPLE: list[type] = [kind for kind in EVENTS.values() if _language(kind) == "booking"]
SESSIONS = set(get_args(SessionEvent))
LEDGERS = set(get_args(LedgerEvent))
PENALTIES = set(get_args(PenaltyEvent))
MONEY: list[type] = [kind for kind in EVENTS.values() if _language(kind) == "billing"]
INVOICES = set(get_args(InvoiceEvent))


@pytest.mark.parametrize("kind", PEOPLE, ids=_name)
def test_every_event_about_people_moves_a_session_a_ledger_or_a_case(kind: type) -> None:
    assert kind in SESSIONS | LEDGERS | PENALTIES


@pytest.mark.parametrize("kind", MONEY, ids=_name)
def test_every_event_about_money_moves_an_invoice_or_was_never_on_one(kind: type) -> None:
    assert kind in INVOICES ^ set(UNSEEN)


def test_what_moves_a_session_or_a_ledger_is_an_event_of_booking() -> None:
    known = set(EVENTS.values())
    assert known >= SESSIONS | LEDGERS | PENALTIES
    of_booking = SESSIONS | LEDGERS | PENALTIES
    assert {_language(kind) for kind in of_booking} <= {"booking", "timetable"}
