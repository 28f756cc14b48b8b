"""Putting a session on the calendar, resizing it, calling it off."""

from datetime import timedelta

import pytest

from contracts.booking import (
    BookingCode,
    BookingPolicy,
    Cancellation,
    CancelSession,
    CapacityChanged,
    ChangeCapacity,
    ClaimsOpened,
    CreditHeld,
    CreditReleased,
    ReservationCancelled,
    ReservationMade,
    ReservationSource,
    ScheduleSession,
    SessionCancelled,
    SessionScheduled,
    WaitlistLeft,
    WaitlistPromoted,
)
from contracts.envelope import Event
from contracts.timetable import SessionsPlaced
from tests.domain.booking.language import (
    ANN,
    BEN,
    CAT,
    CLAIMS,
    DAY_BEFORE,
    HALL,
    HOUR,
    NOON,
    SES,
    given,
    late_cancelled,
    reservation_of,
    reserved,
    scheduled,
    waiting,
    with_credits,
)
from tests.scenario import fact

MONTH_BEFORE = NOON - timedelta(days=30)
CALL_OFF = CancelSession(session_id=SES, reason="the coach is ill")


def put(**other: object) -> ScheduleSession:
    usual = {
        "session_id": SES, "title": "Spin", "location_id": HALL, "starts_at": NOON,
        "ends_at": NOON + HOUR, "time_zone": "America/New_York", "capacity": 12,
    }  # fmt: skip
    return ScheduleSession.model_validate(usual | other)


def test_a_session_is_scheduled_with_the_instants_its_policy_means() -> None:
    policy = BookingPolicy(version=3, closes_minutes_before=30)
    given().when(put(policy=policy), MONTH_BEFORE).then(
        fact(
            SessionScheduled, session_id=SES, capacity=12, policy=policy, starts_at=NOON,
            booking_opens_at=NOON - timedelta(days=7) + 5 * HOUR,
            booking_closes_at=NOON - HOUR / 2,
        ),
        fact(SessionsPlaced, location_id=HALL),
    )  # fmt: skip


def test_scheduling_sets_the_deadlines_of_the_line_and_of_attendance() -> None:
    deadlines = given().when(put(), MONTH_BEFORE).gym.deadlines
    assert {name: due[0] for name, due in deadlines.items()} == {
        f"close_waitlist:{SES}": NOON,
        f"close_attendance:{SES}": NOON + 3 * HOUR,
    }


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"ends_at": NOON}, BookingCode.ENDS_BEFORE_IT_STARTS, "ends_at"),
        ({"time_zone": "Mars/Olympus"}, BookingCode.UNKNOWN_TIME_ZONE, "time_zone"),
        ({"starts_at": MONTH_BEFORE}, BookingCode.STARTS_IN_THE_PAST, "starts_at"),
    ],
)
def test_an_impossible_session_is_refused(
    change: dict[str, object], code: BookingCode, field: str
) -> None:
    given().when(put(**change), MONTH_BEFORE).then_refused(code, field=field)


def test_a_session_is_scheduled_once() -> None:
    given(scheduled()).when(put(), MONTH_BEFORE).then_refused(BookingCode.ALREADY_SCHEDULED)


def resized(capacity: int) -> ChangeCapacity:
    return ChangeCapacity(session_id=SES, capacity=capacity)


FULL_WITH_A_LINE: tuple[Event | tuple[Event, ...], ...] = (
    scheduled(1), with_credits(ANN, BEN, CAT), reserved(ANN), waiting(BEN, 1), waiting(CAT, 2),
)  # fmt: skip


def test_more_room_promotes_as_many_as_fit_in_order() -> None:
    given(*FULL_WITH_A_LINE).when(resized(2), DAY_BEFORE).then(
        fact(CapacityChanged, capacity=2, previous=1),
        fact(WaitlistPromoted, client_id=BEN, seq=1, passed_over=()),
        fact(ReservationMade, client_id=BEN, source=ReservationSource.PROMOTED, seats_taken=2),
        fact(CreditHeld, client_id=BEN, credits=1),
    )


def test_more_room_in_the_claim_phase_is_there_to_be_claimed() -> None:
    given(*FULL_WITH_A_LINE).when(resized(2), CLAIMS).then(
        fact(CapacityChanged, capacity=2), fact(ClaimsOpened, free_seats=1, waiting=(BEN, CAT))
    )


def test_less_room_removes_nobody() -> None:
    past = (scheduled(2, version=7), with_credits(ANN, BEN), reserved(ANN), reserved(BEN))
    given(*past).when(resized(1), DAY_BEFORE).then(
        fact(CapacityChanged, capacity=1, policy_version=7)
    )


def test_a_session_with_a_spot_map_has_no_more_room_than_spots() -> None:
    bikes = scheduled(1).model_copy(update={"spots": ("a", "b")})
    given(bikes).when(resized(3), DAY_BEFORE).then_refused(
        BookingCode.INVALID_SPOTS, field="capacity", capacity=3, spots=2
    )
    given(bikes).when(resized(2), DAY_BEFORE).then(fact(CapacityChanged, capacity=2))


def test_the_same_room_is_nothing_new() -> None:
    given(scheduled(5)).when(resized(5), DAY_BEFORE).then_nothing()


def test_a_cancelled_session_gives_everything_back_late_cancels_too() -> None:
    past = (
        scheduled(1), with_credits(ANN, BEN, CAT), late_cancelled(CAT), reserved(ANN),
        waiting(BEN, 1),
    )  # fmt: skip
    called_off = {"kind": Cancellation.SESSION, "reason": "the coach is ill"}
    given(*past).when(CALL_OFF, NOON - HOUR).then(
        fact(SessionCancelled, reason="the coach is ill"),
        fact(WaitlistLeft, client_id=BEN, reason="session_cancelled"),
        fact(ReservationCancelled, client_id=CAT, **called_off, seats_taken=1),
        fact(ReservationCancelled, client_id=ANN, **called_off, seats_taken=0),
        fact(CreditReleased, client_id=CAT, reservation_id=reservation_of(CAT), credits=1),
        fact(CreditReleased, client_id=ANN, reservation_id=reservation_of(ANN), credits=1),
    )


def test_a_cancelled_session_forgets_its_deadlines() -> None:
    scenario = given().when(put(), MONTH_BEFORE).when(CALL_OFF, DAY_BEFORE)
    assert scenario.gym.deadlines == {}


@pytest.mark.parametrize("command", [CALL_OFF, resized(3)])
def test_what_is_not_on_the_calendar_can_be_neither_resized_nor_cancelled(
    command: CancelSession | ChangeCapacity,
) -> None:
    given().when(command, DAY_BEFORE).then_refused(BookingCode.SESSION_NOT_FOUND)
    called_off = SessionCancelled(session_id=SES, reason="rain")
    given(scheduled(), called_off).when(command, DAY_BEFORE).then_refused(
        BookingCode.SESSION_CANCELLED
    )
