"""What lets somebody in at a door, told from what does not, by what access had heard before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import access as a
from contracts.access import AccessGrantKind as Kind
from contracts.ids import new_id
from deploy.check.entries import Entry, Person

GYM, MIA, CLASS, DOOR = (new_id() for _ in range(4))
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(of: type[Any], /, **facts: Any) -> Any:
    """An event of which only these facts matter."""
    return of.model_construct(**facts)


def entry(kind: Kind = Kind.CLASS, at: datetime = NINE) -> Entry:
    granted = told(
        a.AccessGranted, entry_id=new_id(), grant_kind=kind, grant_id=CLASS, client_id=MIA,
        session_id=None,
    )  # fmt: skip
    return Entry(GYM, 7, at, granted)


def opened(until: datetime | None = NINE + HOUR) -> Any:
    return told(a.GrantOpened, grant_id=CLASS, valid_from=NINE - HOUR, valid_until=until)


OPENED = opened()
MOVED = told(a.GrantMoved, grant_id=CLASS, valid_from=NINE + HOUR, valid_until=NINE + 2 * HOUR)
CLOSED = told(a.GrantClosed, grant_id=CLASS, closed_at=NINE - HOUR)
PAST_DUE = told(a.ImpedimentSet, impediment=a.Impediment.PAST_DUE)
PAID = told(a.ImpedimentCleared, impediment=a.Impediment.PAST_DUE)
BANNED = told(a.BanHeard, banned=True, until=None)
LIFTED = told(a.BanHeard, banned=False, until=None)
ERASED = told(a.ClientHeard, erased=True)
WORKS = told(a.StaffHeard, works=True)
LEFT = told(a.StaffHeard, works=False)


@pytest.mark.parametrize(
    ("heard", "of", "trouble"),
    [
        ([OPENED], entry(), ""),
        ([opened(until=None)], entry(Kind.MEMBERSHIP), ""),
        ([], entry(), "not good"),
        ([OPENED], entry(at=NINE + 2 * HOUR), "not good"),
        ([OPENED, MOVED], entry(), "not good"),
        ([OPENED, MOVED], entry(at=NINE + 2 * HOUR), ""),
        ([OPENED, CLOSED], entry(), "not good"),
        ([OPENED, PAST_DUE], entry(), "past_due"),
        ([OPENED, PAST_DUE, PAID], entry(), ""),
        ([OPENED, BANNED], entry(), "banned"),
        ([OPENED, BANNED, LIFTED], entry(), ""),
        ([OPENED, ERASED], entry(), "erased"),
        ([WORKS], entry(Kind.STAFF), ""),
        ([WORKS, LEFT], entry(Kind.STAFF), "does not work"),
        ([], entry(Kind.STAFF), "does not work"),
    ],
)
def test_an_entry(heard: list[object], of: Entry, trouble: str) -> None:
    person = Person()
    for event in heard:
        person.see(event)

    found = person.trouble(of)

    assert trouble in found
    assert bool(found) is bool(trouble)
