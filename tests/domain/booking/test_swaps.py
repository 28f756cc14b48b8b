"""Places in line with a wish: notice, a swap for another seat; and promotion by staff."""

from datetime import datetime
from uuid import UUID

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    Coverage,
    CreditHeld,
    CreditReleased,
    EndEntitlement,
    Hours,
    JoinWaitlist,
    LineJoined,
    PolicyOverrides,
    PromoteNow,
    PromotionMissed,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
    WaitlistPromotionSkipped,
)
from contracts.ids import StaffId
from contracts.timetable import (
    ChangeSession,
    InstructorSubstituted,
    SessionChanged,
    SubstituteInstructor,
)
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAY_BEFORE,
    FAR,
    HOUR,
    NOON,
    OFFERS,
    OTHER,
    SES,
    given,
    grant_of,
    granted,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.domain.booking.test_offers import CANCEL, CLAIM, FULL, LINE, OFFERED
from tests.scenario import fact

NOW = PromoteNow(session_id=SES, client_id=CAT, reason="birthday")


def test_who_wants_notice_is_passed_over_when_it_is_too_short() -> None:
    joins = JoinWaitlist(session_id=SES, client_id=BEN, minimum_notice_minutes=24 * 60 + 1)
    scenario = (
        given(*FULL)
        .when(joins, DAY_BEFORE)
        .then(fact(WaitlistJoined, minimum_notice_minutes=1441, swap=False), fact(LineJoined))
    )
    scenario.gym.happened(waiting(CAT, 2))
    scenario.when(CANCEL, DAY_BEFORE).then(
        fact(ReservationCancelled), fact(CreditReleased),
        fact(WaitlistPromotionSkipped, client_id=BEN, reason=BookingCode.SHORT_NOTICE),
        fact(PromotionMissed, client_id=BEN),
        fact(WaitlistPromoted, client_id=CAT), fact(ReservationMade), fact(CreditHeld),
    )  # fmt: skip


SWAPS = waiting(BEN, 1).model_copy(update={"swap": True})
ELSEWHERE = (scheduled(1, OTHER), reserved(BEN, OTHER))


def test_who_would_swap_gives_the_other_seat_up_and_its_line_moves() -> None:
    past = (*FULL, SWAPS, *ELSEWHERE, waiting(CAT, 1, OTHER))
    given(*past).when(CANCEL, DAY_BEFORE).then(
        fact(ReservationCancelled, session_id=SES, client_id=ANN), fact(CreditReleased),
        fact(ReservationCancelled, session_id=OTHER, client_id=BEN, reason="swapped"),
        fact(CreditReleased, client_id=BEN),
        fact(WaitlistPromoted, session_id=SES, client_id=BEN),
        fact(ReservationMade, session_id=SES), fact(CreditHeld, client_id=BEN),
        fact(WaitlistPromoted, session_id=OTHER, client_id=CAT),
        fact(ReservationMade, session_id=OTHER), fact(CreditHeld, client_id=CAT),
    )  # fmt: skip


def test_a_seat_that_is_not_free_to_give_up_is_not_swapped() -> None:
    late = (scheduled(1, OTHER), reserved(BEN, OTHER, free_until=DAY_BEFORE))
    for other, swap in ((late, SWAPS), (ELSEWHERE, waiting(BEN, 1))):
        given(*FULL, swap, *other).when(CANCEL, DAY_BEFORE).then(
            fact(ReservationCancelled), fact(CreditReleased),
            fact(WaitlistPromotionSkipped, reason=BookingCode.OVERLAP), fact(PromotionMissed),
        )  # fmt: skip


def test_who_may_leave_the_other_seat_freely_after_all_is_asked_again() -> None:
    """Somebody else gives the class they are in."""
    sam, kim = StaffId(UUID(int=81)), StaffId(UUID(int=82))
    other = scheduled(1, OTHER).model_copy(update={"instructor_id": sam})
    late = reserved(BEN, OTHER, free_until=DAY_BEFORE)
    scenario = given(*FULL, SWAPS, other, late).when(CANCEL, DAY_BEFORE)
    scenario.when(SubstituteInstructor(session_id=OTHER, instructor_id=kim), DAY_BEFORE).then(
        fact(InstructorSubstituted),
        fact(ReservationCancelled, session_id=OTHER, client_id=BEN, reason="swapped"),
        fact(CreditReleased, client_id=BEN),
        fact(WaitlistPromoted, session_id=SES, client_id=BEN),
        fact(ReservationMade, session_id=SES), fact(CreditHeld, client_id=BEN),
    )  # fmt: skip


def test_so_is_who_may_once_the_class_they_are_in_is_said_anew() -> None:
    """It asked to be left a day before; now it asks for nothing."""
    other = scheduled(1, OTHER, late_cancel_minutes=24 * 60)
    late = reserved(BEN, OTHER, free_until=DAY_BEFORE)
    scenario = given(*FULL, SWAPS, other, late).when(CANCEL, DAY_BEFORE)
    lenient = ChangeSession(session_id=OTHER, overrides=PolicyOverrides(late_cancel_minutes=0))
    scenario.when(lenient, DAY_BEFORE).then(
        fact(SessionChanged, session_id=OTHER),
        fact(ReservationCancelled, session_id=OTHER, client_id=BEN, reason="swapped"),
        fact(CreditReleased, client_id=BEN),
        fact(WaitlistPromoted, session_id=SES, client_id=BEN),
        fact(ReservationMade, session_id=SES), fact(CreditHeld, client_id=BEN),
    )  # fmt: skip


def test_the_last_credit_of_the_seat_given_up_pays_for_the_one_gained() -> None:
    past = (scheduled(1), with_credits(ANN), with_credits(BEN, credits=1), reserved(ANN))
    given(*past, SWAPS, *ELSEWHERE).when(CANCEL, DAY_BEFORE).then(
        fact(ReservationCancelled, client_id=ANN), fact(CreditReleased, client_id=ANN),
        fact(ReservationCancelled, session_id=OTHER), fact(CreditReleased, client_id=BEN),
        fact(WaitlistPromoted, client_id=BEN), fact(ReservationMade, session_id=SES),
        fact(CreditHeld, client_id=BEN, grant_id=grant_of(BEN), credits=1),
    )  # fmt: skip


@pytest.mark.parametrize("at", [DAY_BEFORE, OFFERS], ids=["promoted", "claimed"])
def test_a_credit_it_does_not_take_pays_for_a_seat_that_nothing_paid_for(at: datetime) -> None:
    """Ben has a class in the evening that is flagged; what he may train by at noon is for noon."""
    evening = scheduled(1, FAR, NOON + 6 * HOUR)
    past = (scheduled(1), with_credits(ANN), with_credits(BEN, credits=1), reserved(ANN))
    scenario = given(*past, SWAPS, *ELSEWHERE, evening, granted(BEN, 0, nth=2))
    scenario.when(BookClass(session_id=FAR, client_id=BEN), DAY_BEFORE)
    scenario.when(EndEntitlement(client_id=BEN, grant_id=grant_of(BEN, 2)), DAY_BEFORE)
    assert scenario.gym.state(class_session, FAR).reserved[BEN].flag is not None
    noon = Coverage(hours=(Hours(until_time="13:00"),))
    scenario.gym.happened(granted(BEN, 0, nth=3).model_copy(update={"coverage": noon}))
    scenario.when(CANCEL, at).when(CLAIM, at)
    seats = {one: scenario.gym.state(class_session, one).reserved[BEN] for one in (SES, FAR)}
    assert seats[SES].grant_id == grant_of(BEN, 3)
    assert (seats[FAR].grant_id, seats[FAR].flag) == (grant_of(BEN), None)


def test_an_offer_is_swapped_for_when_it_is_claimed() -> None:
    past = (*FULL, SWAPS, *ELSEWHERE)
    scenario = given(*past).when(CANCEL, OFFERS)
    scenario.then(fact(ReservationCancelled), fact(CreditReleased), fact(SpotOffered))
    scenario.when(CLAIM, OFFERS).then(
        fact(ReservationCancelled, session_id=OTHER, reason="swapped"), fact(CreditReleased),
        fact(WaitlistLeft), fact(ReservationMade, session_id=SES), fact(CreditHeld),
    )  # fmt: skip


def test_staff_promotes_out_of_turn_and_says_why() -> None:
    past = (scheduled(2), with_credits(ANN, BEN, CAT), reserved(ANN))
    given(*past, waiting(BEN, 1), waiting(CAT, 2)).when(NOW, DAY_BEFORE).then(
        fact(WaitlistPromoted, client_id=CAT, passed_over=(BEN,), reason="birthday"),
        fact(ReservationMade, client_id=CAT, source=ReservationSource.PROMOTED),
        fact(CreditHeld),
    )


def test_a_promotion_by_staff_takes_a_seat_that_is_there_unless_it_overbooks() -> None:
    given(*LINE).when(NOW, DAY_BEFORE).then_refused(BookingCode.SESSION_FULL)
    over = NOW.model_copy(update={"overbook": True})
    given(*LINE).when(over, DAY_BEFORE).then(
        fact(WaitlistPromoted), fact(ReservationMade, overbooked=True), fact(CreditHeld)
    )
    given(*FULL).when(NOW, DAY_BEFORE).then_refused(BookingCode.NOT_WAITLISTED)
    given(*OFFERED).when(NOW, OFFERS).then_refused(BookingCode.SESSION_FULL)
