"""A client is erased: what they had booked others may have, and nothing is charged for it."""

from datetime import datetime
from typing import Any

from contracts.booking import (
    Attendance,
    BarErasedClient,
    BookClass,
    BookingBanImposed,
    BookingPolicy,
    Cancellation,
    CancelReservation,
    CheckIn,
    CheckInUndone,
    CollectFee,
    ContestFee,
    CorrectAttendance,
    CreditForfeited,
    CreditHeld,
    CreditReleased,
    FeeAssessed,
    FeeContestResolved,
    FeeDue,
    FeeReversed,
    FeeWaived,
    FinalizeAttendance,
    LineJoined,
    MarkedNoShow,
    ReservationCancelled,
    ReservationMade,
    ResolveContest,
    SeatsCounted,
    SpotOffered,
    UndoCheckIn,
    ViolationRecorded,
    WaitlistLeft,
    WaitlistPromoted,
    WaiveFee,
)
from contracts.envelope import Event
from contracts.ids import ReservationId, SessionId
from contracts.money import Price
from contracts.timetable import PublishBookingPolicy
from services.booking.domain.client_ledger import client_ledger
from services.booking.domain.penalty import client_penalties
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAY_BEFORE,
    FAR,
    HOUR,
    LATE,
    NOON,
    OFFERS,
    OTHER,
    SES,
    checked_in,
    given,
    granted,
    opened,
    reservation_of,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import Scenario, fact

ERASE = BarErasedClient(client_id=ANN)
CLOSE = FinalizeAttendance(session_id=SES)
FEE = Price(minor=2000, currency="EUR")
KNOWN: tuple[Event | tuple[Event, ...], ...] = (scheduled(1), with_credits(ANN, BEN, CAT))


def in_line(session: SessionId, starts_at: datetime, seq: int = 1) -> tuple[Event, ...]:
    """Ann stands in line there."""
    told = LineJoined(client_id=ANN, session_id=session, starts_at=starts_at, joined_at=DAY_BEFORE)
    return waiting(ANN, seq, session), told


def booked() -> Scenario:
    """Ann has a seat; a no-show and a late cancel would cost her a fee."""
    rules: dict[str, Any] = {"no_show_fee": FEE, "late_cancel_fee": FEE, "free_passes": 0}
    scenario = given(scheduled(3, **rules), opened(ANN), granted(ANN, 0))
    return scenario.when(BookClass(session_id=SES, client_id=ANN), DAY_BEFORE)


def must_owe_nothing(scenario: Scenario) -> None:
    assert not any(isinstance(e, FeeAssessed | ViolationRecorded) for e in scenario.gym.log)


def test_a_seat_ahead_goes_to_the_line_and_the_credit_is_released() -> None:
    scenario = given(*KNOWN, reserved(ANN), waiting(BEN, 1)).when(ERASE, DAY_BEFORE)
    scenario.then(
        fact(BookingBanImposed, client_id=ANN, erased=True),
        fact(
            ReservationCancelled, client_id=ANN, kind=Cancellation.STAFF, reason="erased",
            seats_taken=0, removed=True,
        ),
        fact(CreditReleased, client_id=ANN, reservation_id=reservation_of(ANN)),
        fact(WaitlistPromoted, client_id=BEN), fact(ReservationMade, client_id=BEN),
        fact(CreditHeld, client_id=BEN),
    )  # fmt: skip
    scenario.when(ERASE, DAY_BEFORE).then_nothing()


def test_all_seats_are_given_up_even_when_it_would_be_late() -> None:
    later = NOON + 30 * HOUR
    scenario = given(
        *KNOWN, scheduled(1, OTHER, later), reserved(ANN),
        reserved(ANN, OTHER, starts_at=later, free_until=later - 2 * HOUR),
    ).when(ERASE, LATE)  # fmt: skip
    scenario.then(
        fact(BookingBanImposed),
        fact(ReservationCancelled, session_id=SES, kind=Cancellation.STAFF), fact(CreditReleased),
        fact(ReservationCancelled, session_id=OTHER, kind=Cancellation.STAFF), fact(CreditReleased),
    )  # fmt: skip
    assert scenario.gym.state(client_ledger, ANN).holds == {}


def test_lines_are_left_and_a_seat_held_is_offered_to_the_next() -> None:
    offer = SpotOffered(
        session_id=SES, client_id=ANN, seq=1, expires_at=OFFERS + HOUR / 4, policy_version=1
    )
    scenario = given(
        *KNOWN, in_line(SES, NOON), waiting(BEN, 2), offer, scheduled(1, FAR, NOON + 48 * HOUR),
        reserved(CAT, FAR, starts_at=NOON + 48 * HOUR), in_line(FAR, NOON + 48 * HOUR),
    ).when(ERASE, OFFERS)  # fmt: skip
    scenario.then(
        fact(BookingBanImposed),
        fact(WaitlistLeft, session_id=SES, client_id=ANN, reason="erased"),
        fact(WaitlistLeft, session_id=FAR, client_id=ANN, reason="erased"),
        fact(SpotOffered, session_id=SES, client_id=BEN),
    )  # fmt: skip


def test_whoever_was_erased_after_the_start_is_no_no_show() -> None:
    """The seat was taken at the start, and counted so; nobody is charged for it."""
    scenario = booked().when(ERASE, NOON + HOUR / 2)
    scenario.then(
        fact(BookingBanImposed), fact(SeatsCounted, empty_seats=2), fact(ReservationCancelled),
        fact(CreditReleased),
    )  # fmt: skip
    must_owe_nothing(scenario.when(CLOSE, NOON + HOUR))


def test_a_seat_given_up_late_before_is_judged_no_more() -> None:
    cancel = CancelReservation(session_id=SES, client_id=ANN)
    scenario = booked().when(cancel, NOON - HOUR).when(ERASE, NOON - HOUR)
    scenario.then(fact(BookingBanImposed))
    scenario.when(CLOSE, NOON + HOUR)
    assert any(isinstance(e, CreditForfeited) for e in scenario.gym.log)
    must_owe_nothing(scenario)


def test_who_is_in_the_class_stays_and_books_put_right_later_ask_for_nothing() -> None:
    here = CheckIn(session_id=SES, client_id=ANN)
    scenario = booked().when(here, NOON).when(ERASE, NOON + HOUR / 2)
    scenario.then(fact(BookingBanImposed))
    scenario.when(CLOSE, NOON + HOUR)
    wrong = CorrectAttendance(
        session_id=SES, client_id=ANN, becomes=Attendance.NO_SHOW, reason="somebody else"
    )
    must_owe_nothing(scenario.when(wrong, NOON + 2 * HOUR))


def test_who_was_not_in_the_class_after_all_leaves_the_seat_to_the_line() -> None:
    undo = UndoCheckIn(session_id=SES, client_id=ANN)
    scenario = given(*KNOWN, reserved(ANN), checked_in(ANN), waiting(BEN, 1))
    scenario.when(ERASE, DAY_BEFORE).then(fact(BookingBanImposed)).when(undo, DAY_BEFORE).then(
        fact(CheckInUndone, client_id=ANN),
        fact(ReservationCancelled, client_id=ANN, kind=Cancellation.STAFF, reason="erased"),
        fact(CreditReleased, client_id=ANN), fact(WaitlistPromoted, client_id=BEN),
        fact(ReservationMade, client_id=BEN), fact(CreditHeld, client_id=BEN),
    ).then_answered(status="cancelled_early", reservation_id=reservation_of(ANN))  # fmt: skip


def test_nor_are_they_a_no_show_when_the_books_close() -> None:
    here, undo = CheckIn(session_id=SES, client_id=ANN), UndoCheckIn(session_id=SES, client_id=ANN)
    scenario = booked().when(here, NOON).when(ERASE, NOON + HOUR / 2).when(undo, NOON + HOUR / 2)
    scenario.when(CLOSE, NOON + HOUR)
    must_owe_nothing(scenario)
    assert scenario.gym.state(client_ledger, ANN).holds == {}
    assert not any(isinstance(e, MarkedNoShow | CreditForfeited) for e in scenario.gym.log)


def test_a_receipt_names_the_most_lenient_rules_until_when_the_seat_was_free() -> None:
    scenario = given(*KNOWN, reserved(ANN, free_until=LATE))
    lenient = BookingPolicy(late_cancel_minutes=30)
    scenario.when(PublishBookingPolicy(policy=lenient), DAY_BEFORE, "staff:x", "owner")
    scenario.when(ERASE, DAY_BEFORE + HOUR).then(
        fact(BookingBanImposed), fact(ReservationCancelled, free_until=NOON - HOUR / 2),
        fact(CreditReleased),
    )  # fmt: skip


def test_nobody_else_loses_anything() -> None:
    scenario = given(*KNOWN, reserved(BEN), waiting(CAT, 1)).when(ERASE, DAY_BEFORE)
    scenario.then(fact(BookingBanImposed, erased=True))


def assessed() -> Scenario:
    """Ann did not come, and a fee waits to be waived; Ben has no part in it."""
    scenario = booked().when(CLOSE, NOON + HOUR)
    assert any(isinstance(e, FeeAssessed) for e in scenario.gym.log)
    return scenario


def pending(scenario: Scenario) -> ReservationId:
    [(key, _)] = scenario.gym.state(client_penalties, ANN).cases.items()
    return key  # type: ignore[no-any-return]


def test_a_pending_fee_is_waived_with_a_reason_of_its_own_and_never_falls_due() -> None:
    scenario = assessed()
    one = pending(scenario)
    scenario.when(ERASE, NOON + 2 * HOUR).then(
        fact(BookingBanImposed, erased=True),
        fact(FeeWaived, client_id=ANN, reservation_id=one, reason="erased", policy_version=1),
    )
    assert not [c for _, c in scenario.gym.deadlines.values() if isinstance(c, CollectFee)]
    collect = CollectFee(client_id=ANN, reservation_id=one)
    scenario.when(collect, NOON + 48 * HOUR).then_nothing()
    scenario.when(ERASE, NOON + 48 * HOUR).then_nothing()


def test_a_contest_nobody_is_left_to_lead_is_settled_with_it() -> None:
    scenario = assessed()
    contest = ContestFee(client_id=ANN, reservation_id=pending(scenario), reason="was there")
    scenario.when(contest, NOON + 2 * HOUR).when(ERASE, NOON + 3 * HOUR).then(
        fact(BookingBanImposed), fact(FeeContestResolved, fee_stands=False, reason="erased"),
        fact(FeeWaived, reason="erased"),
    )  # fmt: skip


BARRED = BookingBanImposed(client_id=ANN, until=None, reason="erased", erased=True)
"""All that erasing did with fees at first: nothing."""


def test_who_was_erased_when_fees_were_left_pending_is_not_asked_for_them() -> None:
    scenario = assessed()
    one = pending(scenario)
    scenario.gym.happened(BARRED)
    collect = CollectFee(client_id=ANN, reservation_id=one)
    scenario.when(collect, NOON + 25 * HOUR).then(
        fact(FeeWaived, reservation_id=one, reason="erased", by="staff:x")
    )
    scenario.when(collect, NOON + 26 * HOUR).then_nothing()


def test_nor_for_one_that_they_had_contested_whatever_the_verdict() -> None:
    contest, verdict = {"reason": "was there"}, {"reason": "was not", "fee_stands": True}
    unheard, heard = assessed(), assessed()
    for scenario in (unheard, heard):
        named = {"client_id": ANN, "reservation_id": pending(scenario)}
        scenario.when(ContestFee(**named, **contest), NOON + 2 * HOUR)
        scenario.gym.happened(BARRED)
    collect = CollectFee(client_id=ANN, reservation_id=pending(unheard))
    unheard.when(collect, NOON + 25 * HOUR).then(
        fact(FeeContestResolved, fee_stands=False, reason="erased"),
        fact(FeeWaived, reason="erased"),
    )
    resolve = ResolveContest(client_id=ANN, reservation_id=pending(heard), **verdict)
    heard.when(resolve, NOON + 48 * HOUR).then(
        fact(FeeContestResolved, fee_stands=True), fact(FeeWaived, reason="erased")
    )


def test_a_fee_that_is_due_stays_in_the_books() -> None:
    scenario = assessed()
    collect = CollectFee(client_id=ANN, reservation_id=pending(scenario))
    scenario.when(collect, NOON + 48 * HOUR).then(fact(FeeDue))
    scenario.when(ERASE, NOON + 49 * HOUR).then(fact(BookingBanImposed))


def contested_when_due() -> tuple[Scenario, dict[str, Any]]:
    """Ann says that a fee is wrong which is on its way to an invoice; then she is erased."""
    scenario = assessed()
    named = {"client_id": ANN, "reservation_id": pending(scenario)}
    scenario.when(CollectFee(**named), NOON + 48 * HOUR).then(fact(FeeDue))
    scenario.when(ContestFee(**named, reason="was there"), NOON + 49 * HOUR)
    scenario.when(ERASE, NOON + 50 * HOUR).then(fact(BookingBanImposed))
    return scenario, named


def test_a_contest_of_a_fee_that_is_due_is_decided_by_the_gym_all_the_same() -> None:
    """It may be on an issued invoice, of which nothing is taken back but by somebody's word."""
    wrong, named = contested_when_due()
    falls = ResolveContest(**named, fee_stands=False, reason="was there")
    wrong.when(falls, NOON + 72 * HOUR).then(
        fact(FeeContestResolved, fee_stands=False, reason="was there"),
        fact(FeeReversed, was_due=True, reason="was there"),
    )
    right, named = contested_when_due()
    stands = ResolveContest(**named, fee_stands=True, reason="was not")
    right.when(stands, NOON + 72 * HOUR).then(fact(FeeContestResolved, fee_stands=True))


def test_a_fee_somebody_waived_before_is_no_news() -> None:
    scenario = assessed()
    waive = WaiveFee(client_id=ANN, reservation_id=pending(scenario), reason="first time")
    scenario.when(waive, NOON + 2 * HOUR)
    scenario.when(ERASE, NOON + 3 * HOUR).then(fact(BookingBanImposed))
