"""A session moves, gets another coach or room, is called off and comes back."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    Cancellation,
    CancelReservation,
    CancelSession,
    ReservationCancelled,
    ReservationReinstated,
    SessionCancelled,
    TimeTaken,
    UndoCancel,
)
from contracts.envelope import Command, Event
from contracts.ids import RoomId, StaffId
from contracts.timetable import (
    AssignRoom,
    HoldMoved,
    InstructorAssigned,
    InstructorSubstituted,
    InstructorUnassigned,
    Placement,
    ReinstateSession,
    RescheduleSession,
    RoomAssigned,
    SessionPart,
    SessionReinstated,
    SessionRescheduled,
    SessionsLifted,
    SessionsPlaced,
    SubstituteInstructor,
    TimetableCode,
    UnassignInstructor,
)
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import client_ledger
from tests.domain.booking.language import (
    ANN,
    BEN,
    DAY_BEFORE,
    HALL,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    OTHER,
    SES,
    given,
    granted,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

RED, BLUE = RoomId(UUID(int=91)), RoomId(UUID(int=92))
SAM, KIM = StaffId(UUID(int=81)), StaffId(UUID(int=82))
BOOKED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(2), with_credits(ANN, BEN), reserved(ANN),
)  # fmt: skip


def moving(by: timedelta) -> RescheduleSession:
    starts_at = NOON + by
    return RescheduleSession(session_id=SES, starts_at=starts_at, ends_at=starts_at + HOUR)


def taking(room: RoomId, starts_at: datetime = NOON, session: object = OTHER) -> SessionsPlaced:
    one = Placement.model_validate({
        "session_id": session, "room_id": room, "starts_at": starts_at,
        "ends_at": starts_at + HOUR,
    })  # fmt: skip
    return SessionsPlaced(location_id=HALL, placed=(one,), decided_at=NOON - timedelta(days=30))


def test_everybody_keeps_their_seat_and_their_time_moves_along() -> None:
    given(*BOOKED).when(moving(2 * HOUR), DAY_BEFORE).then(
        fact(SessionRescheduled, starts_at=NOON + 2 * HOUR, previous_starts_at=NOON),
        fact(SessionsPlaced),
        fact(HoldMoved, client_id=ANN, starts_at=NOON + 2 * HOUR, overlaps=()),
    )


def test_a_move_sets_the_deadlines_anew() -> None:
    gym = given(*BOOKED).when(moving(2 * HOUR), DAY_BEFORE).gym
    assert gym.deadlines[f"close_waitlist:{SES}"][0] == NOON + 2 * HOUR
    assert gym.deadlines[f"close_attendance:{SES}"][0] == NOON + 5 * HOUR


def test_a_move_into_another_seat_is_told_and_takes_nothing() -> None:
    elsewhere = NOON + 3 * HOUR
    past = (scheduled(2, OTHER, elsewhere), reserved(ANN, OTHER, starts_at=elsewhere))
    given(*BOOKED, *past).when(moving(3 * HOUR), DAY_BEFORE).then(
        fact(SessionRescheduled), fact(SessionsPlaced),
        fact(HoldMoved, client_id=ANN, overlaps=(OTHER,)),
    ).then_answered(overlapping=(ANN,))  # fmt: skip


def test_a_move_in_small_steps_is_a_move() -> None:
    """Two of a quarter of an hour are half an hour; there and back again is none."""
    once = given(*BOOKED).when(moving(15 * MINUTE), DAY_BEFORE)
    once.when(moving(30 * MINUTE), DAY_BEFORE).then(
        fact(SessionRescheduled, free_cancel_until=DAY_BEFORE + 12 * HOUR),
        fact(SessionsPlaced), fact(HoldMoved),
    )  # fmt: skip
    once.when(moving(45 * MINUTE), DAY_BEFORE).then(
        fact(SessionRescheduled, free_cancel_until=None), fact(SessionsPlaced), fact(HoldMoved)
    )
    there = given(*BOOKED).when(moving(-15 * MINUTE), DAY_BEFORE)
    there.when(moving(0 * MINUTE), DAY_BEFORE).then(
        fact(SessionRescheduled, free_cancel_until=None), fact(SessionsPlaced), fact(HoldMoved)
    )


def test_a_move_is_measured_from_every_start_somebody_may_have_booked_by() -> None:
    """Ben books when it is a quarter later; then it is a quarter earlier than it ever was."""
    later = given(*BOOKED).when(moving(15 * MINUTE), DAY_BEFORE)
    later.when(BookClass(session_id=SES, client_id=BEN), DAY_BEFORE)
    later.when(moving(-15 * MINUTE), DAY_BEFORE).then(
        fact(SessionRescheduled, free_cancel_until=DAY_BEFORE + 12 * HOUR),
        fact(SessionsPlaced), fact(HoldMoved), fact(HoldMoved),
    )  # fmt: skip


def test_a_session_that_comes_back_was_never_at_another_start_for_who_books_then() -> None:
    scenario = given(*BOOKED).when(moving(15 * MINUTE), DAY_BEFORE)
    scenario.when(CancelSession(session_id=SES, reason="ill"), DAY_BEFORE)
    scenario.when(ReinstateSession(session_id=SES), DAY_BEFORE)
    scenario.when(moving(30 * MINUTE), DAY_BEFORE).then(
        fact(SessionRescheduled, free_cancel_until=None), fact(SessionsPlaced)
    )


@pytest.mark.parametrize(
    ("by", "at", "until"),
    [
        (16 * MINUTE, NOON - 24 * HOUR, NOON - 12 * HOUR),  # 12 hours after the notice
        (2 * HOUR, NOON - 3 * HOUR, NOON + 2 * HOUR),  # the start comes first
        (15 * MINUTE, NOON - 24 * HOUR, None),  # not more than 15 minutes
        (-15 * MINUTE, NOON - 24 * HOUR, None),
    ],
)
def test_a_move_by_more_than_a_quarter_lets_everybody_leave_freely_for_a_while(
    by: timedelta, at: datetime, until: datetime | None
) -> None:
    given(*BOOKED).when(moving(by), at).then(
        fact(SessionRescheduled, free_cancel_until=until), fact(SessionsPlaced), fact(HoldMoved)
    )


@pytest.mark.parametrize(
    ("at", "kind"),
    [(NOON - 2 * HOUR, Cancellation.EARLY), (NOON + HOUR - MINUTE, Cancellation.EARLY),
     (NOON + HOUR, Cancellation.LATE)],
)  # fmt: skip
def test_leaving_after_a_move_is_early_until_the_notice_has_passed(
    at: datetime, kind: Cancellation
) -> None:
    scenario = given(*BOOKED).when(moving(HOUR), NOON - 3 * HOUR)
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), at)
    assert not isinstance(scenario.outcome, Exception)
    cancelled = next(one for one in scenario.outcome if isinstance(one, ReservationCancelled))
    assert cancelled.kind is kind


def test_without_a_notice_the_late_deadline_moves_along_with_the_start() -> None:
    scenario = given(*BOOKED).when(moving(10 * MINUTE), DAY_BEFORE)
    assert not isinstance(scenario.outcome, Exception)
    moved = scenario.outcome[0]
    assert isinstance(moved, SessionRescheduled)
    assert [one.free_until for one in moved.deadlines] == [LATE + 10 * MINUTE]


@pytest.mark.parametrize(
    ("command", "at", "code"),
    [
        (moving(-25 * HOUR), DAY_BEFORE, BookingCode.STARTS_IN_THE_PAST),
        (moving(HOUR), NOON, TimetableCode.SESSION_STARTED),
        (SubstituteInstructor(session_id=SES, instructor_id=SAM), NOON,
         TimetableCode.SESSION_STARTED),
        (ReinstateSession(session_id=SES), DAY_BEFORE, TimetableCode.SESSION_NOT_CANCELLED),
        (RescheduleSession(session_id=OTHER, starts_at=NOON, ends_at=NOON + HOUR), DAY_BEFORE,
         BookingCode.SESSION_NOT_FOUND),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_refused(command: Command, at: datetime, code: str) -> None:
    given(*BOOKED).when(command, at).then_refused(code)


def test_the_first_instructor_is_assigned_another_one_substitutes() -> None:
    scenario = given(*BOOKED)
    scenario.when(SubstituteInstructor(session_id=SES, instructor_id=SAM), DAY_BEFORE).then(
        fact(InstructorAssigned, instructor_id=SAM)
    )
    again = SubstituteInstructor(session_id=SES, instructor_id=KIM)
    scenario.when(again, NOON - 3 * HOUR).then(
        fact(InstructorSubstituted, original=SAM, substitute=KIM, free_cancel_until=NOON)
    )
    scenario.when(again, NOON - 2 * HOUR).then_nothing()
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - MINUTE)
    scenario.then_answered(status="cancelled_early")


def test_a_class_may_be_without_an_instructor_and_leaving_it_is_free_for_a_while() -> None:
    scenario = given(scheduled(2, version=7), with_credits(ANN), reserved(ANN))
    nobody = UnassignInstructor(session_id=SES)
    scenario.when(nobody, DAY_BEFORE).then_refused(TimetableCode.NO_INSTRUCTOR)
    scenario.when(SubstituteInstructor(session_id=SES, instructor_id=SAM), DAY_BEFORE)
    scenario.when(nobody, NOON - 3 * HOUR).then(
        fact(InstructorUnassigned, original=SAM, free_cancel_until=NOON, policy_version=7)
    )
    slot = scenario.gym.state(class_session, SES).slot
    assert (slot.instructor_id, slot.own) == (None, (SessionPart.INSTRUCTOR,))
    scenario.when(SubstituteInstructor(session_id=SES, instructor_id=KIM), NOON - 2 * HOUR).then(
        fact(InstructorAssigned, instructor_id=KIM)
    )
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - MINUTE)
    scenario.then_answered(status="cancelled_early")


def test_a_session_that_has_begun_keeps_its_instructor() -> None:
    scenario = given(*BOOKED)
    scenario.when(SubstituteInstructor(session_id=SES, instructor_id=SAM), DAY_BEFORE)
    scenario.when(UnassignInstructor(session_id=SES), NOON).then_refused("SESSION_STARTED")


def test_a_change_records_the_rules_its_notice_rests_on() -> None:
    scenario = given(scheduled(2, version=7), with_credits(ANN), reserved(ANN))
    scenario.when(moving(2 * HOUR), DAY_BEFORE)
    scenario.when(SubstituteInstructor(session_id=SES, instructor_id=SAM), DAY_BEFORE)
    scenario.when(SubstituteInstructor(session_id=SES, instructor_id=KIM), DAY_BEFORE)
    changes = [
        e for e in scenario.gym.log if isinstance(e, SessionRescheduled | InstructorSubstituted)
    ]
    assert [one.policy_version for one in changes] == [7, 7]


def test_a_room_holds_one_session_at_a_time() -> None:
    into = AssignRoom(session_id=SES, room_id=RED)
    taken = given(*BOOKED, taking(RED, NOON + HOUR / 2))
    taken.when(into, DAY_BEFORE).then_refused(TimetableCode.ROOM_TAKEN, session_id=str(OTHER))
    given(*BOOKED, taking(RED, NOON + HOUR)).when(into, DAY_BEFORE).then(
        fact(RoomAssigned, room_id=RED, previous=None), fact(SessionsPlaced)
    )
    given(*BOOKED, taking(BLUE)).when(into, DAY_BEFORE).then(
        fact(RoomAssigned, room_id=RED), fact(SessionsPlaced)
    )


def test_a_session_does_not_move_into_a_room_that_is_taken_then() -> None:
    past = (*BOOKED, taking(RED, NOON, SES), taking(RED, NOON + 2 * HOUR))
    inside = RoomAssigned(session_id=SES, room_id=RED, previous=None)
    given(*past, inside).when(moving(2 * HOUR), DAY_BEFORE).then_refused(TimetableCode.ROOM_TAKEN)


@pytest.mark.parametrize(
    "before",
    [moving(2 * HOUR), SubstituteInstructor(session_id=SES, instructor_id=KIM)],
    ids=["a later start", "a substitute"],
)
def test_a_notice_ends_with_the_start_also_once_that_is_earlier(before: Command) -> None:
    """Told at four that they may leave until the start, and at five that it is half past twelve."""
    first = SubstituteInstructor(session_id=SES, instructor_id=SAM)
    scenario = given(*BOOKED).when(first, DAY_BEFORE).when(before, NOON - 8 * HOUR)
    sooner = -30 * MINUTE if isinstance(before, SubstituteInstructor) else 30 * MINUTE
    scenario.when(moving(sooner), NOON - 7 * HOUR).then_answered()
    seat = scenario.gym.state(class_session, SES).reserved[ANN]
    assert seat.free_until == NOON + sooner
    give_up = CancelReservation(session_id=SES, client_id=ANN)
    scenario.when(give_up, NOON + sooner + 5 * MINUTE).then_answered(status="cancelled_late")


def test_a_grace_of_ones_own_goes_on_after_an_earlier_start() -> None:
    """Booked six minutes before the start, which is brought forward to four minutes later."""
    scenario = given(scheduled(2), with_credits(ANN))
    scenario.when(BookClass(session_id=SES, client_id=ANN), NOON - 6 * MINUTE)
    scenario.when(moving(-1 * MINUTE), NOON - 5 * MINUTE)
    give_up = CancelReservation(session_id=SES, client_id=ANN)
    scenario.when(give_up, NOON + 3 * MINUTE).then_answered(status="cancelled_early")


def test_a_session_that_comes_back_is_empty_and_takes_its_room_again() -> None:
    scenario = given(scheduled(2), with_credits(ANN), reserved(ANN), taking(RED, NOON, SES))
    off = CancelSession(session_id=SES, reason="rain")
    scenario.when(off, DAY_BEFORE)
    assert not isinstance(scenario.outcome, Exception)
    assert any(isinstance(one, SessionsLifted) for one in scenario.outcome)
    scenario.when(ReinstateSession(session_id=SES), DAY_BEFORE).then(
        fact(SessionReinstated), fact(SessionsPlaced)
    )
    assert f"close_attendance:{SES}" in scenario.gym.deadlines
    gone = CancelReservation(session_id=SES, client_id=ANN)
    scenario.when(gone, DAY_BEFORE).then_refused(BookingCode.NOT_BOOKED)


def test_a_session_does_not_come_back_when_its_time_has_passed() -> None:
    off = SessionCancelled(session_id=SES, reason="rain")
    given(scheduled(2), off).when(ReinstateSession(session_id=SES), NOON).then_refused(
        BookingCode.STARTS_IN_THE_PAST
    )


def test_a_client_in_line_is_considered_again_when_the_session_moves_away_from_their_seat() -> None:
    """Ben waits with a seat elsewhere at the same time; nobody else wants the free seat."""
    past = (
        scheduled(1), with_credits(ANN, BEN), reserved(ANN), waiting(BEN, 1),
        scheduled(5, OTHER), reserved(BEN, OTHER),
    )  # fmt: skip
    scenario = given(*past)
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), NOON - 48 * HOUR)
    scenario.when(moving(2 * HOUR), NOON - 48 * HOUR)
    assert not isinstance(scenario.outcome, Exception)
    assert "WaitlistPromoted" in {type(one).__name__ for one in scenario.outcome}


def test_a_session_that_moves_to_another_day_counts_there() -> None:
    start = NOON + 24 * HOUR
    move = RescheduleSession(session_id=SES, starts_at=start, ends_at=start + HOUR)
    past = (scheduled(), opened(ANN), granted(ANN, 5))
    scenario = given(*past).when(BookClass(session_id=SES, client_id=ANN), DAY_BEFORE)
    assert scenario.gym.state(client_ledger, ANN).booked_on(NOON.date()) == 1

    scenario.when(move, DAY_BEFORE)

    ledger = scenario.gym.state(client_ledger, ANN)
    assert (ledger.booked_on(NOON.date()), ledger.booked_on(start.date())) == (0, 1)


def test_who_gave_up_late_moves_along_and_comes_back_to_the_new_time() -> None:
    scenario = given(scheduled(2), with_credits(ANN), late_cancelled(ANN))
    scenario.when(moving(2 * HOUR), LATE + MINUTE).then(
        fact(SessionRescheduled), fact(SessionsPlaced),
        fact(HoldMoved, client_id=ANN, starts_at=NOON + 2 * HOUR, overlaps=()),
    )  # fmt: skip
    scenario.when(UndoCancel(session_id=SES, client_id=ANN), LATE + 2 * MINUTE).then(
        fact(ReservationReinstated, free_until=LATE + 2 * HOUR), fact(TimeTaken)
    )
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), LATE + 3 * MINUTE)
    scenario.then_answered(status="cancelled_early")


def test_a_late_cancel_takes_no_time_wherever_its_session_moves() -> None:
    past = (scheduled(2), with_credits(ANN), late_cancelled(ANN))
    elsewhere = (scheduled(2, OTHER), reserved(ANN, OTHER, starts_at=NOON + 2 * HOUR))
    given(*past, *elsewhere).when(moving(2 * HOUR), LATE + MINUTE).then(
        fact(SessionRescheduled), fact(SessionsPlaced), fact(HoldMoved, overlaps=())
    )
