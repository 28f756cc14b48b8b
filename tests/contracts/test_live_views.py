"""Every question an app may ask has a live view, or a reason why nobody needs one."""

import pytest

from gateway import schema

BUILT = schema.build()._schema
QUERIES, SUBSCRIPTIONS = (
    set(kind.fields) for kind in (BUILT.query_type, BUILT.subscription_type) if kind is not None
)

LIVE = {
    "session": "sessionChanged",
    "calendar": "calendarChanged",
    "roster": "rosterChanged",
    "myBookings": "myBookingsChanged",
    "client": "clientChanged",
    "ledger": "ledgerChanged",
    "kpis": "kpisChanged",
    "receipts": "receiptsChanged",
    "schedules": "schedulesChanged",
    "sessionDrafts": "sessionDraftsChanged",
    "doors": "doorsChanged",
    "entries": "entriesChanged",
    "access": "accessChanged",
    "penalties": "penaltiesChanged",
    "myPenalties": "penaltiesChanged",
    "sessionPenalties": "sessionPenaltiesChanged",
    "account": "accountChanged",
    "health": "healthChanged",
}
"""Query -> the subscription that shows the same, live."""
SELDOM = "changes a few times a year, by the manager who looks at it"
ASKED = "asked once, when somebody wants to know"
WITHOUT = {
    "viewer": "who asks: of the token, which the connection ends with",
    "gym": SELDOM,
    "staff": SELDOM,
    "programs": SELDOM,
    "classTypes": SELDOM,
    "bookingPolicy": SELDOM,
    "bookingPolicies": SELDOM,
    "closures": SELDOM,
    "clients": "a search: its answer is left for the client found, who is live",
    "credentials": ASKED,
    "invoices": "a list to page through; a client's account is live",
    "myInvoices": "the member's account is live",
    "myEntries": "a member knows that they stand at a door; the desk's log is live",
}
"""Query -> why no subscription shows it."""


@pytest.mark.parametrize("query", sorted(QUERIES))
def test_a_question_has_a_live_view_or_a_reason_to_have_none(query: str) -> None:
    assert (query in LIVE) != (query in WITHOUT)


def test_each_live_view_shows_what_can_be_asked_for() -> None:
    assert LIVE.keys() | WITHOUT.keys() == QUERIES
    assert set(LIVE.values()) == SUBSCRIPTIONS
