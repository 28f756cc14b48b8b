"""The desk sets a rule aside for one seat: by name, with the reason, and it stays on record."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.decider import Refused
from contracts.booking import (
    AddWalkIn,
    BookClass,
    BookingBanImposed,
    BookingCode,
    CancelReservation,
    CheckedIn,
    CreditHeld,
    CreditReleased,
    LineJoined,
    ReservationCancelled,
    ReservationMade,
    ReservationReinstated,
    SeatsCounted,
    TimeTaken,
    WaitlistJoined,
    WaitlistPromoted,
    WaiverRecorded,
)
from contracts.permissions import MATRIX
from gateway.overrides import BookingOverride
from services.booking.domain.class_session import class_session
from services.booking.domain.overrides import OVERRIDABLE
from services.projections.reasons import OVERRIDDEN
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAY_BEFORE,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    OTHER,
    SES,
    Past,
    given,
    late_cancelled,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

OWNER, DESK, TRAINER = (("staff:x", role) for role in ("owner", "front_desk", "trainer"))
MEMBER = (f"client:{ANN}", "member")
READY: Past = (scheduled(1), with_credits(ANN, BEN, CAT))
BANNED = BookingBanImposed(client_id=ANN, until=None, reason="fight")
ELSEWHERE: Past = (scheduled(5, OTHER), reserved(ANN, OTHER))
WEEK_BEFORE = NOON - timedelta(days=7)


def booking(*codes: BookingCode, reason: str = "twins", **more: Any) -> BookClass:
    return BookClass(session_id=SES, client_id=ANN, overrides=codes, reason=reason, **more)


def walking_in(*codes: BookingCode, reason: str = "twins") -> AddWalkIn:
    return AddWalkIn(session_id=SES, client_id=ANN, overrides=codes, reason=reason)


RULES: list[Any] = [
    ((*READY, BANNED), DAY_BEFORE, BookingCode.BOOKING_BANNED),
    ((scheduled(1, closes_minutes_before=60), *READY[1:]), NOON - MINUTE,
     BookingCode.BOOKING_CLOSED),
    ((*READY, *ELSEWHERE), DAY_BEFORE, BookingCode.OVERLAP),
    ((*READY, reserved(BEN)), DAY_BEFORE, BookingCode.SESSION_FULL),
    ((*READY, waiting(BEN, 1)), DAY_BEFORE, BookingCode.WAITLIST_HAS_PRIORITY),
]  # fmt: skip


@pytest.mark.parametrize(("past", "at", "code"), RULES)
def test_a_rule_that_is_named_is_set_aside_and_on_record(
    past: Past, at: Any, code: BookingCode
) -> None:
    given(*past).when(booking(), at, *OWNER).then_refused(code)
    given(*past).when(booking(code), at, *OWNER).then(
        fact(ReservationMade, client_id=ANN, overrides=(code,), reason="twins"), fact(CreditHeld)
    )


def test_the_limit_of_a_day_is_set_aside() -> None:
    limited = scheduled(1, daily_limit=1)
    start = NOON + 3 * HOUR
    past: Past = (limited, *READY[1:], scheduled(5, OTHER, start))
    scenario = given(*past).when(BookClass(session_id=OTHER, client_id=ANN), DAY_BEFORE)
    scenario.when(booking(), DAY_BEFORE, *DESK).then_refused(BookingCode.DAILY_LIMIT)
    scenario.when(booking(BookingCode.DAILY_LIMIT), DAY_BEFORE, *DESK).then(
        fact(ReservationMade, overrides=(BookingCode.DAILY_LIMIT,)), fact(CreditHeld)
    )


def test_a_seat_elsewhere_at_the_time_is_told_on_the_ledger_too() -> None:
    given(*READY, *ELSEWHERE).when(booking(BookingCode.OVERLAP), DAY_BEFORE, *DESK).then(
        fact(ReservationMade), fact(CreditHeld, overlaps=(OTHER,))
    )


def test_several_rules_are_recorded_in_the_order_of_the_checks_those_that_were_in_the_way() -> None:
    past = (*READY, reserved(BEN), *ELSEWHERE)
    codes = (BookingCode.SESSION_FULL, BookingCode.DAILY_LIMIT, BookingCode.OVERLAP)
    given(*past).when(booking(*codes), DAY_BEFORE, *DESK).then(
        fact(
            ReservationMade, overrides=(BookingCode.OVERLAP, BookingCode.SESSION_FULL),
            overbooked=True,
        ),
        fact(CreditHeld),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("past", "at", "code"),
    [
        ((*READY, reserved(BEN), BANNED), DAY_BEFORE, BookingCode.BOOKING_BANNED),
        ((scheduled(1, closes_minutes_before=60), *READY[1:], reserved(BEN)), NOON - MINUTE,
         BookingCode.BOOKING_CLOSED),
        ((*READY, reserved(BEN), *ELSEWHERE), DAY_BEFORE, BookingCode.OVERLAP),
    ],
)  # fmt: skip
def test_what_a_seat_from_the_line_asks_again_is_not_set_aside_for_a_place_in_it(
    past: Past, at: Any, code: BookingCode
) -> None:
    """It would be lost on the way: nobody's place says that a ban does not count."""
    either = booking(code, or_waitlist=True)
    given(*past).when(either, at, *OWNER).then_refused(code, field="overrides")


def test_nor_is_the_limit_of_a_day() -> None:
    past: Past = (scheduled(1, daily_limit=1), *READY[1:], reserved(BEN))
    scenario = given(*past, scheduled(5, OTHER, NOON + 3 * HOUR))
    scenario.when(BookClass(session_id=OTHER, client_id=ANN), DAY_BEFORE)
    either = booking(BookingCode.DAILY_LIMIT, or_waitlist=True)
    scenario.when(either, DAY_BEFORE, *DESK).then_refused(BookingCode.DAILY_LIMIT)


def test_the_window_and_the_waiver_are_set_aside_for_a_place_in_line_too() -> None:
    asks = scheduled(1).model_copy(update={"waiver_required": True})
    both = (BookingCode.WAIVER_REQUIRED, BookingCode.WINDOW_NOT_OPEN)
    scenario = given(asks, *READY[1:], reserved(BEN))
    scenario.when(booking(or_waitlist=True), WEEK_BEFORE - MINUTE, *DESK).then(
        fact(WaitlistJoined, client_id=ANN, overrides=both, reason="twins"), fact(LineJoined)
    )
    scenario.when(CancelReservation(session_id=SES, client_id=BEN), WEEK_BEFORE - MINUTE).then(
        fact(ReservationCancelled), fact(CreditReleased),
        fact(WaitlistPromoted, client_id=ANN), fact(ReservationMade, client_id=ANN),
        fact(CreditHeld),
    )  # fmt: skip


def test_a_late_cancel_is_taken_back_without_paying_again() -> None:
    past = (*READY, late_cancelled(ANN), reserved(BEN))
    late = booking(BookingCode.LATE_CANCELLED)
    given(*past).when(booking(), LATE, *DESK).then_refused(BookingCode.LATE_CANCELLED)
    given(*past).when(late, LATE, *DESK).then_refused(BookingCode.SESSION_FULL)
    codes = (BookingCode.LATE_CANCELLED, BookingCode.SESSION_FULL)
    scenario = given(*past).when(booking(*codes), LATE, *DESK)
    scenario.then(
        fact(ReservationReinstated, client_id=ANN, overrides=codes, reason="twins", seats_taken=2),
        fact(TimeTaken, client_id=ANN),
    ).then_answered(status="reserved")
    assert ANN not in scenario.gym.state(class_session, SES).late_cancelled


def test_before_the_window_the_desk_books_with_a_reason_and_it_is_on_record() -> None:
    early = WEEK_BEFORE - MINUTE
    given(*READY).when(booking(reason=" "), early, *DESK).then_refused(
        BookingCode.REASON_REQUIRED, field="reason"
    )
    given(*READY).when(booking(), early, *DESK).then(
        fact(ReservationMade, overrides=(BookingCode.WINDOW_NOT_OPEN,), reason="twins"),
        fact(CreditHeld),
    )
    for somebody in (TRAINER, MEMBER):
        given(*READY).when(booking(), early, *somebody).then_refused(BookingCode.WINDOW_NOT_OPEN)


def test_without_a_waiver_staff_books_and_it_is_on_record() -> None:
    past = (scheduled(1).model_copy(update={"waiver_required": True}), *READY[1:])
    given(*past).when(booking(reason=""), DAY_BEFORE, *TRAINER).then(
        fact(ReservationMade, overrides=(BookingCode.WAIVER_REQUIRED,), reason=""),
        fact(CreditHeld),
    )
    signed = WaiverRecorded(client_id=ANN, document="liability")
    given(*past, signed).when(booking(), DAY_BEFORE, *TRAINER).then(
        fact(ReservationMade, overrides=()), fact(CreditHeld)
    )


@pytest.mark.parametrize(
    ("past", "at", "code"),
    [
        ((*READY, BANNED), NOON, BookingCode.BOOKING_BANNED),
        ((*READY, *ELSEWHERE), NOON, BookingCode.OVERLAP),
        ((*READY, reserved(BEN)), NOON - MINUTE, BookingCode.SESSION_FULL),
        (READY, NOON - HOUR, BookingCode.CHECK_IN_NOT_OPEN),
        (READY, NOON + 90 * MINUTE, BookingCode.CHECK_IN_CLOSED),
        ((scheduled(1).model_copy(update={"waiver_required": True}), *READY[1:]), NOON,
         BookingCode.WAIVER_REQUIRED),
    ],
)  # fmt: skip
def test_so_it_is_for_a_walk_in(past: Past, at: Any, code: BookingCode) -> None:
    counted = [fact(SeatsCounted)] if at >= NOON else []
    given(*past).when(walking_in(), at, *OWNER).then_refused(code)
    given(*past).when(walking_in(code), at, *OWNER).then(
        *counted, fact(ReservationMade, overrides=(code,), reason="twins"), fact(CreditHeld),
        fact(CheckedIn),
    )  # fmt: skip


def test_who_gave_up_late_and_came_all_the_same_walks_in() -> None:
    late = walking_in(BookingCode.LATE_CANCELLED)
    given(*READY, late_cancelled(ANN)).when(late, NOON, *DESK).then(
        fact(SeatsCounted), fact(ReservationReinstated), fact(TimeTaken), fact(CheckedIn)
    )


@pytest.mark.parametrize("command", [booking, walking_in])
def test_an_override_asks_for_a_right_and_a_reason(command: Any) -> None:
    past = (*READY, *ELSEWHERE)
    over = command(BookingCode.OVERLAP)
    for somebody in (TRAINER, MEMBER):
        given(*past).when(over, NOON, *somebody).then_refused(
            BookingCode.FORBIDDEN, field="overrides"
        )
    silent = command(BookingCode.OVERLAP, reason="")
    given(*past).when(silent, NOON, *DESK).then_refused(BookingCode.REASON_REQUIRED)


def test_a_ban_is_set_aside_by_whoever_could_lift_it() -> None:
    over = booking(BookingCode.BOOKING_BANNED)
    given(*READY, BANNED).when(over, DAY_BEFORE, *DESK).then_refused(BookingCode.FORBIDDEN)
    erased = BANNED.model_copy(update={"erased": True})
    given(*READY, erased).when(over, DAY_BEFORE, *OWNER).then_refused(BookingCode.BOOKING_BANNED)


@pytest.mark.parametrize("code", sorted(set(BookingCode) - OVERRIDABLE))
def test_what_cannot_be_set_aside_is_refused_by_name(code: BookingCode) -> None:
    given(*READY).when(booking(code), DAY_BEFORE, *OWNER).then_refused(
        BookingCode.FORBIDDEN, field="overrides", codes=[code.value]
    )


def test_what_can_be_set_aside_can_be_asked_for_and_is_told() -> None:
    names = {str(one) for one in OVERRIDABLE}
    assert names == {one.value for one in BookingOverride} == set(OVERRIDDEN)


@pytest.mark.parametrize(
    ("right", "command", "past", "at"),
    [
        ("booking.book_early", booking(), READY, WEEK_BEFORE - MINUTE),
        ("booking.book_closed", booking(BookingCode.BOOKING_CLOSED),
         (scheduled(1, closes_minutes_before=60), *READY[1:]), NOON - MINUTE),
        ("booking.overbook", booking(overbook=True), (*READY, reserved(BEN)), DAY_BEFORE),
        ("booking.override_ban", booking(BookingCode.BOOKING_BANNED), (*READY, BANNED), DAY_BEFORE),
        ("booking.override", booking(BookingCode.OVERLAP), (*READY, *ELSEWHERE), DAY_BEFORE),
    ],
)  # fmt: skip
def test_who_may_set_a_rule_aside_is_in_the_matrix(
    monkeypatch: pytest.MonkeyPatch, right: str, command: BookClass, past: Past, at: Any
) -> None:
    given(*past).when(command, at, *OWNER).then(fact(ReservationMade), fact(CreditHeld))
    monkeypatch.setitem(MATRIX, right, frozenset({"trainer"}))
    refused = given(*past).when(command, at, *OWNER).outcome
    assert isinstance(refused, Refused)
    given(*past).when(command, at, *TRAINER).then(fact(ReservationMade), fact(CreditHeld))
