"""The instants a policy means, through changes of clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from chassis.decider import Refused
from contracts.booking import BookingCode, BookingPolicy
from contracts.timetable import RescheduleSession
from services.booking.domain import booking_policy as policy
from services.booking.domain.booking_policy import Phase
from services.booking.domain.class_session import class_session
from tests.domain.booking.language import (
    CLAIMS,
    HOUR,
    LATE,
    MINUTE,
    NOON,
    OFFERS,
    SES,
    given,
    scheduled,
)

NEW_YORK = ZoneInfo("America/New_York")
RULES = BookingPolicy()


def opens(starts_at: datetime, days: int, at: str) -> datetime:
    rules = BookingPolicy(opens_days_before=days, opens_at_local=at)
    return policy.opens_at(rules, starts_at, NEW_YORK)


def test_booking_opens_days_before_at_wall_clock_time_of_the_location() -> None:
    nine_in_the_evening = datetime(2026, 3, 4, 2, tzinfo=UTC)  # 3 March in New York
    assert opens(nine_in_the_evening, 7, "12:00") == datetime(2026, 2, 24, 17, tzinfo=UTC)


def test_the_opening_keeps_its_wall_clock_time_when_the_clocks_change_in_between() -> None:
    after_the_change = datetime(2026, 3, 10, 13, tzinfo=UTC)
    assert opens(after_the_change, 7, "12:00") == datetime(2026, 3, 3, 17, tzinfo=UTC)
    assert opens(after_the_change, 1, "12:00") == datetime(2026, 3, 9, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("session", "opening"),
    [
        (datetime(2026, 3, 9, 9, tzinfo=NEW_YORK), datetime(2026, 3, 2, 12, tzinfo=NEW_YORK)),
        (datetime(2026, 3, 15, 20, tzinfo=NEW_YORK), datetime(2026, 3, 2, 12, tzinfo=NEW_YORK)),
        (datetime(2026, 3, 16, 6, tzinfo=NEW_YORK), datetime(2026, 3, 9, 12, tzinfo=NEW_YORK)),
    ],
    ids=["its Monday", "its Sunday", "the Monday after"],
)
def test_a_weekly_release_opens_the_whole_next_week_at_once(
    session: datetime, opening: datetime
) -> None:
    mondays_at_noon = BookingPolicy(opens_weekly_on=1)
    assert policy.opens_at(mondays_at_noon, session.astimezone(UTC), NEW_YORK) == opening


@over(
    hours=st.integers(0, 2 * 365 * 24),
    weekday=st.integers(1, 7),
    days=st.integers(0, 30),
)
def test_a_weekly_release_is_on_its_weekday_and_never_nearer_than_the_days_before(
    hours: int, weekday: int, days: int
) -> None:
    starts_at = datetime(2026, 1, 1, tzinfo=UTC) + hours * HOUR
    weekly = BookingPolicy(opens_days_before=days, opens_weekly_on=weekday)
    opening = policy.opens_at(weekly, starts_at, NEW_YORK).astimezone(NEW_YORK)
    ahead = (starts_at.astimezone(NEW_YORK).date() - opening.date()).days
    assert (opening.isoweekday(), opening.hour) == (weekday, 12)
    assert days <= ahead < days + 7


def test_a_skipped_wall_clock_time_is_moved_on_by_the_gap() -> None:
    assert opens(datetime(2026, 3, 8, 20, tzinfo=UTC), 0, "02:30") == datetime(
        2026, 3, 8, 7, 30, tzinfo=UTC
    )


def test_of_a_repeated_wall_clock_time_the_first_is_meant() -> None:
    assert opens(datetime(2026, 11, 1, 20, tzinfo=UTC), 0, "01:30") == datetime(
        2026, 11, 1, 5, 30, tzinfo=UTC
    )


def test_the_late_deadline_is_elapsed_time_through_a_change_of_clocks() -> None:
    nine = datetime(2026, 3, 8, 9, tzinfo=NEW_YORK).astimezone(UTC)
    twelve_hours = BookingPolicy(late_cancel_minutes=720)
    evening_before = datetime(2026, 3, 7, 20, tzinfo=NEW_YORK)
    assert policy.late_from(twelve_hours, nine) == evening_before


def test_a_seat_taken_early_is_free_until_the_late_deadline() -> None:
    assert policy.free_until(RULES, NOON, NOON - 24 * HOUR) == LATE


def test_a_seat_taken_late_keeps_the_grace_period() -> None:
    assert policy.free_until(RULES, NOON, NOON - HOUR) == NOON - 50 * MINUTE


def test_a_seat_taken_just_before_the_deadline_has_no_less_than_one_taken_at_it() -> None:
    assert policy.free_until(RULES, NOON, LATE - MINUTE) == LATE + 9 * MINUTE


def test_automatic_promotion_leaves_time_to_cancel_freely() -> None:
    assert policy.promotes_until(RULES, NOON) == NOON - 4 * HOUR


@pytest.mark.parametrize(
    ("rules", "at", "phase"),
    [
        ({}, OFFERS - MINUTE, Phase.AUTOMATIC),
        ({}, OFFERS, Phase.OFFERS),
        ({}, CLAIMS - MINUTE, Phase.OFFERS),
        ({}, CLAIMS, Phase.CLAIMS),
        ({"offer_minutes": 0}, OFFERS - MINUTE, Phase.AUTOMATIC),
        ({"offer_minutes": 0}, OFFERS, Phase.CLAIMS),
        ({"auto_promotion_ends_minutes_before": 0}, NOON - MINUTE, Phase.AUTOMATIC),
        ({"auto_promotion_ends_minutes_before": 0}, NOON, Phase.CLAIMS),
        ({"claim_opens_minutes_before": 600}, OFFERS - MINUTE, Phase.AUTOMATIC),
        ({"claim_opens_minutes_before": 600}, OFFERS, Phase.CLAIMS),
        ({"closes_minutes_before": 90}, NOON - 91 * MINUTE, Phase.OFFERS),
        ({"closes_minutes_before": 90}, NOON - 90 * MINUTE, Phase.CLAIMS),
    ],
)
def test_a_phase_begins_with_the_instant_that_ends_the_one_before(
    rules: dict[str, int], at: datetime, phase: Phase
) -> None:
    assert policy.phase(BookingPolicy(**rules), NOON, at) is phase


def test_a_session_that_moves_on_is_in_its_first_phase_again() -> None:
    scenario = given(scheduled())
    assert scenario.gym.state(class_session, SES).phase(CLAIMS) is Phase.CLAIMS
    tomorrow = RescheduleSession(
        session_id=SES, starts_at=NOON + 24 * HOUR, ends_at=NOON + 25 * HOUR
    )
    scenario.when(tomorrow, CLAIMS).then_answered()
    assert scenario.gym.state(class_session, SES).phase(CLAIMS) is Phase.AUTOMATIC


def test_booking_closes_check_in_opens_and_attendance_closes_by_minutes() -> None:
    rules = BookingPolicy(
        closes_minutes_before=35, check_in_opens_minutes_before=20,
        attendance_closes_minutes_after=360, cancel_closes_minutes_after=5,
    )  # fmt: skip
    assert policy.closes_at(rules, NOON) == NOON - timedelta(minutes=35)
    assert policy.check_in_opens_at(rules, NOON) == NOON - timedelta(minutes=20)
    assert policy.attendance_closes_at(rules, NOON) == NOON + timedelta(hours=6)
    assert policy.cancellation_closes_at(rules, NOON) == NOON + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("rules", "capacity", "longest"),
    [
        (BookingPolicy(), 20, 10),
        (BookingPolicy(), 3, 3),
        (BookingPolicy(waitlist_uncapped=True), 3, 10),
        (BookingPolicy(waitlist_max=0), 20, 0),
    ],
)
def test_the_line_is_as_long_as_the_policy_and_the_capacity_allow(
    rules: BookingPolicy, capacity: int, longest: int
) -> None:
    assert policy.longest_waitlist(rules, capacity) == longest


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_a_zone_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        policy.zone(name)
    assert refusal.value.code == BookingCode.UNKNOWN_TIME_ZONE
    assert refusal.value.field == "time_zone"
