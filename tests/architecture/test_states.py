"""Every state there is is asserted by some test: one that no test expects nobody has been in."""

import ast
from enum import StrEnum

import pytest
from graphql import GraphQLEnumType

from contracts.booking import Attendance, BanEnd, Cancellation, Forgiveness
from gateway import schema
from services.access.domain.credential import Status
from services.booking.domain import catalogue, session_state
from services.booking.domain.booking_policy import Phase
from services.booking.domain.penalty import Contest, FeeStage
from services.projections.cards import SeatStatus
from services.projections.decisions import Decision
from tests.architecture.expecting import TESTS, expected

STATES: dict[str, tuple[type[StrEnum], ...]] = {
    "access": (Status,),
    "booking": (
        Attendance, BanEnd, Cancellation, Contest, FeeStage, Forgiveness, Phase, catalogue.Stage,
        session_state.Stage,
    ),
    "insight": (Decision, SeatStatus),
}  # fmt: skip
"""Folder of ``tests/domain`` -> what its rules tell apart."""
NO_STATES = {
    "access.codes.AccessCode", "access.codes.DenialReason", "access.codes.Impediment",
    "access.credentials.CredentialKind", "access.grants.AccessGrantKind",
    "billing.BillingCode", "billing.LineKind",
    "booking.attendance.CheckInSource", "booking.codes.BookingCode",
    "booking.entitlements.GrantKind", "booking.entitlements.Period",
    "booking.entitlements.Suspension", "booking.penalties.Charge", "booking.penalties.Violation",
    "booking.policy.LapsedSeats", "booking.reservations.ReservationSource",
    "members.clients.AlertLevel", "members.codes.MembersCode", "permissions.Role",
    "timetable.catalogue.SessionKind", "timetable.codes.TimetableCode",
    "timetable.policies.Preset", "timetable.session_edits.SessionPart",
}  # fmt: skip
"""Of ``contracts``: codes, kinds and choices. Nothing passes from one of them to another."""
ROOT = TESTS.parent
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


def test_whatever_rules_tell_apart_is_a_state_here_or_none() -> None:
    there = {
        ".".join((*path.relative_to(ROOT).with_suffix("").parts, node.name))
        for folder in ("contracts", "services")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and "Enum" in "".join(map(ast.unparse, node.bases))
    }
    states = {f"{one.__module__}.{one.__name__}" for several in STATES.values() for one in several}

    assert there - states == {f"contracts.{name}" for name in NO_STATES}


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
