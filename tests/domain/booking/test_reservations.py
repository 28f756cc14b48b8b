"""Taking a seat: every reason to refuse, in order, and what is recorded when it is given."""

from datetime import timedelta

import pytest

from contracts.booking import (
    AttendanceFinalized,
    BookClass,
    BookingCode,
    CreditHeld,
    GrantKind,
    LineJoined,
    ReservationMade,
    ReservationSource,
    SessionCancelled,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromotionSkipped,
)
from contracts.envelope import Event
from services.booking.ledgers import LedgerNotOpen
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
    OTHER,
    SES,
    given,
    grant_of,
    granted,
    late_cancelled,
    opened,
    reservation_of,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

BOOK = BookClass(session_id=SES, client_id=ANN)
OR_WAIT = BookClass(session_id=SES, client_id=ANN, or_waitlist=True)
READY: tuple[Event | tuple[Event, ...], ...] = (scheduled(1), with_credits(ANN, BEN, CAT))
SKIPPED = WaitlistPromotionSkipped(
    session_id=SES, client_id=BEN, reason=BookingCode.NO_ENTITLEMENT, policy_version=1
)


def test_a_free_seat_is_reserved_and_a_credit_held_with_the_facts() -> None:
    given(*READY).when(BOOK, DAY_BEFORE, "client:ann", "member").then(
        fact(
            ReservationMade, client_id=ANN, source=ReservationSource.BOOKED,
            grant_id=grant_of(ANN), grant_kind=GrantKind.PACK, free_until=LATE,
            policy_version=1, seats_taken=1, capacity=1,
        ),
        fact(
            CreditHeld, client_id=ANN, grant_id=grant_of(ANN), session_id=SES, credits=1,
            starts_at=NOON, ends_at=NOON + HOUR,
        ),
    ).then_answered(status="reserved", free_until=LATE)  # fmt: skip


def test_staff_books_for_a_client() -> None:
    given(*READY).when(BOOK, DAY_BEFORE, "staff:x", "front_desk").then(
        fact(ReservationMade, source=ReservationSource.STAFF), fact(CreditHeld)
    )


def test_an_unlimited_grant_holds_the_time_but_no_credit() -> None:
    given(scheduled(), opened(ANN), granted(ANN, 0)).when(BOOK, DAY_BEFORE).then(
        fact(ReservationMade, grant_kind=GrantKind.UNLIMITED), fact(CreditHeld, credits=0)
    )


def test_a_seat_can_be_taken_again_after_an_early_cancel() -> None:
    given(*READY).when(BOOK, DAY_BEFORE).then_answered(status="reserved")


@pytest.mark.parametrize(
    ("past", "code"),
    [
        ((), BookingCode.SESSION_NOT_FOUND),
        (
            (*READY, SessionCancelled(session_id=SES, reason="rain")),
            BookingCode.SESSION_CANCELLED,
        ),
        (
            (*READY, AttendanceFinalized(session_id=SES, attended=0, no_shows=0, late_cancels=0)),
            BookingCode.SESSION_FINALIZED,
        ),
        ((*READY, reserved(ANN)), BookingCode.ALREADY_BOOKED),
        ((*READY, reserved(BEN), waiting(ANN, 1)), BookingCode.ALREADY_WAITLISTED),
        ((*READY, late_cancelled(ANN)), BookingCode.LATE_CANCELLED),
        ((scheduled(), opened(ANN)), BookingCode.NO_ENTITLEMENT),
        ((*READY, reserved(BEN)), BookingCode.SESSION_FULL),
        ((*READY, waiting(BEN, 1)), BookingCode.WAITLIST_HAS_PRIORITY),
    ],
)
def test_a_seat_is_refused_for_a_reason(past: tuple[Event, ...], code: BookingCode) -> None:
    given(*past).when(BOOK, DAY_BEFORE).then_refused(code)


def test_a_refusal_tells_the_seat_the_client_has() -> None:
    given(*READY, reserved(ANN)).when(BOOK, DAY_BEFORE).then_refused(
        BookingCode.ALREADY_BOOKED, field="client_id", reservation_id=str(reservation_of(ANN))
    )


def test_a_refusal_tells_the_place_in_line() -> None:
    past = (*READY, reserved(BEN), waiting(CAT, 1), waiting(ANN, 2))
    given(*past).when(BOOK, DAY_BEFORE).then_refused(
        BookingCode.ALREADY_WAITLISTED, waitlist_position=2
    )


def test_a_client_booking_is_not_aware_of_has_no_ledger() -> None:
    with pytest.raises(LedgerNotOpen):
        given(scheduled()).when(BOOK, DAY_BEFORE)


WEEK_BEFORE = NOON - timedelta(days=7)


def test_before_the_window_a_client_is_told_when_it_opens() -> None:
    given(*READY).when(BOOK, WEEK_BEFORE - MINUTE, "client:ann", "member").then_refused(
        BookingCode.WINDOW_NOT_OPEN, field="session_id", opens_at=WEEK_BEFORE.isoformat()
    )


def test_the_window_opens_on_the_instant() -> None:
    given(*READY).when(BOOK, WEEK_BEFORE, "client:ann", "member").then_answered(status="reserved")


def test_the_desk_may_book_before_the_window_opens() -> None:
    why = BOOK.model_copy(update={"reason": "new here"})
    given(*READY).when(why, WEEK_BEFORE - MINUTE, "staff:x", "front_desk").then_answered(
        status="reserved"
    )


@pytest.mark.parametrize("role", ["member", "owner"])
def test_nobody_books_once_booking_has_closed(role: str) -> None:
    past = (scheduled(closes_minutes_before=30), with_credits(ANN))
    given(*past).when(BOOK, NOON - 31 * MINUTE, "x:y", role).then_answered(status="reserved")
    given(*past).when(BOOK, NOON - 30 * MINUTE, "x:y", role).then_refused(
        BookingCode.BOOKING_CLOSED, closed_at=(NOON - 30 * MINUTE).isoformat()
    )


@pytest.mark.parametrize("apart", [-59, 0, 59])
def test_nobody_is_in_two_places_at_once(apart: int) -> None:
    start = NOON + apart * MINUTE
    past = (*READY, scheduled(5, OTHER, start), reserved(ANN, OTHER, starts_at=start))
    given(*past).when(BOOK, DAY_BEFORE).then_refused(
        BookingCode.OVERLAP, session_id=str(OTHER), starts_at=start.isoformat()
    )


@pytest.mark.parametrize("apart", [-60, 60])
def test_one_session_may_begin_when_the_other_ends(apart: int) -> None:
    start = NOON + apart * MINUTE
    past = (*READY, scheduled(5, OTHER, start), reserved(ANN, OTHER, starts_at=start))
    given(*past).when(BOOK, DAY_BEFORE).then_answered(status="reserved")


def test_a_late_cancelled_seat_elsewhere_is_no_overlap() -> None:
    past = (*READY, scheduled(5, OTHER), late_cancelled(ANN, OTHER))
    given(*past).when(BOOK, NOON - HOUR).then_answered(status="reserved")


def test_a_credit_held_for_another_session_is_not_there() -> None:
    start = NOON + 5 * HOUR
    past = (
        scheduled(), scheduled(5, OTHER, start), with_credits(ANN, credits=1),
        reserved(ANN, OTHER, starts_at=start),
    )  # fmt: skip
    given(*past).when(BOOK, DAY_BEFORE).then_refused(
        BookingCode.NO_ENTITLEMENT, field="client_id", covering=1
    )


def test_a_full_session_is_told_with_its_numbers() -> None:
    given(*READY, reserved(BEN)).when(BOOK, DAY_BEFORE).then_refused(
        BookingCode.SESSION_FULL, capacity=1, seats_taken=1, waiting=0
    )


def test_whoever_says_so_joins_the_line_of_a_full_session() -> None:
    given(*READY, reserved(BEN)).when(OR_WAIT, DAY_BEFORE).then(
        fact(WaitlistJoined, client_id=ANN, seq=1), fact(LineJoined, client_id=ANN)
    ).then_answered(status="waiting", waitlist_position=1)


def test_whoever_says_so_takes_a_free_seat_rather_than_a_place_in_line() -> None:
    given(*READY).when(OR_WAIT, DAY_BEFORE).then_answered(status="reserved")


def test_a_seat_beside_clients_who_cannot_take_it_is_free_to_book() -> None:
    given(*READY, waiting(BEN, 1), SKIPPED).when(BOOK, DAY_BEFORE).then_answered(status="reserved")


def test_when_promotion_has_ended_a_waiting_client_claims_a_free_seat() -> None:
    given(*READY, waiting(BEN, 1), waiting(ANN, 2)).when(BOOK, CLAIMS).then(
        fact(WaitlistLeft, client_id=ANN, reason="claimed"),
        fact(ReservationMade, client_id=ANN, source=ReservationSource.CLAIMED),
        fact(CreditHeld, client_id=ANN),
    )


def test_when_promotion_has_ended_anybody_may_be_faster() -> None:
    given(*READY, waiting(BEN, 1)).when(BOOK, CLAIMS).then(
        fact(ReservationMade, source=ReservationSource.BOOKED), fact(CreditHeld)
    )


def test_when_no_seat_is_free_a_waiting_client_cannot_claim_one() -> None:
    given(*READY, reserved(BEN), waiting(ANN, 1)).when(BOOK, CLAIMS).then_refused(
        BookingCode.ALREADY_WAITLISTED
    )
