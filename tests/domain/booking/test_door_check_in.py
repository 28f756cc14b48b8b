"""Who comes through a door about the start of a class they have a seat in is checked in."""

from datetime import datetime
from uuid import UUID

import pytest

from contracts.booking import (
    CheckedIn,
    CheckInAtDoor,
    CheckInSource,
    SessionCancelled,
)
from contracts.envelope import Event
from contracts.ids import LocationId
from tests.domain.booking.language import (
    ANN,
    BEN,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    OTHER,
    SES,
    checked_in,
    given,
    late_cancelled,
    reservation_of,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import fact

COMES_IN = CheckInAtDoor(client_id=ANN, location_id=HALL)
SEATED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(3), with_credits(ANN, BEN), reserved(ANN),
)  # fmt: skip


@pytest.mark.parametrize("at", [NOON - 30 * MINUTE, NOON, NOON + 15 * MINUTE])
def test_an_entry_about_the_start_is_a_check_in(at: datetime) -> None:
    given(*SEATED).when(COMES_IN, at, "system:booking", "system").then(
        fact(
            CheckedIn, client_id=ANN, session_id=SES, reservation_id=reservation_of(ANN),
            source=CheckInSource.DOOR,
        )
    )  # fmt: skip


@pytest.mark.parametrize("at", [NOON - 31 * MINUTE, NOON + 16 * MINUTE, NOON + 3 * HOUR])
def test_an_entry_at_another_time_is_none(at: datetime) -> None:
    given(*SEATED).when(COMES_IN, at, "system:booking", "system").then_nothing()


@pytest.mark.parametrize(
    "past",
    [
        (),
        (scheduled(), with_credits(ANN)),
        (scheduled(), with_credits(ANN), late_cancelled(ANN)),
        (*SEATED, checked_in(ANN)),
        (*SEATED, SessionCancelled(session_id=SES, reason="storm")),
    ],
    ids=["a stranger", "no seat", "gave it up", "is here already", "called off"],
)
def test_what_means_nothing_changes_nothing(past: tuple[Event | tuple[Event, ...], ...]) -> None:
    given(*past).when(COMES_IN, NOON, "system:booking", "system").then_nothing()


def test_a_door_of_another_location_checks_nobody_in_here() -> None:
    elsewhere = CheckInAtDoor(client_id=ANN, location_id=LocationId(UUID(int=98)))
    given(*SEATED).when(elsewhere, NOON, "system:booking", "system").then_nothing()


def test_who_comes_to_the_second_of_two_classes_is_not_checked_in_to_the_first() -> None:
    second = NOON + HOUR
    both = (*SEATED, scheduled(3, OTHER, second), reserved(ANN, OTHER, starts_at=second))
    given(*both).when(COMES_IN, second - 20 * MINUTE, "system:booking", "system").then(
        fact(CheckedIn, session_id=OTHER)
    )
