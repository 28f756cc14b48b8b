"""Rules of opening hours and closures."""

from collections.abc import Sequence
from datetime import date

import pytest

from chassis.decider import Refused
from contracts.ids import ClosureId, GymId, LocationId, new_id
from contracts.members import (
    AddLocationClosure,
    GymRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    MembersCode,
    OpeningHoursSet,
    OpeningSpan,
    RemoveLocationClosure,
    SetOpeningHours,
)
from services.members.domain import opening_hours as rules
from services.members.domain.gym import Gym, gym

GYM, BAIXA, CLOSURE = GymId(new_id()), LocationId(new_id()), ClosureId(new_id())
OPEN = gym.fold(
    [
        GymRegistered(gym_id=GYM, slug="lisbon", name="L", time_zone="UTC", currency="EUR"),
        LocationOpened(location_id=BAIXA, name="Baixa", time_zone="Europe/Lisbon"),
    ]
)


def span(weekday: int, opens: str, closes: str) -> OpeningSpan:
    return OpeningSpan(weekday=weekday, opens=opens, closes=closes)


def hours(*spans: OpeningSpan, state: Gym = OPEN) -> Sequence[OpeningSpan]:
    [found] = rules.set_hours(state, SetOpeningHours(location_id=BAIXA, hours=spans))
    assert isinstance(found, OpeningHoursSet)
    return found.hours


def closing(begins: date, ends: date) -> AddLocationClosure:
    return AddLocationClosure(
        location_id=BAIXA, closure_id=CLOSURE, from_date=begins, until_date=ends, reason="works"
    )


def test_hours_are_kept_in_the_order_of_the_week() -> None:
    monday, evening, sunday = (
        span(1, "06:00", "10:00"),
        span(1, "16:00", "22:00"),
        span(7, "09:00", "12:00"),
    )

    assert hours(sunday, evening, monday) == (monday, evening, sunday)
    assert hours() == ()


@pytest.mark.parametrize(
    "spans",
    [
        (span(1, "06:00", "12:00"), span(1, "12:00", "22:00")),
        (span(5, "18:00", "02:00"), span(6, "02:00", "10:00")),
        (span(7, "20:00", "06:00"), span(1, "06:00", "10:00")),
        (span(3, "00:00", "00:00"),),
    ],
)
def test_spans_may_touch_go_past_midnight_and_last_a_day(spans: tuple[OpeningSpan, ...]) -> None:
    assert hours(*spans) == tuple(sorted(spans, key=lambda s: (s.weekday, s.opens)))


@pytest.mark.parametrize(
    "spans",
    [
        (span(1, "06:00", "12:01"), span(1, "12:00", "22:00")),
        (span(5, "18:00", "02:00"), span(6, "01:00", "10:00")),
        (span(7, "20:00", "06:01"), span(1, "06:00", "10:00")),
        (span(1, "06:00", "08:00"), span(1, "06:00", "08:00")),
    ],
)
def test_spans_do_not_overlap_nor_across_the_end_of_the_week(
    spans: tuple[OpeningSpan, ...],
) -> None:
    with pytest.raises(Refused) as refused:
        hours(*spans)
    assert refused.value.code == MembersCode.HOURS_OVERLAP


def test_only_open_locations_have_hours_and_closures() -> None:
    nowhere = {"location_id": LocationId(new_id())}
    day = closing(date(2027, 1, 1), date(2027, 1, 1)).model_copy(update=nowhere)

    with pytest.raises(Refused) as no_hours:
        rules.set_hours(OPEN, SetOpeningHours(hours=(), **nowhere))
    with pytest.raises(Refused) as no_closure:
        rules.add_closure(OPEN, day)

    assert no_hours.value.code == no_closure.value.code == MembersCode.LOCATION_NOT_FOUND


def test_a_closure_is_local_days_of_the_locations_zone() -> None:
    asked = closing(date(2027, 12, 24), date(2027, 12, 26))

    assert rules.add_closure(OPEN, asked) == [
        LocationClosureAdded(**asked.model_dump(), time_zone="Europe/Lisbon")
    ]


def test_a_closure_is_added_once_and_ends_after_it_began() -> None:
    day = date(2027, 12, 24)
    added = gym.evolve(OPEN, *rules.add_closure(OPEN, closing(day, day)))

    with pytest.raises(Refused) as again:
        rules.add_closure(added, closing(day, day))
    with pytest.raises(Refused) as backwards:
        rules.add_closure(OPEN, closing(day, date(2027, 12, 23)))

    assert again.value.code == MembersCode.CLOSURE_ALREADY_ADDED
    assert backwards.value.code == MembersCode.ENDS_BEFORE_IT_STARTS


def test_a_closure_is_removed_for_good_and_only_when_it_is_there() -> None:
    day, asked = date(2027, 12, 24), RemoveLocationClosure(closure_id=CLOSURE)
    with pytest.raises(Refused) as unknown:
        rules.remove_closure(OPEN, asked)
    added = gym.evolve(OPEN, *rules.add_closure(OPEN, closing(day, day)))

    removed = rules.remove_closure(added, asked)

    assert unknown.value.code == MembersCode.CLOSURE_NOT_FOUND
    assert removed == [LocationClosureRemoved(location_id=BAIXA, closure_id=CLOSURE)]
    gone = gym.evolve(added, *removed)
    assert rules.remove_closure(gone, asked) == []
    with pytest.raises(Refused) as again:
        rules.add_closure(gone, closing(day, day))
    assert again.value.code == MembersCode.CLOSURE_ALREADY_ADDED, "doors would not hear of it"
