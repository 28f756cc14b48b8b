"""Entries that doors tell of late, however late: nobody who came is a no-show in the end."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from chassis.decider import Refused
from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    BookClass,
    BookingCode,
    CheckedIn,
    CheckInAtDoor,
    CloseAttendance,
    CorrectAttendance,
    FinalizeAttendance,
    PutBooksRight,
    ReleaseUnrecorded,
    UndoCheckIn,
    ViolationCleared,
)
from contracts.envelope import Event
from contracts.ids import ClientId, LocationId, SessionId
from services.booking import deadlines
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    HALL,
    HOUR,
    MINUTE,
    NOON,
    OTHER,
    SES,
    checked_in,
    given,
    reserved,
    scheduled,
    with_credits,
)
from tests.scenario import Scenario, fact

DAY = timedelta(days=1)
BY_CLOCK = ("system:booking", "system")
CLOSES = NOON + 3 * HOUR  # two hours after the end
CLOSE = CloseAttendance(session_id=SES)
RELEASE = ReleaseUnrecorded(session_id=SES)
ASKED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(5), with_credits(ANN, BEN, CAT, DAN), *(reserved(one) for one in (ANN, BEN, CAT)),
)  # fmt: skip


def asked() -> Scenario:
    """Three have a seat, nobody was checked in, and it was asked who came."""
    return given(*ASKED).when(CLOSE, CLOSES)


def came_in(client: ClientId, session: SessionId | None = None) -> CheckInAtDoor:
    """By the grant of the class, or by a pass of the gym."""
    return CheckInAtDoor(client_id=client, location_id=HALL, session_id=session)


def closing(scenario: Scenario) -> datetime:
    at, command = scenario.gym.deadlines[deadlines.attendance_closes(SES)]
    assert command == CLOSE
    return at


@pytest.mark.parametrize("by_grant_of", [SES, None], ids=["the class's grant", "a pass"])
def test_a_door_that_tells_days_late_tells_of_everybody_before_the_books_close(
    by_grant_of: SessionId | None,
) -> None:
    """The way from the doors was cut for two days; then the entries of noon arrive in a row."""
    scenario, heard_at = asked(), CLOSES + 2 * DAY
    for nth, client in enumerate((ANN, BEN, CAT)):
        at = heard_at + nth * MINUTE
        entry = came_in(client, by_grant_of)
        scenario.when(entry, NOON + nth * MINUTE, *BY_CLOCK, heard_at=at).then(
            fact(CheckedIn, client_id=client)
        )
        assert closing(scenario) == at + 2 * HOUR, "as long after it as after the end of a session"
    scenario.when(CLOSE, closing(scenario))
    assert fact(AttendanceFinalized, attended=3, no_shows=0).fits(scenario.outcome[0])  # type: ignore[index]


def test_the_books_close_no_sooner_for_a_seat_given_after_a_door_told() -> None:
    """Others may be heard of for a day after it was asked, whatever the desk does meanwhile."""
    scenario = asked().when(came_in(ANN), NOON, *BY_CLOCK, heard_at=CLOSES + HOUR)
    belated = BookClass(
        session_id=SES, client_id=DAN, overrides=(BookingCode.BOOKING_CLOSED,), reason="was here"
    )
    scenario.when(belated, CLOSES + 2 * HOUR, "staff:x", "owner").then_answered(status="reserved")
    assert closing(scenario) == CLOSES + DAY


def test_a_door_brings_the_closing_of_the_books_no_nearer_to_a_seat_just_given() -> None:
    scenario = asked()
    belated = BookClass(
        session_id=SES, client_id=DAN, overrides=(BookingCode.BOOKING_CLOSED,), reason="was here"
    )
    given_at = CLOSES + DAY - 30 * MINUTE
    scenario.when(belated, given_at, "staff:x", "owner")
    assert closing(scenario) == given_at + 2 * HOUR
    heard_at = given_at + 15 * MINUTE
    scenario.when(came_in(ANN), NOON, *BY_CLOCK, heard_at=heard_at).then(fact(CheckedIn))
    assert closing(scenario) == heard_at + 2 * HOUR


def test_who_is_heard_of_when_everybody_is_about_to_be_excused_is_not_closed_at_once() -> None:
    scenario, heard_at = asked(), CLOSES + 7 * DAY - MINUTE
    scenario.when(came_in(ANN), NOON, *BY_CLOCK, heard_at=heard_at)
    at, release = scenario.gym.deadlines[deadlines.unrecorded_excused(SES)]
    assert (at, release) == (heard_at + 2 * HOUR, RELEASE)


def closed_without_ann(*more: Event | tuple[Event, ...]) -> Scenario:
    """Ben came, the books were closed when the class began, and Ann is a no-show."""
    past = (scheduled(3), with_credits(ANN, BEN), reserved(ANN), reserved(BEN), checked_in(BEN))
    return given(*past, *more).when(FinalizeAttendance(session_id=SES), NOON)


PASS = came_in(ANN)
RIGHT = PutBooksRight(session_id=SES, client_id=ANN)


@pytest.mark.parametrize("at", [NOON - 30 * MINUTE, NOON, NOON + 15 * MINUTE])
def test_who_came_in_by_a_pass_is_no_no_show_although_the_books_are_closed(at: datetime) -> None:
    scenario = closed_without_ann().when(PASS, at, *BY_CLOCK, heard_at=NOON + DAY).then_nothing()
    due = scenario.gym.deadlines.pop(deadlines.books_put_right(SES, ANN))
    assert due == (at, RIGHT), "at once"
    scenario.when(RIGHT, NOON + DAY, *BY_CLOCK)
    assert not isinstance(scenario.outcome, Refused)
    came = fact(AttendanceCorrected, client_id=ANN, becomes=Attendance.ATTENDED)
    assert came.fits(scenario.outcome[0])
    assert [type(event) for event in scenario.outcome].count(ViolationCleared) == 1
    books = scenario.gym.state(class_session, SES)
    assert books.attendance_of(ANN) is Attendance.ATTENDED


@pytest.mark.parametrize(
    ("entry", "at"),
    [
        (PASS, NOON - 31 * MINUTE),
        (PASS, NOON + 16 * MINUTE),
        (PASS.model_copy(update={"location_id": LocationId(UUID(int=98))}), NOON),
        (came_in(BEN), NOON),
        (came_in(CAT), NOON),
    ],
    ids=["before check-in", "too late", "elsewhere", "was here already", "a stranger"],
)
def test_an_entry_that_means_nothing_puts_no_books_right(
    entry: CheckInAtDoor, at: datetime
) -> None:
    scenario = closed_without_ann().when(entry, at, *BY_CLOCK, heard_at=NOON + DAY).then_nothing()
    assert not [name for name in scenario.gym.deadlines if name.startswith("put_books_right")]


def test_what_somebody_corrected_by_hand_stays_whoever_came_in_by_a_pass() -> None:
    scenario = closed_without_ann()
    for becomes in (Attendance.ATTENDED, Attendance.NO_SHOW):
        by_hand = CorrectAttendance(
            session_id=SES, client_id=ANN, becomes=becomes, reason="I counted again"
        )
        scenario.when(by_hand, NOON + 10 * MINUTE)
    scenario.when(PASS, NOON, *BY_CLOCK, heard_at=NOON + DAY).then_nothing()
    assert deadlines.books_put_right(SES, ANN) not in scenario.gym.deadlines


def test_closed_books_without_the_waiver_are_left_as_they_are() -> None:
    """As an open check-in would be: who has not signed is not let take part."""
    unsigned = scheduled(3).model_copy(update={"waiver_required": True})
    past = (unsigned, with_credits(ANN, BEN), reserved(ANN), reserved(BEN), checked_in(BEN))
    scenario = given(*past).when(FinalizeAttendance(session_id=SES), NOON)
    scenario.when(PASS, NOON, *BY_CLOCK, heard_at=NOON + DAY).then_nothing()
    assert deadlines.books_put_right(SES, ANN) not in scenario.gym.deadlines


@pytest.mark.parametrize("entry", [came_in(ANN, SES), PASS], ids=["the class's grant", "a pass"])
@pytest.mark.parametrize("closed", [False, True])
def test_an_entry_whose_check_in_staff_undid_is_none_when_it_is_told_again(
    entry: CheckInAtDoor, closed: bool
) -> None:
    """Everything is, to whoever hears for the first time in a stream that was lost."""
    undo = UndoCheckIn(session_id=SES, client_id=ANN)
    scenario = given(*ASKED).when(entry, NOON, *BY_CLOCK).when(undo, NOON + MINUTE)
    if closed:
        scenario.when(FinalizeAttendance(session_id=SES), NOON + HOUR)
    scenario.when(entry, NOON, *BY_CLOCK, heard_at=NOON + 30 * DAY).then_nothing()
    assert deadlines.books_put_right(SES, ANN) not in scenario.gym.deadlines


def test_who_comes_in_again_after_staff_undid_a_check_in_is_here() -> None:
    undo = UndoCheckIn(session_id=SES, client_id=ANN)
    scenario = given(*ASKED).when(came_in(ANN, SES), NOON, *BY_CLOCK).when(undo, NOON + MINUTE)
    scenario.when(came_in(ANN, SES), NOON + 5 * MINUTE, *BY_CLOCK).then(
        fact(CheckedIn, client_id=ANN, let_in_at=NOON + 5 * MINUTE)
    )


def test_of_two_classes_about_now_the_earlier_is_meant_closed_or_not() -> None:
    """Ann missed the first by its books; the second begins a quarter of an hour later."""
    second = NOON + 15 * MINUTE
    both = (scheduled(3, OTHER, second), reserved(ANN, OTHER, starts_at=second))
    scenario = closed_without_ann(*both)
    scenario.when(PASS, NOON, *BY_CLOCK, heard_at=NOON + DAY).then_nothing()
    assert deadlines.books_put_right(SES, ANN) in scenario.gym.deadlines
    scenario.when(RIGHT, NOON + DAY, *BY_CLOCK)
    scenario.when(PASS, NOON + MINUTE, *BY_CLOCK, heard_at=NOON + DAY)
    scenario.then(fact(CheckedIn, session_id=OTHER))
