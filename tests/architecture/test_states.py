"""Every state there is is asserted by some test: one that no test expects nobody has been in."""

from enum import StrEnum

import pytest
from graphql import GraphQLEnumType

from contracts.booking import Attendance, Cancellation, Forgiveness
from gateway import schema
from services.access.domain.credential import Status
from services.booking.domain.penalty import FeeStage
from services.booking.domain.session_state import Stage
from services.projections.decisions import Decision
from tests.architecture.expecting import TESTS, expected

STATES: dict[str, tuple[type[StrEnum], ...]] = {
    "access": (Status,),
    "booking": (Attendance, Cancellation, FeeStage, Forgiveness, Stage),
    "insight": (Decision,),
}
"""Folder of ``tests/domain`` -> what its rules tell apart."""
BEFORE = {"absent"}
"""What is before there is anything: no rule leads there."""
SHOWN = (
    "ContestStatus", "CredentialStatus", "EntryResult", "GrantStatus", "InvoiceStatus",
    "OwnPlaceStatus", "PenaltyStatus", "ReservationFlag", "ReservationStatus", "SessionStatus",
)  # fmt: skip
"""States as screens show them."""


@pytest.mark.parametrize(
    ("folder", "states"),
    [
        pytest.param(folder, one, id=f"{one.__module__.rpartition('.')[2]}.{one.__name__}")
        for folder, several in STATES.items()
        for one in several
    ],
)
def test_every_state_of_a_rule_is_expected_by_a_test_of_its_rules(
    folder: str, states: type[StrEnum]
) -> None:
    named = {
        word
        for path, words in expected().items()
        if path.is_relative_to(TESTS / "domain" / folder)
        for word in words
    }

    assert [
        one.name
        for one in states
        if one not in BEFORE and not {str(one), f"{states.__name__}.{one.name}"} & named
    ] == []


@pytest.mark.parametrize("name", SHOWN)
def test_every_state_on_a_screen_is_expected_by_a_journey(name: str) -> None:
    kind = schema.build()._schema.type_map[name]
    assert isinstance(kind, GraphQLEnumType)
    named = {
        word
        for path, words in expected().items()
        if path.is_relative_to(TESTS / "system")
        for word in words
    }

    assert sorted(kind.values.keys() - named) == []
