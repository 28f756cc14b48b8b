"""Giving up a seat: early, late, with grace, and who gets it."""

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    Cancellation,
    CancelReservation,
    ClaimsOpened,
    CreditHeld,
    CreditReleased,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SessionCancelled,
    TimeReleased,
    WaitlistPromoted,
)
from contracts.envelope import Event
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    CLAIMS,
    DAY_BEFORE,
    HOUR,
    LATE,
    MINUTE,
    NOON,
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
from tests.scenario import fact

CANCEL = CancelReservation(session_id=SES, client_id=ANN)
BOOK = BookClass(session_id=SES, client_id=ANN)
SEATED: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(1), with_credits(ANN, BEN, CAT), reserved(ANN),
)  # fmt: skip


def test_until_the_last_free_moment_a_cancel_is_early_and_the_credit_comes_back() -> None:
    given(*SEATED).when(CANCEL, LATE - MINUTE).then(
        fact(
            ReservationCancelled, client_id=ANN, kind=Cancellation.EARLY, free_until=LATE,
            reservation_id=reservation_of(ANN), policy_version=1, seats_taken=0,
        ),
        fact(CreditReleased, client_id=ANN, reservation_id=reservation_of(ANN), credits=1),
    ).then_answered(status="cancelled_early")  # fmt: skip


def test_from_the_deadline_on_a_cancel_is_late_and_the_credit_stays_held() -> None:
    given(*SEATED).when(CANCEL, LATE).then(
        fact(ReservationCancelled, kind=Cancellation.LATE, seats_taken=0),
        fact(TimeReleased, client_id=ANN, reservation_id=reservation_of(ANN)),
    ).then_answered(status="cancelled_late")


def test_whoever_booked_late_may_leave_freely_for_a_while() -> None:
    past = (scheduled(), with_credits(ANN))
    booked = given(*past).when(BOOK, NOON - HOUR)
    booked.when(CANCEL, NOON - 51 * MINUTE).then_answered(status="cancelled_early")
    booked = given(*past).when(BOOK, NOON - HOUR)
    booked.when(CANCEL, NOON - 50 * MINUTE).then_answered(status="cancelled_late")


def test_after_an_early_cancel_the_client_may_come_back() -> None:
    given(*SEATED).when(CANCEL, DAY_BEFORE).when(BOOK, DAY_BEFORE).then_answered(status="reserved")


def test_a_freed_seat_goes_to_the_first_in_line_at_once() -> None:
    given(*SEATED, waiting(BEN, 1), waiting(CAT, 2)).when(CANCEL, DAY_BEFORE).then(
        fact(ReservationCancelled, client_id=ANN, seats_taken=0),
        fact(CreditReleased, client_id=ANN),
        fact(WaitlistPromoted, client_id=BEN, seq=1, passed_over=(), policy_version=1),
        fact(
            ReservationMade, client_id=BEN, source=ReservationSource.PROMOTED, free_until=LATE,
            seats_taken=1,
        ),
        fact(CreditHeld, client_id=BEN, session_id=SES),
    )  # fmt: skip


def test_when_promotion_has_ended_a_freed_seat_waits_to_be_claimed() -> None:
    given(*SEATED, waiting(BEN, 1)).when(CANCEL, CLAIMS).then(
        fact(ReservationCancelled, client_id=ANN, kind=Cancellation.LATE),
        fact(TimeReleased, client_id=ANN),
        fact(ClaimsOpened, free_seats=1, waiting=(BEN,)),
    )


def test_until_shortly_after_the_start_a_cancel_is_taken() -> None:
    given(*SEATED).when(CANCEL, NOON + 9 * MINUTE).then_answered(status="cancelled_late")
    given(*SEATED).when(CANCEL, NOON + 10 * MINUTE).then_refused(
        BookingCode.CANCELLATION_CLOSED, closed_at=(NOON + 10 * MINUTE).isoformat()
    )


@pytest.mark.parametrize(
    ("past", "code"),
    [
        ((), BookingCode.SESSION_NOT_FOUND),
        ((scheduled(),), BookingCode.NOT_BOOKED),
        ((scheduled(), with_credits(ANN), late_cancelled(ANN)), BookingCode.LATE_CANCELLED),
        ((*SEATED, checked_in(ANN)), BookingCode.ALREADY_CHECKED_IN),
        ((*SEATED, SessionCancelled(session_id=SES, reason="rain")), BookingCode.SESSION_CANCELLED),
    ],
)
def test_a_cancel_is_refused_for_a_reason(past: tuple[Event, ...], code: BookingCode) -> None:
    given(*past).when(CANCEL, NOON - HOUR).then_refused(code)
