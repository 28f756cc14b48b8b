"""The line: who may stand in it, who is promoted, who is passed over, when it dissolves."""

from datetime import timedelta

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    CancelReservation,
    CapacityChanged,
    ChangeCapacity,
    ClaimSpot,
    CloseWaitlist,
    CreditHeld,
    CreditReleased,
    CreditsGranted,
    EndEntitlement,
    EntitlementEnded,
    GrantCredits,
    JoinWaitlist,
    LeaveWaitlist,
    LineJoined,
    PromoteNow,
    PromotionMissed,
    ReservationCancelled,
    ReservationMade,
    SeatsCounted,
    SessionCancelled,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.envelope import Event
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    CLAIMS,
    DAN,
    DAY_BEFORE,
    HOUR,
    MINUTE,
    NOON,
    OTHER,
    SES,
    given,
    grant_of,
    granted,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

JOIN = JoinWaitlist(session_id=SES, client_id=BEN)
CANCEL = CancelReservation(session_id=SES, client_id=ANN)
CLAIM = ClaimSpot(session_id=SES, client_id=BEN)
NOW = PromoteNow(session_id=SES, client_id=BEN, reason="birthday")
EARLY = NOON - timedelta(days=8)  # before booking opens
FULL: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(1, waitlist_uncapped=True), with_credits(ANN, BEN, CAT, DAN), reserved(ANN),
)  # fmt: skip
POOR_BEN = (scheduled(1), with_credits(ANN, CAT), opened(BEN), reserved(ANN), waiting(BEN, 1))
PASSED_OVER = (
    WaitlistPromotionSkipped(
        session_id=SES, client_id=BEN, reason=BookingCode.NO_ENTITLEMENT, policy_version=1
    ),
    PromotionMissed(client_id=BEN, session_id=SES, reason=BookingCode.NO_ENTITLEMENT),
)


def test_joiners_stand_in_the_order_they_came_and_hold_nothing() -> None:
    given(*FULL, waiting(CAT, 1)).when(JOIN, DAY_BEFORE).then(
        fact(WaitlistJoined, client_id=BEN, seq=2, policy_version=1),
        fact(LineJoined, client_id=BEN, session_id=SES, starts_at=NOON, joined_at=DAY_BEFORE),
    ).then_answered(status="waiting", waitlist_position=2)


def test_whoever_left_and_joins_again_stands_last() -> None:
    left = WaitlistLeft(session_id=SES, client_id=BEN, reason="left")
    past = (*FULL, waiting(BEN, 1), waiting(CAT, 2), left)
    given(*past).when(JOIN, DAY_BEFORE).then(
        fact(WaitlistJoined, seq=3), fact(LineJoined)
    ).then_answered(waitlist_position=2)


def test_a_line_may_overlap_a_seat_elsewhere() -> None:
    past = (*FULL, scheduled(5, OTHER), reserved(BEN, OTHER))
    given(*past).when(JOIN, DAY_BEFORE).then_answered(status="waiting")


@pytest.mark.parametrize(
    ("past", "code"),
    [
        ((), BookingCode.SESSION_NOT_FOUND),
        ((*FULL, SessionCancelled(session_id=SES, reason="x")), BookingCode.SESSION_CANCELLED),
        ((scheduled(1), with_credits(BEN), reserved(BEN)), BookingCode.ALREADY_BOOKED),
        ((*FULL, waiting(BEN, 1)), BookingCode.ALREADY_WAITLISTED),
        ((*FULL, late_cancelled(BEN)), BookingCode.LATE_CANCELLED),
        ((scheduled(1), with_credits(BEN)), BookingCode.WAITLIST_NOT_NEEDED),
        (
            (scheduled(1), with_credits(ANN, BEN), reserved(ANN), waiting(CAT, 1)),
            BookingCode.WAITLIST_FULL,
        ),
        (
            (scheduled(1), with_credits(ANN), reserved(ANN), opened(BEN)),
            BookingCode.NO_ENTITLEMENT,
        ),
    ],
)
def test_a_place_in_line_is_refused_for_a_reason(
    past: tuple[Event | tuple[Event, ...], ...], code: BookingCode
) -> None:
    given(*past).when(JOIN, DAY_BEFORE).then_refused(code)


def test_the_line_opens_and_closes_with_booking() -> None:
    given(*FULL).when(JOIN, EARLY, "client:b", "member").then_refused(BookingCode.WINDOW_NOT_OPEN)
    given(*FULL).when(JOIN, NOON).then_refused(BookingCode.BOOKING_CLOSED)


@pytest.mark.parametrize("role", ["trainer", "member"])
def test_a_trainer_waits_for_the_line_to_open_as_members_do(role: str) -> None:
    hasty = JOIN.model_copy(update={"reason": "vip"})
    given(*FULL).when(hasty, EARLY, f"client:{BEN}", role).then_refused(BookingCode.WINDOW_NOT_OPEN)


def test_before_the_window_the_desk_joins_with_a_reason_and_it_is_on_record() -> None:
    desk = ("staff:x", "front_desk")
    given(*FULL).when(JOIN, EARLY, *desk).then_refused(BookingCode.REASON_REQUIRED, field="reason")
    hasty = JOIN.model_copy(update={"reason": "vip"})
    given(*FULL).when(hasty, EARLY, *desk).then(
        fact(WaitlistJoined, overrides=(BookingCode.WINDOW_NOT_OPEN,), reason="vip"),
        fact(LineJoined),
    )
    given(*FULL).when(hasty, DAY_BEFORE, *desk).then(
        fact(WaitlistJoined, overrides=(), reason="vip"), fact(LineJoined)
    )


def test_without_a_waiver_staff_joins_and_it_is_on_record() -> None:
    asks = FULL[0].model_copy(update={"waiver_required": True})  # type: ignore[union-attr]
    past = (asks, *FULL[1:])
    given(*past).when(JOIN, DAY_BEFORE, f"client:{BEN}", "member").then_refused(
        BookingCode.WAIVER_REQUIRED
    )
    given(*past).when(JOIN, DAY_BEFORE, "staff:x", "trainer").then(
        fact(WaitlistJoined, overrides=(BookingCode.WAIVER_REQUIRED,), reason=""), fact(LineJoined)
    )


def test_a_waiting_client_with_a_free_seat_to_claim_is_in_line_already() -> None:
    past = (scheduled(1), with_credits(BEN), waiting(BEN, 1))
    given(*past).when(JOIN, CLAIMS).then_refused(BookingCode.ALREADY_WAITLISTED)


def test_leaving_the_line_is_free() -> None:
    leave = LeaveWaitlist(session_id=SES, client_id=BEN)
    given(*FULL, waiting(BEN, 1)).when(leave, NOON - MINUTE).then(
        fact(WaitlistLeft, client_id=BEN, reason="left")
    ).then_answered(status="left")
    given(*FULL).when(leave, DAY_BEFORE).then_refused(BookingCode.NOT_WAITLISTED)


def test_who_cannot_pay_any_more_is_passed_over_and_keeps_the_place() -> None:
    scenario = given(*POOR_BEN, waiting(CAT, 2)).when(CANCEL, DAY_BEFORE)
    scenario.then(
        fact(ReservationCancelled, client_id=ANN),
        fact(CreditReleased, client_id=ANN),
        fact(WaitlistPromotionSkipped, client_id=BEN, reason=BookingCode.NO_ENTITLEMENT),
        fact(PromotionMissed, client_id=BEN, session_id=SES, reason=BookingCode.NO_ENTITLEMENT),
        fact(WaitlistPromoted, client_id=CAT, seq=2, passed_over=(BEN,)),
        fact(ReservationMade, client_id=CAT),
        fact(CreditHeld, client_id=CAT),
    )
    scenario.when(JOIN, DAY_BEFORE).then_refused(
        BookingCode.ALREADY_WAITLISTED, waitlist_position=1
    )


def test_who_is_busy_then_is_passed_over() -> None:
    past = (*FULL, waiting(BEN, 1), scheduled(5, OTHER), reserved(BEN, OTHER))
    given(*past).when(CANCEL, DAY_BEFORE).then(
        fact(ReservationCancelled),
        fact(CreditReleased),
        fact(WaitlistPromotionSkipped, client_id=BEN, reason=BookingCode.OVERLAP),
        fact(PromotionMissed, client_id=BEN, reason=BookingCode.OVERLAP),
    )


def test_being_passed_over_again_for_the_same_reason_is_no_news() -> None:
    more = ChangeCapacity(session_id=SES, capacity=2)
    given(*POOR_BEN, PASSED_OVER).when(more, DAY_BEFORE).then(fact(CapacityChanged))


def test_who_was_passed_over_gets_the_idle_seat_once_they_can_pay() -> None:
    cancelled = ReservationCancelled(
        session_id=SES, client_id=ANN, kind="early", free_until=NOON, policy_version=1,
        reservation_id=reserved(ANN)[0].reservation_id, seats_taken=0,  # type: ignore[attr-defined]
    )  # fmt: skip
    grant = GrantCredits(client_id=BEN, grant_id=grant_of(BEN), credits=1)
    given(*POOR_BEN, cancelled, PASSED_OVER).when(grant, DAY_BEFORE).then(
        fact(CreditsGranted, client_id=BEN),
        fact(WaitlistPromoted, client_id=BEN),
        fact(ReservationMade, client_id=BEN),
        fact(CreditHeld, client_id=BEN),
    )


def test_who_was_busy_gets_the_idle_seat_once_they_are_free() -> None:
    past = (*FULL, waiting(BEN, 1), scheduled(5, OTHER), reserved(BEN, OTHER))
    scenario = given(*past).when(CANCEL, DAY_BEFORE)
    scenario.when(CancelReservation(session_id=OTHER, client_id=BEN), DAY_BEFORE).then(
        fact(ReservationCancelled, session_id=OTHER),
        fact(CreditReleased, client_id=BEN),
        fact(WaitlistPromoted, session_id=SES, client_id=BEN),
        fact(ReservationMade, session_id=SES, client_id=BEN),
        fact(CreditHeld, session_id=SES, client_id=BEN),
    )


def test_a_gain_that_does_not_help_is_noted_again() -> None:
    no_help = granted(BEN, 5, expires_at=NOON - 12 * HOUR)  # with the day before
    grant = GrantCredits(
        client_id=BEN, grant_id=no_help.grant_id, credits=5, expires_at=no_help.expires_at
    )
    scenario = given(*POOR_BEN, waiting(CAT, 2)).when(CANCEL, DAY_BEFORE)
    scenario.when(ChangeCapacity(session_id=SES, capacity=2), DAY_BEFORE)
    scenario.when(grant, DAY_BEFORE).then(
        fact(CreditsGranted, client_id=BEN),
        fact(PromotionMissed, client_id=BEN, session_id=SES, reason=BookingCode.NO_ENTITLEMENT),
    )


def test_a_changed_reason_is_news() -> None:
    past = (
        *POOR_BEN, PASSED_OVER, granted(BEN, 5), scheduled(5, OTHER), reserved(BEN, OTHER),
    )  # fmt: skip
    given(*past).when(CANCEL, DAY_BEFORE).then(
        fact(ReservationCancelled),
        fact(CreditReleased),
        fact(WaitlistPromotionSkipped, client_id=BEN, reason=BookingCode.OVERLAP),
        fact(PromotionMissed, client_id=BEN, reason=BookingCode.OVERLAP),
    )


def test_the_line_dissolves_when_the_session_starts() -> None:
    close = CloseWaitlist(session_id=SES)
    given(*FULL, waiting(BEN, 1), waiting(CAT, 2)).when(close, NOON).then(
        fact(SeatsCounted, empty_seats=0),
        fact(WaitlistLeft, client_id=BEN, reason="session_started"),
        fact(WaitlistLeft, client_id=CAT, reason="session_started"),
    )


def test_who_joins_where_the_session_has_not_started_yet_leaves_with_the_next_line() -> None:
    close = CloseWaitlist(session_id=SES)
    joined = given(*FULL, waiting(CAT, 1)).when(close, NOON).when(JOIN, NOON - MINUTE)
    assert joined.gym.deadlines[f"close_waitlist:{SES}"] == (NOON, close)
    joined.when(close, NOON).then(fact(WaitlistLeft, client_id=BEN, reason="session_started"))


def test_the_line_does_not_dissolve_before_the_start_or_after_a_cancel() -> None:
    close = CloseWaitlist(session_id=SES)
    given(*FULL, waiting(BEN, 1)).when(close, NOON - MINUTE).then_nothing()
    called_off = SessionCancelled(session_id=SES, reason="x")
    given(*FULL, called_off).when(close, NOON + HOUR).then_nothing()


@pytest.mark.parametrize(("is_ended", "pays"), [(False, 1), (True, 2)])
def test_what_they_named_to_pay_with_pays_for_the_seat_from_the_line(
    is_ended: bool, pays: int
) -> None:
    """Ben has a pack, and trains as often as he likes; he would rather use the pack up."""
    pack = {"client_id": BEN, "grant_id": grant_of(BEN)}
    scenario = given(*FULL, granted(BEN, 0, nth=2))
    scenario.when(BookClass(session_id=SES, **pack, or_waitlist=True), DAY_BEFORE)
    scenario.then(fact(WaitlistJoined, grant_id=grant_of(BEN)), fact(LineJoined))
    if is_ended:
        scenario.when(EndEntitlement(**pack), DAY_BEFORE).then(fact(EntitlementEnded))
    scenario.when(CANCEL, DAY_BEFORE)
    scenario.then(
        fact(ReservationCancelled), fact(CreditReleased), fact(WaitlistPromoted),
        fact(ReservationMade, client_id=BEN, grant_id=grant_of(BEN, pays)), fact(CreditHeld),
    )  # fmt: skip


def test_so_it_does_when_staff_promotes_them_or_they_claim() -> None:
    pack = {"client_id": BEN, "grant_id": grant_of(BEN)}
    for command, at in ((CLAIM, CLAIMS), (NOW, DAY_BEFORE)):
        scenario = given(*FULL, granted(BEN, 0, nth=2))
        scenario.when(BookClass(session_id=SES, **pack, or_waitlist=True), DAY_BEFORE)
        scenario.gym.happened(CapacityChanged(session_id=SES, capacity=2, previous=1))
        scenario.when(command, at)
        assert scenario.gym.state(class_session, SES).reserved[BEN].grant_id == grant_of(BEN)
