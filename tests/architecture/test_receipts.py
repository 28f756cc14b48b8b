"""Every decision names the version of the rules it was made under, or says here why it cannot."""

from collections.abc import Mapping

import pytest

from contracts.booking import (
    AttendanceFinalized,
    BookingBanImposed,
    ReservationCancelled,
    SeatsCounted,
)
from contracts.envelope import Event
from contracts.timetable import SessionChanged
from services.projections.decisions import OF_EVENT, OF_EVERYBODY

DECISIONS: list[type[Event]] = [
    *OF_EVENT, *OF_EVERYBODY, ReservationCancelled, AttendanceFinalized, SeatsCounted,
]  # fmt: skip
"""What makes a receipt, and the count that late cancels are judged by."""
ELSEWHERE: Mapping[type[Event], str] = {
    BookingBanImposed: "by the rules, its cause has it; by somebody, it rests on no policy",
    SessionChanged: "it carries the rules themselves, with their version",
}


def _name(kind: type[Event]) -> str:
    return kind.__name__


@pytest.mark.parametrize("kind", DECISIONS, ids=_name)
def test_a_decision_names_the_version_of_the_rules(kind: type[Event]) -> None:
    assert ("policy_version" in kind.model_fields) != (kind in ELSEWHERE)


def test_the_exceptions_are_decisions() -> None:
    assert set(ELSEWHERE) < set(DECISIONS)
