"""Seats that staff take back, and late cancels that are undone."""

import pytest

from contracts.booking import (
    AttendanceFinalized,
    BookClass,
    BookingCode,
    Cancellation,
    CancelReservation,
    CreditHeld,
    CreditReleased,
    RemoveReservation,
    ReservationCancelled,
    ReservationMade,
    ReservationReinstated,
    SeatsCounted,
    TimeReleased,
    TimeTaken,
    UndoCancel,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    CLAIMS,
    DAN,
    DAY_BEFORE,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    OTHER,
    SES,
    Past,
    checked_in,
    given,
    late_cancelled,
    reserved,
    scheduled,
    waiting,
    with_credits,
    with_room,
)
from tests.scenario import fact

BOOK = BookClass(session_id=SES, client_id=ANN)
MEMBER, DESK = ("client:ann", "member"), ("staff:x", "front_desk")
EVERYBODY = with_credits(ANN, BEN, CAT, DAN)


REMOVE = RemoveReservation(session_id=SES, client_id=ANN, reason="moved to Tuesday")
SEATED: Past = (scheduled(1), EVERYBODY, reserved(ANN))


def test_staff_takes_a_seat_back_and_it_costs_nothing_in_time() -> None:
    given(*SEATED, waiting(BEN, 1)).when(REMOVE, DAY_BEFORE).then(
        fact(ReservationCancelled, kind=Cancellation.STAFF, reason="moved to Tuesday"),
        fact(CreditReleased), fact(WaitlistPromoted), fact(ReservationMade), fact(CreditHeld),
    ).then_answered(status="cancelled_early")  # fmt: skip


def test_late_it_is_a_late_cancel_unless_staff_waives_it_even_after_the_start() -> None:
    given(*SEATED).when(REMOVE, NOON + 30 * MINUTE).then(
        fact(SeatsCounted), fact(ReservationCancelled, kind=Cancellation.LATE), fact(TimeReleased)
    ).then_answered(status="cancelled_late")
    given(*SEATED).when(REMOVE.model_copy(update={"waive": True}), NOON + 30 * MINUTE).then(
        fact(SeatsCounted), fact(ReservationCancelled, kind=Cancellation.STAFF),
        fact(CreditReleased),
    )  # fmt: skip
    given(*SEATED, checked_in(ANN)).when(REMOVE, NOON).then_refused(BookingCode.ALREADY_CHECKED_IN)


UNDO = UndoCancel(session_id=SES, client_id=ANN)
GONE: Past = (scheduled(1), EVERYBODY, late_cancelled(ANN))


def test_a_late_cancel_is_undone_while_the_seat_is_free() -> None:
    given(*GONE).when(UNDO, NOON - MINUTE, *MEMBER).then(
        fact(ReservationReinstated, client_id=ANN, seats_taken=1, free_until=LATE),
        fact(TimeTaken, client_id=ANN),
    ).then_answered(status="reserved")


def test_once_seats_are_there_to_be_claimed_the_line_is_owed_none_of_them() -> None:
    waited: Past = (*GONE, waiting(BEN, 1))
    at_last_offer = CLAIMS - MINUTE
    given(*waited).when(UNDO, at_last_offer, *MEMBER).then_refused(
        BookingCode.WAITLIST_HAS_PRIORITY
    )
    given(*waited).when(UNDO, CLAIMS, *MEMBER).then_answered(status="reserved")


def test_members_undo_until_the_start_and_staff_until_the_books_are_closed() -> None:
    given(*GONE).when(UNDO, NOON, *MEMBER).then_refused(BookingCode.BOOKING_CLOSED)
    given(*GONE).when(UNDO, NOON + HOUR, *DESK).then_answered(status="reserved")
    closed = AttendanceFinalized(session_id=SES, attended=0, no_shows=0, late_cancels=1)
    given(*GONE, closed).when(UNDO, NOON + HOUR, *DESK).then_refused(BookingCode.SESSION_FINALIZED)


def test_what_staff_took_back_only_staff_gives_again() -> None:
    taken = (
        given(*SEATED)
        .when(REMOVE, LATE, *DESK)
        .then(fact(ReservationCancelled, kind=Cancellation.LATE, removed=True), fact(TimeReleased))
    )
    taken.when(UNDO, LATE + MINUTE, *MEMBER).then_refused(BookingCode.FORBIDDEN, field="client_id")
    taken.when(UNDO, LATE + MINUTE, *DESK).then(fact(ReservationReinstated), fact(TimeTaken))
    # Given again it is the client's own to give up, and to take back.
    taken.when(CancelReservation(session_id=SES, client_id=ANN), LATE + 2 * MINUTE, *MEMBER)
    taken.when(UNDO, LATE + 3 * MINUTE, *MEMBER).then_answered(status="reserved")


SKIPPED = WaitlistPromotionSkipped(
    session_id=SES, client_id=BEN, reason=BookingCode.NO_ENTITLEMENT, policy_version=1
)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ((reserved(BEN),), BookingCode.SESSION_FULL),
        ((waiting(BEN, 1),), BookingCode.WAITLIST_HAS_PRIORITY),
        ((scheduled(5, OTHER), reserved(ANN, OTHER)), BookingCode.OVERLAP),
    ],
)
def test_a_late_cancel_stays_when_the_seat_or_the_time_is_gone(
    more: Past, code: BookingCode
) -> None:
    given(*GONE, *more).when(UNDO, LATE - 3 * HOUR, *MEMBER).then_refused(code)


def test_that_a_seat_is_gone_is_told_with_the_same_facts_to_who_would_have_it_back() -> None:
    """The online seat is gone, though there are others."""
    past = (with_room(3, online_capacity=1), EVERYBODY, late_cancelled(ANN), reserved(BEN))
    facts = {"capacity": 3, "seats_taken": 1, "waiting": 0, "online_capacity": 1}
    full = BookingCode.SESSION_FULL
    given(*past).when(UNDO, LATE, *MEMBER).then_refused(full, field="session_id", **facts)
    book = BookClass(session_id=SES, client_id=CAT)
    given(*past).when(book, LATE, *MEMBER).then_refused(full, field="session_id", **facts)


def test_nobody_who_waits_in_the_claim_phase_or_cannot_pay_is_in_the_way() -> None:
    given(*GONE, waiting(BEN, 1)).when(UNDO, CLAIMS, *MEMBER).then_answered(status="reserved")
    given(*GONE, waiting(BEN, 1), SKIPPED).when(UNDO, LATE - 3 * HOUR).then_answered(
        status="reserved"
    )


def test_who_waits_for_a_seat_that_is_online_does_not_wait_for_one_staff_gave() -> None:
    past = (with_room(2, online_capacity=1), EVERYBODY, reserved(BEN), waiting(CAT, 1))
    scenario = given(*past).when(BOOK, DAY_BEFORE, *DESK)
    gives_up = CancelReservation(session_id=SES, client_id=ANN)
    scenario.when(gives_up, LATE).then_answered(status="cancelled_late")
    scenario.when(UNDO, LATE, *MEMBER).then_answered(status="reserved")


def test_only_a_late_cancel_can_be_undone() -> None:
    for past in (SEATED, (scheduled(1), EVERYBODY)):
        given(*past).when(UNDO, DAY_BEFORE).then_refused(BookingCode.NOT_CANCELLED)
