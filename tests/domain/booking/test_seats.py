"""Seats beyond the plain booking: online capacity, overbooking, spots."""

import pytest

from contracts.booking import (
    AddWalkIn,
    BookClass,
    BookingCode,
    CancelReservation,
    ChangeSpot,
    CreditHeld,
    CreditReleased,
    JoinWaitlist,
    RemoveReservation,
    ReservationCancelled,
    ReservationMade,
    ScheduleSession,
    SpotChanged,
    SpotOffered,
    TimeReleased,
    WaitlistLeft,
    WaitlistPromoted,
)
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    DAN,
    DAY_BEFORE,
    HALL,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    SES,
    Past,
    given,
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


# B10: online capacity and overbooking -----------------------------------------------------------

HIDDEN: Past = (with_room(2, online_capacity=1), EVERYBODY, reserved(BEN))


def test_clients_take_as_many_seats_as_are_online_and_staff_gives_the_rest() -> None:
    given(*HIDDEN).when(BOOK, DAY_BEFORE, *MEMBER).then_refused(
        BookingCode.SESSION_FULL, capacity=2, seats_taken=1, online_capacity=1
    )
    given(*HIDDEN).when(BOOK, DAY_BEFORE, *DESK).then(
        fact(ReservationMade, online=False, overbooked=False), fact(CreditHeld)
    )


def test_a_seat_staff_gave_does_not_count_online() -> None:
    scenario = given(with_room(2, online_capacity=1), EVERYBODY).when(BOOK, DAY_BEFORE, *DESK)
    book = BookClass(session_id=SES, client_id=BEN)
    scenario.when(book, DAY_BEFORE, *MEMBER).then(
        fact(ReservationMade, online=True, seats_taken=2), fact(CreditHeld)
    )


def test_the_line_waits_for_seats_that_are_online() -> None:
    past = (*HIDDEN, waiting(CAT, 1))
    given(*HIDDEN).when(JoinWaitlist(session_id=SES, client_id=CAT), DAY_BEFORE).then_answered(
        status="waiting"
    )
    given(*past).when(BOOK, DAY_BEFORE, *DESK).then_answered(status="reserved")
    cancel = CancelReservation(session_id=SES, client_id=BEN)
    given(*past).when(cancel, DAY_BEFORE).then(
        fact(ReservationCancelled), fact(CreditReleased), fact(WaitlistPromoted, client_id=CAT),
        fact(ReservationMade, client_id=CAT), fact(CreditHeld),
    )  # fmt: skip


def test_a_seat_that_was_offered_stays_one_of_those_online_whoever_books_it() -> None:
    offer = SpotOffered(session_id=SES, client_id=ANN, seq=1, expires_at=LATE, policy_version=1)
    past = (with_room(3, online_capacity=1), EVERYBODY, waiting(ANN, 1), offer, waiting(CAT, 2))
    scenario = (
        given(*past)
        .when(BOOK, LATE - MINUTE, *DESK)
        .then(fact(WaitlistLeft), fact(ReservationMade, online=True), fact(CreditHeld))
    )
    assert scenario.gym.state(class_session, SES).free_online == 0


def test_the_desk_overbooks_says_why_and_it_shows() -> None:
    over = BOOK.model_copy(update={"overbook": True, "reason": "guest of the owner"})
    past = (scheduled(1), EVERYBODY, reserved(BEN))
    given(*past).when(over, DAY_BEFORE, *DESK).then(
        fact(ReservationMade, overbooked=True, seats_taken=2, reason="guest of the owner"),
        fact(CreditHeld),
    )
    for somebody in (MEMBER, ("staff:x", "trainer")):
        given(*past).when(over, DAY_BEFORE, *somebody).then_refused(
            BookingCode.FORBIDDEN, field="overbook"
        )


@pytest.mark.parametrize("reason", ["", "  "])
def test_whoever_overrides_a_rule_says_why(reason: str) -> None:
    past = (scheduled(1), EVERYBODY, reserved(BEN))
    for command in (
        BOOK.model_copy(update={"overbook": True, "reason": reason}),
        AddWalkIn(session_id=SES, client_id=ANN, overbook=True, reason=reason),
        RemoveReservation(session_id=SES, client_id=BEN, waive=True, reason=reason),
    ):
        given(*past).when(command, NOON - MINUTE, *DESK).then_refused(
            BookingCode.REASON_REQUIRED, field="reason"
        )


def test_overbooking_does_not_jump_the_line_for_a_seat_that_is_there() -> None:
    over = BOOK.model_copy(update={"overbook": True, "reason": "guest"})
    given(scheduled(1), EVERYBODY, waiting(BEN, 1)).when(over, DAY_BEFORE, *DESK).then_refused(
        BookingCode.WAITLIST_HAS_PRIORITY
    )


def test_after_overbooking_a_seat_given_up_promotes_nobody() -> None:
    past = (scheduled(1), EVERYBODY, reserved(BEN), reserved(CAT), waiting(ANN, 1))
    given(*past).when(CancelReservation(session_id=SES, client_id=CAT), DAY_BEFORE).then(
        fact(ReservationCancelled), fact(CreditReleased)
    )


# B12: spots -------------------------------------------------------------------------------------

BIKES: Past = (with_room(2, spots=("a", "b", "c")), EVERYBODY)


def test_a_client_chooses_a_spot_or_gets_the_first_free_one() -> None:
    b = BOOK.model_copy(update={"spot": "b"})
    scenario = (
        given(*BIKES).when(b, DAY_BEFORE).then(fact(ReservationMade, spot="b"), fact(CreditHeld))
    )
    scenario.then_answered(spot="b")
    scenario.when(BookClass(session_id=SES, client_id=BEN), DAY_BEFORE).then_answered(spot="a")


def test_a_spot_that_is_taken_or_not_there_is_refused() -> None:
    scenario = given(*BIKES).when(BOOK.model_copy(update={"spot": "b"}), DAY_BEFORE)
    b, z = (BookClass(session_id=SES, client_id=BEN, spot=spot) for spot in "bz")
    scenario.when(b, DAY_BEFORE).then_refused(
        BookingCode.SPOT_TAKEN, field="spot", free_spots=["a", "c"]
    )
    scenario.when(z, DAY_BEFORE).then_refused(BookingCode.SPOT_NOT_FOUND, field="spot")


def test_who_is_promoted_takes_any_spot() -> None:
    scenario = given(with_room(1, spots=("a",)), EVERYBODY).when(BOOK, DAY_BEFORE)
    scenario.gym.happened(waiting(BEN, 1))
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), DAY_BEFORE)
    made = [one for one in scenario.gym.log if isinstance(one, ReservationMade)]
    assert [one.spot for one in made] == ["a", "a"]


def test_who_was_overbooked_without_a_spot_has_the_first_that_comes_free() -> None:
    full = (with_room(2, spots=("a", "b")), EVERYBODY)
    scenario = given(*full)
    for client in (ANN, BEN):
        scenario.when(BookClass(session_id=SES, client_id=client), DAY_BEFORE, *MEMBER)
    over = {"overbook": True, "reason": "she came far"}
    for client in (CAT, DAN):
        command = BookClass.model_validate({"session_id": SES, "client_id": client} | over)
        scenario.when(command, DAY_BEFORE, *DESK).then(
            fact(ReservationMade, spot=None, overbooked=True), fact(CreditHeld)
        )
    scenario.when(CancelReservation(session_id=SES, client_id=BEN), DAY_BEFORE, *MEMBER).then(
        fact(ReservationCancelled), fact(CreditReleased), fact(SpotChanged, client_id=CAT, spot="b")
    )
    scenario.when(CancelReservation(session_id=SES, client_id=ANN), LATE, *MEMBER).then(
        fact(ReservationCancelled), fact(TimeReleased), fact(SpotChanged, client_id=DAN, spot="a")
    )


def test_a_client_sits_elsewhere() -> None:
    scenario = given(*BIKES).when(BOOK, DAY_BEFORE)
    change = ChangeSpot(session_id=SES, client_id=ANN, spot="c")
    scenario.when(change, DAY_BEFORE).then(fact(SpotChanged, spot="c", previous="a"))
    scenario.when(change, DAY_BEFORE).then_nothing()
    any_other = ChangeSpot(session_id=SES, client_id=ANN)
    scenario.when(any_other, DAY_BEFORE).then(fact(SpotChanged, spot="a", previous="c"))
    given(scheduled(1), EVERYBODY, reserved(ANN)).when(change, DAY_BEFORE).then_refused(
        BookingCode.SPOT_NOT_FOUND
    )
    given(*BIKES).when(change, DAY_BEFORE).then_refused(BookingCode.NOT_BOOKED)
    full = given(with_room(1, spots=("a",)), EVERYBODY).when(BOOK, DAY_BEFORE)
    full.when(any_other, DAY_BEFORE).then_refused(BookingCode.SPOT_TAKEN)


@pytest.mark.parametrize(
    "spots",
    [("a",), ("a", "a"), ("a", " "), ("a", ""), ("a", "b "), ("a", "b\nc"), ("a", "b\u2028c"),
     ("a", "b" * 21)],
)  # fmt: skip
def test_a_spot_map_names_a_spot_people_can_choose_for_every_seat(spots: tuple[str, ...]) -> None:
    command = ScheduleSession(
        session_id=SES, title="Spin", location_id=HALL, starts_at=NOON, ends_at=NOON + HOUR,
        time_zone="UTC", capacity=2, spots=spots,
    )  # fmt: skip
    given().when(command, DAY_BEFORE).then_refused(BookingCode.INVALID_SPOTS, field="spots")
