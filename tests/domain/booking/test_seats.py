"""Seats beyond the plain booking: online capacity, overbooking, spots, walk-ins, removal, undo."""

import pytest

from contracts.booking import (
    AddWalkIn,
    AttendanceFinalized,
    BookClass,
    BookingCode,
    Cancellation,
    CancelReservation,
    ChangeSpot,
    CheckedIn,
    CheckIn,
    CheckInSource,
    CreditHeld,
    CreditReleased,
    JoinWaitlist,
    RemoveReservation,
    ReservationCancelled,
    ReservationMade,
    ReservationReinstated,
    ReservationSource,
    ScheduleSession,
    SeatsCounted,
    SpotChanged,
    SpotOffered,
    TimeReleased,
    TimeTaken,
    UndoCancel,
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
    HALL,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    OTHER,
    SES,
    checked_in,
    given,
    late_cancelled,
    opened,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

BOOK = BookClass(session_id=SES, client_id=ANN)
MEMBER, DESK = ("client:ann", "member"), ("staff:x", "front_desk")
EVERYBODY = with_credits(ANN, BEN, CAT, DAN)
Past = tuple[Event | tuple[Event, ...], ...]


def with_room(capacity: int, **more: object) -> Event:
    return scheduled(capacity).model_copy(update=more)


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
        WALK_IN.model_copy(update={"overbook": True, "reason": reason}),
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


@pytest.mark.parametrize("spots", [("a",), ("a", "a"), ("a", " ")])
def test_a_spot_map_names_a_spot_of_its_own_for_every_seat(spots: tuple[str, ...]) -> None:
    command = ScheduleSession(
        session_id=SES, title="Spin", location_id=HALL, starts_at=NOON, ends_at=NOON + HOUR,
        time_zone="UTC", capacity=2, spots=spots,
    )  # fmt: skip
    given().when(command, DAY_BEFORE).then_refused(BookingCode.INVALID_SPOTS, field="spots")


# walk-ins and where check-ins come from ---------------------------------------------------------

WALK_IN = AddWalkIn(session_id=SES, client_id=ANN)


def test_a_walk_in_gets_a_seat_and_is_checked_in() -> None:
    given(*HIDDEN).when(WALK_IN, NOON, *DESK).then(
        fact(SeatsCounted),
        fact(ReservationMade, source=ReservationSource.WALK_IN, online=False),
        fact(CreditHeld),
        fact(CheckedIn, source=CheckInSource.STAFF),
    ).then_answered(status="checked_in")


def test_a_walk_in_from_the_line_leaves_it() -> None:
    past = (scheduled(2), EVERYBODY, reserved(BEN), waiting(ANN, 1))
    given(*past).when(WALK_IN, NOON - 20 * MINUTE, *DESK).then(
        fact(WaitlistLeft, reason="claimed"), fact(ReservationMade), fact(CreditHeld),
        fact(CheckedIn),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("past", "at", "code"),
    [
        ((), NOON, BookingCode.SESSION_NOT_FOUND),
        ((scheduled(1), EVERYBODY, reserved(ANN)), NOON, BookingCode.ALREADY_BOOKED),
        ((scheduled(1), EVERYBODY, late_cancelled(ANN)), NOON, BookingCode.LATE_CANCELLED),
        ((scheduled(1), EVERYBODY), NOON - HOUR, BookingCode.CHECK_IN_NOT_OPEN),
        ((scheduled(1), EVERYBODY), NOON + 2 * HOUR, BookingCode.CHECK_IN_CLOSED),
        ((scheduled(1), opened(ANN)), NOON, BookingCode.NO_ENTITLEMENT),
        ((scheduled(1), EVERYBODY, reserved(BEN)), NOON, BookingCode.SESSION_FULL),
    ],
)
def test_a_walk_in_is_refused_for_a_reason(past: Past, at: object, code: BookingCode) -> None:
    given(*past).when(WALK_IN, at, *DESK).then_refused(code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "who", "source"),
    [
        (None, DESK, CheckInSource.STAFF),
        (CheckInSource.KIOSK, DESK, CheckInSource.KIOSK),
        (CheckInSource.DOOR, ("system:booking", "system"), CheckInSource.DOOR),
        (CheckInSource.QR, DESK, CheckInSource.QR),
    ],
)
def test_a_check_in_tells_where_it_came_from(
    asked: CheckInSource | None, who: tuple[str, ...], source: CheckInSource
) -> None:
    here = CheckIn(session_id=SES, client_id=ANN, source=asked)
    given(scheduled(1), EVERYBODY, reserved(ANN)).when(here, NOON, *who).then(
        fact(CheckedIn, source=source)
    )


def test_members_check_themselves_in_only_where_the_policy_lets_them() -> None:
    for source in (None, CheckInSource.QR, CheckInSource.DOOR):
        here = CheckIn(session_id=SES, client_id=ANN, source=source)
        given(scheduled(1), EVERYBODY, reserved(ANN)).when(here, NOON, *MEMBER).then_refused(
            BookingCode.SELF_CHECK_IN_OFF, field="source"
        )
    past = (scheduled(1, self_check_in=True), EVERYBODY, reserved(ANN))
    pretends = CheckIn(session_id=SES, client_id=ANN, source=CheckInSource.STAFF)
    given(*past).when(pretends, NOON, *MEMBER).then(fact(CheckedIn, source=CheckInSource.SELF))


# removal and undoing a late cancel --------------------------------------------------------------

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
