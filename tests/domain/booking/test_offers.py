"""The line once promotion has ended: offers and claims."""

from typing import Any

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    CancelReservation,
    CapacityChanged,
    ChangeCapacity,
    ClaimsOpened,
    ClaimSpot,
    CloseWaitlist,
    CreditHeld,
    CreditReleased,
    DeclineOffer,
    ExpireOffer,
    JoinWaitlist,
    LeaveWaitlist,
    OfferDeclined,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    OpenClaims,
    PromotionMissed,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SeatsCounted,
    SpotOffered,
    TimeReleased,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.envelope import Event
from contracts.timetable import (
    RescheduleSession,
    SessionRescheduled,
    SessionsPlaced,
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
    OFFERS,
    OTHER,
    SES,
    given,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

CANCEL = CancelReservation(session_id=SES, client_id=ANN)
CLAIM = ClaimSpot(session_id=SES, client_id=BEN)
DECLINE = DeclineOffer(session_id=SES, client_id=BEN)
KEEP = DeclineOffer(session_id=SES, client_id=BEN, keep_place=True)
EXPIRE = ExpireOffer(session_id=SES, client_id=BEN)
UNTIL = OFFERS + 15 * MINUTE
FULL: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(1, waitlist_uncapped=True), with_credits(ANN, BEN, CAT, DAN), reserved(ANN),
)  # fmt: skip
LINE = (*FULL, waiting(BEN, 1), waiting(CAT, 2))
GIVEN_UP = ReservationCancelled(
    session_id=SES, client_id=ANN, kind="early", free_until=LATE, policy_version=1,
    reservation_id=reserved(ANN)[0].reservation_id, seats_taken=0,  # type: ignore[attr-defined]
)  # fmt: skip
TO_BEN = SpotOffered(session_id=SES, client_id=BEN, seq=1, expires_at=UNTIL, policy_version=1)
OFFERED = (*LINE, GIVEN_UP, TO_BEN)


def test_a_seat_that_comes_free_is_offered_to_the_first_for_a_quarter_of_an_hour() -> None:
    scenario = given(*LINE).when(CANCEL, OFFERS).then(
        fact(ReservationCancelled), fact(CreditReleased),
        fact(SpotOffered, client_id=BEN, seq=1, expires_at=UNTIL, passed_over=()),
    )  # fmt: skip
    assert (UNTIL, EXPIRE) in scenario.gym.deadlines.values()


def test_an_offer_ends_with_the_phase() -> None:
    given(*LINE).when(CANCEL, CLAIMS - 5 * MINUTE).then(
        fact(ReservationCancelled), fact(TimeReleased),
        fact(SpotOffered, client_id=BEN, expires_at=CLAIMS),
    )  # fmt: skip


def test_an_offered_seat_is_taken() -> None:
    book = BookClass(session_id=SES, client_id=DAN)
    given(*OFFERED).when(book, OFFERS).then_refused(BookingCode.SESSION_FULL, seats_taken=1)
    claim = ClaimSpot(session_id=SES, client_id=CAT)
    given(*OFFERED).when(claim, OFFERS).then_refused(BookingCode.NOT_OFFERED)


@pytest.mark.parametrize("command", [CLAIM, BookClass(session_id=SES, client_id=BEN)])
def test_who_is_offered_a_seat_takes_it_by_claiming_or_by_booking(command: ClaimSpot) -> None:
    given(*OFFERED).when(command, UNTIL - MINUTE).then(
        fact(WaitlistLeft, client_id=BEN, reason="claimed"),
        fact(ReservationMade, client_id=BEN, source=ReservationSource.CLAIMED, seats_taken=1),
        fact(CreditHeld, client_id=BEN),
    ).then_answered(status="reserved")


def test_silence_sends_them_to_the_back_and_the_seat_to_the_next() -> None:
    scenario = given(*OFFERED).when(EXPIRE, UNTIL - MINUTE).then_nothing()
    scenario.when(CLAIM, UNTIL).then_refused(BookingCode.OFFER_EXPIRED)
    scenario.when(EXPIRE, UNTIL).then(
        fact(OfferExpired, client_id=BEN, seq=3),
        fact(SpotOffered, client_id=CAT, seq=2, expires_at=UNTIL + 15 * MINUTE),
    )
    scenario.when(EXPIRE, UNTIL).then_nothing()


def test_a_no_leads_out_of_the_line() -> None:
    given(*OFFERED).when(DECLINE, OFFERS).then(
        fact(OfferDeclined, client_id=BEN, keeps_place=False),
        fact(WaitlistLeft, client_id=BEN, reason="declined"),
        fact(SpotOffered, client_id=CAT),
    ).then_answered(status="left")
    given(*LINE).when(DECLINE, OFFERS).then_refused(BookingCode.NOT_OFFERED)
    given(*FULL).when(DECLINE, OFFERS).then_refused(BookingCode.NOT_WAITLISTED)


def test_who_keeps_the_place_is_offered_nothing_more_but_may_claim() -> None:
    scenario = (
        given(*OFFERED)
        .when(KEEP, OFFERS)
        .then(
            fact(OfferDeclined, keeps_place=True),
            fact(SpotOffered, client_id=CAT, passed_over=(BEN,)),
        )
    )
    scenario.then_answered(status="waiting", waitlist_position=1)
    scenario.when(ExpireOffer(session_id=SES, client_id=CAT), UNTIL).then(
        fact(OfferExpired, client_id=CAT), fact(SpotOffered, client_id=CAT)
    )
    scenario.when(ExpireOffer(session_id=SES, client_id=CAT), CLAIMS)
    scenario.when(CLAIM, CLAIMS).then(
        fact(WaitlistLeft), fact(ReservationMade, client_id=BEN), fact(CreditHeld)
    )


def test_leaving_the_line_gives_the_offered_seat_on() -> None:
    leave = LeaveWaitlist(session_id=SES, client_id=BEN)
    given(*OFFERED).when(leave, OFFERS).then(
        fact(WaitlistLeft, reason="left"), fact(SpotOffered, client_id=CAT)
    )


def test_an_offer_to_somebody_who_cannot_pay_any_more_is_not_made() -> None:
    past = (scheduled(1), with_credits(ANN, CAT), reserved(ANN), waiting(BEN, 1))
    given(*past, waiting(CAT, 2)).when(CANCEL, OFFERS).then(
        fact(ReservationCancelled), fact(CreditReleased),
        fact(WaitlistPromotionSkipped, client_id=BEN, reason=BookingCode.NO_ENTITLEMENT),
        fact(PromotionMissed, client_id=BEN),
        fact(SpotOffered, client_id=CAT, passed_over=(BEN,)),
    )  # fmt: skip


def test_the_line_is_told_when_seats_are_there_to_be_claimed() -> None:
    scenario = given(*OFFERED).when(ExpireOffer(session_id=SES, client_id=BEN), CLAIMS)
    scenario.then(fact(OfferExpired), fact(ClaimsOpened, free_seats=1, waiting=(CAT, BEN)))
    scenario.when(OpenClaims(session_id=SES), CLAIMS).then_nothing()
    given(*LINE, GIVEN_UP).when(OpenClaims(session_id=SES), CLAIMS).then(fact(ClaimsOpened))


def test_whoever_claims_first_has_it() -> None:
    scenario = given(*LINE, GIVEN_UP).when(ClaimSpot(session_id=SES, client_id=CAT), CLAIMS)
    scenario.then_answered(status="reserved")
    scenario.when(CLAIM, CLAIMS).then_refused(BookingCode.SESSION_FULL)
    scenario.when(ClaimSpot(session_id=SES, client_id=DAN), CLAIMS).then_refused(
        BookingCode.NOT_WAITLISTED
    )


def test_nobody_claims_once_booking_has_closed() -> None:
    given(*LINE, GIVEN_UP).when(CLAIM, NOON).then_refused(BookingCode.BOOKING_CLOSED)


def test_an_offer_ends_with_the_line() -> None:
    scenario = given(*OFFERED).when(CloseWaitlist(session_id=SES), NOON)
    scenario.then(
        # What was offered and not taken stays empty.
        fact(SeatsCounted, empty_seats=1), fact(WaitlistLeft, client_id=BEN),
        fact(WaitlistLeft, client_id=CAT),
    )  # fmt: skip
    scenario.when(EXPIRE, NOON).then_nothing()


def test_joining_sets_the_time_when_claims_open() -> None:
    join = JoinWaitlist(session_id=SES, client_id=BEN)
    scenario = given(*FULL).when(join, DAY_BEFORE)
    assert (CLAIMS, OpenClaims(session_id=SES)) in scenario.gym.deadlines.values()


@pytest.mark.parametrize(
    ("policy", "at", "happens"),
    [
        ({"offer_minutes": 0}, OFFERS, ClaimsOpened),
        ({"auto_promotion_ends_minutes_before": 0}, NOON - MINUTE, WaitlistPromoted),
        ({"claim_opens_minutes_before": 0}, NOON - MINUTE, SpotOffered),
        ({"late_cancel_minutes": 720}, NOON - 13 * HOUR, SpotOffered),
        ({"auto_promotion_lead_minutes": 0}, LATE - MINUTE, WaitlistPromoted),
    ],
)
def test_every_boundary_of_the_phases_is_a_setting(
    policy: dict[str, Any], at: Any, happens: type[Event]
) -> None:
    past = (scheduled(1, **policy), with_credits(ANN, BEN), reserved(ANN), waiting(BEN, 1))
    scenario = given(*past).when(CANCEL, at)
    assert happens in [type(event) for event in scenario.gym.log]


def test_nothing_is_offered_that_could_not_be_claimed() -> None:
    """Booking closes before offers would end."""
    past = (
        scheduled(1, closes_minutes_before=120), with_credits(ANN, BEN), reserved(ANN),
        waiting(BEN, 1),
    )  # fmt: skip
    given(*past).when(CANCEL, LATE - 5 * MINUTE).then(
        fact(ReservationCancelled), fact(CreditReleased), fact(SpotOffered, expires_at=LATE)
    )
    given(*past).when(CANCEL, LATE).then(fact(ReservationCancelled), fact(TimeReleased))


def test_an_offered_seat_is_there_even_when_the_session_has_become_smaller() -> None:
    past = (scheduled(2), with_credits(ANN, BEN), reserved(ANN), waiting(BEN, 1), TO_BEN)
    smaller = CapacityChanged(session_id=SES, capacity=1, previous=2)
    given(*past, smaller).when(CLAIM, OFFERS).then(
        fact(WaitlistLeft), fact(ReservationMade, overbooked=False, seats_taken=2),
        fact(CreditHeld),
    )  # fmt: skip


def moved(to: Any) -> RescheduleSession:
    return RescheduleSession(session_id=SES, starts_at=to, ends_at=to + HOUR)


def test_an_offer_ends_with_the_phase_of_a_session_that_moved_earlier() -> None:
    scenario = given(*OFFERED).when(moved(OFFERS + 70 * MINUTE), OFFERS)
    scenario.then(
        fact(SessionRescheduled), fact(SessionsPlaced),
        fact(OfferShortened, client_id=BEN, expires_at=OFFERS + 10 * MINUTE, policy_version=1),
    )  # fmt: skip
    assert scenario.gym.deadlines[f"expire_offer:{SES}:{BEN}"] == (OFFERS + 10 * MINUTE, EXPIRE)
    scenario.when(EXPIRE, OFFERS + 10 * MINUTE).then(
        fact(OfferExpired, client_id=BEN), fact(ClaimsOpened, free_seats=1, waiting=(CAT, BEN))
    )


def test_where_offers_have_ended_an_offered_seat_is_there_to_be_claimed() -> None:
    scenario = given(*OFFERED).when(moved(OFFERS + HOUR), OFFERS)
    scenario.then(
        fact(SessionRescheduled), fact(SessionsPlaced),
        fact(OfferWithdrawn, client_id=BEN),
        fact(ClaimsOpened, free_seats=1, waiting=(BEN, CAT)),
    )  # fmt: skip
    assert f"expire_offer:{SES}:{BEN}" not in scenario.gym.deadlines
    book = BookClass(session_id=SES, client_id=DAN)
    scenario.when(book, OFFERS + MINUTE).then_answered(status="reserved")


def test_a_move_that_leaves_offers_their_time_leaves_them_alone() -> None:
    given(*OFFERED).when(moved(NOON - HOUR), OFFERS).then(
        fact(SessionRescheduled), fact(SessionsPlaced)
    )


def test_where_seats_go_by_themselves_again_the_offered_one_does() -> None:
    """Ben, who stands first and was not silent, does not have to answer, nor loses his place."""
    scenario = given(*OFFERED).when(moved(NOON + 24 * HOUR), OFFERS)
    scenario.then(
        fact(SessionRescheduled), fact(SessionsPlaced), fact(OfferWithdrawn, client_id=BEN),
        fact(WaitlistPromoted, client_id=BEN), fact(ReservationMade, client_id=BEN),
        fact(CreditHeld),
    )  # fmt: skip
    assert f"expire_offer:{SES}:{BEN}" not in scenario.gym.deadlines


def test_a_no_was_to_the_time_the_session_had_then() -> None:
    """Else a free seat would be anybody's but Ben's, who stands in line for it."""
    later = OFFERS + 30 * MINUTE
    said_no = OfferDeclined(session_id=SES, client_id=BEN, keeps_place=True, policy_version=1)
    scenario = given(*FULL, waiting(BEN, 1), GIVEN_UP, TO_BEN, said_no)
    scenario.when(moved(NOON + 15 * MINUTE), later).then(
        fact(SessionRescheduled, free_cancel_until=None), fact(SessionsPlaced)
    )
    scenario.when(moved(NOON + 24 * HOUR), later).then(
        fact(SessionRescheduled), fact(SessionsPlaced), fact(WaitlistPromoted, client_id=BEN),
        fact(ReservationMade, client_id=BEN), fact(CreditHeld),
    )  # fmt: skip


def test_who_cannot_have_the_offered_seat_by_themselves_keeps_the_place() -> None:
    """Ben has a seat at the new time."""
    tomorrow = NOON + 24 * HOUR
    elsewhere = (scheduled(1, OTHER, tomorrow), reserved(BEN, OTHER, starts_at=tomorrow))
    scenario = given(*OFFERED, *elsewhere).when(moved(tomorrow), OFFERS)
    scenario.then(
        fact(SessionRescheduled), fact(SessionsPlaced), fact(OfferWithdrawn, client_id=BEN),
        fact(WaitlistPromotionSkipped, client_id=BEN), fact(PromotionMissed),
        fact(WaitlistPromoted, client_id=CAT), fact(ReservationMade, client_id=CAT),
        fact(CreditHeld),
    )  # fmt: skip


def test_an_offer_that_is_over_when_the_session_moves_was_not_answered() -> None:
    """The deadline is late; it says so."""
    scenario = given(*OFFERED).when(moved(NOON + 24 * HOUR), UNTIL)
    scenario.then(fact(SessionRescheduled), fact(SessionsPlaced))
    scenario.when(EXPIRE, UNTIL + MINUTE).then(
        fact(OfferExpired, client_id=BEN), fact(WaitlistPromoted, client_id=CAT, passed_over=()),
        fact(ReservationMade, client_id=CAT), fact(CreditHeld),
    )  # fmt: skip


def test_who_has_an_offer_is_not_passed_over() -> None:
    more = ChangeCapacity(session_id=SES, capacity=2)
    given(*OFFERED).when(more, OFFERS).then(
        fact(CapacityChanged), fact(SpotOffered, client_id=CAT, passed_over=())
    )


def test_the_line_is_told_again_when_the_session_has_moved() -> None:
    scenario = given(*LINE, GIVEN_UP).when(OpenClaims(session_id=SES), CLAIMS)
    move = RescheduleSession(
        session_id=SES, starts_at=NOON + 10 * MINUTE, ends_at=NOON + 70 * MINUTE
    )
    scenario.when(move, CLAIMS + 15 * MINUTE).then(
        fact(SessionRescheduled), fact(SessionsPlaced), fact(ClaimsOpened, free_seats=1)
    )
