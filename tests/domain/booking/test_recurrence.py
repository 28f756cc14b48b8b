"""Wall-clock series, true across changes of clocks: gaps, folds, month ends, odd weeks."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from contracts.booking import BookingPolicy
from contracts.ids import ScheduleId
from contracts.timetable import Pattern
from services.booking.domain import booking_policy, recurrence

NEW_YORK = ZoneInfo("America/New_York")
SERIES = ScheduleId(UUID(int=77))


def weekly(*weekdays: int, at: str = "09:00", every_weeks: int = 1) -> Pattern:
    return Pattern(
        title="Spin", weekdays=weekdays, starts_at=at, minutes=60, capacity=9,
        every_weeks=every_weeks,
    )  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "wall_clock", "instant"),
    [
        (date(2026, 3, 1), "09:00", "2026-03-01T14:00"),  # winter
        (date(2026, 3, 8), "09:00", "2026-03-08T13:00"),  # the clocks went forward that night
        (date(2026, 3, 8), "02:30", "2026-03-08T07:30"),  # does not exist: 03:30 in summer time
        (date(2026, 11, 1), "01:30", "2026-11-01T05:30"),  # exists twice: the first
        (date(2026, 11, 1), "09:00", "2026-11-01T14:00"),  # the clocks went back that night
    ],
)
def test_a_wall_clock_time_is_the_instant_clocks_there_show_it(
    day: date, wall_clock: str, instant: str
) -> None:
    assert recurrence.instant(day, wall_clock, NEW_YORK) == utc(instant)


def test_a_skipped_time_is_moved_on_by_the_gap() -> None:
    shown = recurrence.instant(date(2026, 3, 8), "02:30", NEW_YORK).astimezone(NEW_YORK)
    assert (shown.hour, shown.minute, shown.tzname()) == (3, 30, "EDT")


def test_twelve_hours_before_nine_on_the_day_of_the_change_is_eight_the_evening_before() -> None:
    policy = BookingPolicy(late_cancel_minutes=720)
    starts_at = recurrence.instant(date(2026, 3, 8), "09:00", NEW_YORK)
    late = booking_policy.late_from(policy, starts_at).astimezone(NEW_YORK)
    assert (late.date(), late.hour) == (date(2026, 3, 7), 20)


def test_weeks_are_whole_across_the_ends_of_months_and_years() -> None:
    found = list(
        recurrence.dates(
            weekly(7),
            date(2027, 12, 1),
            date(2027, 12, 20),
            date.max.replace(year=2028, month=3, day=5),
        )
    )
    assert found[:3] == [date(2027, 12, 26), date(2028, 1, 2), date(2028, 1, 9)]
    assert date(2028, 2, 27) in found
    assert found[-1] == date(2028, 3, 5)


def test_every_other_week_counts_from_the_week_the_series_begins_in() -> None:
    begins = date(2027, 3, 3)  # a Wednesday
    found = recurrence.dates(weekly(1, 3, every_weeks=2), begins, begins, date(2027, 3, 31))
    assert list(found) == [
        date(2027, 3, 3), date(2027, 3, 15), date(2027, 3, 17), date(2027, 3, 29),
        date(2027, 3, 31),
    ]  # fmt: skip


@over(
    st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.times(),
)
def test_clocks_show_the_wanted_time_unless_they_skip_it(
    zone: str, day: date, wall_clock: object
) -> None:
    local, text = ZoneInfo(zone), str(wall_clock)[:5]
    shown = recurrence.instant(day, text, local).astimezone(local)
    assert shown.date() == day
    assert shown.strftime("%H:%M") == text or _skipped(day, text, local)


def _skipped(day: date, text: str, local: ZoneInfo) -> bool:
    there = datetime.combine(day, datetime.strptime(text, "%H:%M").time(), tzinfo=local)  # noqa: DTZ007
    return there.astimezone(UTC).astimezone(local) != there.replace(fold=0)


def test_ids_of_occurrences_are_of_their_date_and_the_same_however_often_asked() -> None:
    day = date(2027, 3, 1)
    first, again = (recurrence.session_id(SERIES, day, 0) for _ in range(2))
    second = recurrence.session_id(SERIES, day, 1)
    tomorrow = recurrence.session_id(SERIES, day + timedelta(days=1), 0)
    assert first == again
    assert len({first, second, tomorrow}) == 3
    assert first.version == 7
    assert first < tomorrow
    born = datetime.fromtimestamp((first.int >> 80) / 1000, UTC)
    assert born == datetime(2027, 3, 1, tzinfo=UTC)
