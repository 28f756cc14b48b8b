"""Who comes through a door about a class they have a seat in is checked in, to the right one."""

from datetime import datetime
from uuid import UUID

import pytest

from chassis.decider import Refused
from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    BookingCode,
    CheckedIn,
    CheckInAtDoor,
    CheckInSource,
    CorrectAttendance,
    FinalizeAttendance,
    PromotionMissed,
    PutBooksRight,
    ReservationMade,
    SessionCancelled,
    ViolationCleared,
)
from contracts.envelope import Event
from contracts.ids import LocationId, SessionId
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
    waiting,
    with_credits,
)
from tests.scenario import Scenario, fact

BY_CLOCK = ("system:booking", "system")
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


def let_in_for(session: SessionId = SES) -> CheckInAtDoor:
    """By the grant of that class."""
    return CheckInAtDoor(client_id=ANN, location_id=HALL, session_id=session)


AT_18_45 = NOON + 45 * MINUTE
BACK_TO_BACK: tuple[Event | tuple[Event, ...], ...] = (
    *SEATED, scheduled(3, OTHER, AT_18_45), reserved(ANN, OTHER, starts_at=AT_18_45),
)  # fmt: skip


def test_the_class_whose_grant_let_them_in_is_the_one_they_came_to() -> None:
    late_for_the_first = NOON + 16 * MINUTE
    given(*BACK_TO_BACK).when(let_in_for(), late_for_the_first, *BY_CLOCK).then(
        fact(CheckedIn, session_id=SES, source=CheckInSource.DOOR)
    )
    given(*BACK_TO_BACK).when(let_in_for(OTHER), late_for_the_first, *BY_CLOCK).then(
        fact(CheckedIn, session_id=OTHER)
    )


def test_whoever_steps_out_of_a_class_is_not_checked_in_to_the_next() -> None:
    scenario = given(*BACK_TO_BACK, checked_in(ANN))
    scenario.when(let_in_for(), NOON + 20 * MINUTE, *BY_CLOCK).then_nothing()


@pytest.mark.parametrize(
    "at", [NOON - 20 * MINUTE, NOON + 16 * MINUTE, NOON + HOUR, NOON + HOUR + 15 * MINUTE]
)
@pytest.mark.parametrize("opens", [0, 30, 60])
def test_a_classs_own_grant_checks_in_for_as_long_as_it_lets_in(at: datetime, opens: int) -> None:
    seated = (scheduled(3, check_in_opens_minutes_before=opens), *SEATED[1:])
    given(*seated).when(let_in_for(), at, *BY_CLOCK).then(
        fact(CheckedIn, session_id=SES, reservation_id=reservation_of(ANN))
    )


def closed_without_ann() -> Scenario:
    """Ben came, the books were closed when the class began, and Ann is a no-show."""
    past = (*SEATED, reserved(BEN), checked_in(BEN))
    return given(*past).when(FinalizeAttendance(session_id=SES), NOON)


RIGHT = PutBooksRight(session_id=SES, client_id=ANN)


def heard_of_late(scenario: Scenario, heard_at: datetime) -> Scenario:
    """A door let Ann in at 12:16."""
    scenario.when(let_in_for(), NOON + 16 * MINUTE, *BY_CLOCK).then_nothing()
    due = scenario.gym.deadlines.pop(f"put_books_right:{SES}:{ANN}")
    assert due == (NOON + 16 * MINUTE, RIGHT)
    return scenario.when(RIGHT, heard_at, *BY_CLOCK)


def test_who_is_let_in_when_the_books_are_closed_is_no_no_show() -> None:
    scenario = heard_of_late(closed_without_ann(), NOON + 16 * MINUTE)
    told = scenario.outcome
    assert not isinstance(told, Refused)
    assert fact(
        AttendanceCorrected, client_id=ANN, was=Attendance.NO_SHOW, becomes=Attendance.ATTENDED
    ).fits(told[0])
    assert [type(event) for event in told].count(ViolationCleared) == 1
    scenario.when(RIGHT, NOON + 17 * MINUTE, *BY_CLOCK).then_nothing()


@pytest.mark.parametrize(
    ("heard_at", "promoted"), [(NOON + 16 * MINUTE, True), (NOON + 5.5 * HOUR, False)]
)
def test_what_a_late_entry_sets_free_is_given_by_the_clock_of_now(
    heard_at: datetime, promoted: bool
) -> None:
    """At half past five nobody is promoted to six o'clock: they could not give it up any more."""
    at_six = NOON + 6 * HOUR
    scenario = closed_without_ann()
    scenario.gym.happened(
        scheduled(1, OTHER, at_six), waiting(ANN, 1, OTHER),
        PromotionMissed(client_id=ANN, session_id=OTHER, reason=BookingCode.NO_ENTITLEMENT),
    )  # fmt: skip
    heard_of_late(scenario, heard_at)
    made = [
        event for event in scenario.gym.log
        if isinstance(event, ReservationMade) and event.session_id == OTHER
    ]  # fmt: skip
    assert [event.client_id for event in made] == ([ANN] if promoted else [])
    for event in made:
        assert event.free_until > heard_at


def test_what_somebody_corrects_before_it_is_heard_stays() -> None:
    scenario = closed_without_ann().when(let_in_for(), NOON + 16 * MINUTE, *BY_CLOCK)
    excused = CorrectAttendance(
        session_id=SES, client_id=ANN, becomes=Attendance.EXCUSED, reason="the door was broken"
    )
    scenario.when(excused, NOON + 17 * MINUTE).when(RIGHT, NOON + HOUR, *BY_CLOCK).then_nothing()


def test_what_somebody_corrected_by_hand_stays_whatever_door_they_come_through() -> None:
    scenario = closed_without_ann()
    for becomes in (Attendance.ATTENDED, Attendance.NO_SHOW):
        by_hand = CorrectAttendance(
            session_id=SES, client_id=ANN, becomes=becomes, reason="I counted again"
        )
        scenario.when(by_hand, NOON + 10 * MINUTE)
    scenario.when(let_in_for(), NOON + 16 * MINUTE, *BY_CLOCK).then_nothing()


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
def test_a_grant_without_a_seat_any_more_checks_nobody_in(
    past: tuple[Event | tuple[Event, ...], ...],
) -> None:
    given(*past).when(let_in_for(), NOON, *BY_CLOCK).then_nothing()
