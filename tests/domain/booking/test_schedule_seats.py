"""Seats and spots of a series' sessions: a new map or number leaves everybody where they sit."""

from typing import Any

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    JoinWaitlist,
    ReservationMade,
    SpotChanged,
)
from contracts.ids import SessionId
from contracts.timetable import (
    ChangeSession,
    SessionChanged,
    SessionPart,
    TimetableCode,
)
from tests.domain.booking.language import ANN, BEN, given
from tests.domain.booking.test_schedule_edits import (
    BIKES,
    DURING,
    customers,
    first_of,
    rides,
    sessions,
)
from tests.domain.booking.test_schedules import (
    NOW,
    SUNDAYS,
    changing,
    creating,
    weekly,
)
from tests.scenario import fact


def in_use(session: SessionId, spots: list[str]) -> list[dict[str, Any]]:
    return [{"session_id": str(session), "spots": spots}]


def test_a_map_without_somebodys_spot_is_refused_naming_sessions_and_spots() -> None:
    scenario = rides(ANN, BEN)
    first = first_of(scenario)
    scenario.when(changing(SUNDAYS[0], capacity=2, spots=("B", "C")), DURING).then_refused(
        TimetableCode.SPOTS_IN_USE, field="spots", sessions=in_use(first, ["A"])
    )
    scenario.when(changing(SUNDAYS[0], capacity=9), DURING).then_refused(
        TimetableCode.SPOTS_IN_USE, sessions=in_use(first, ["A", "B"])
    )
    alone = ChangeSession(session_id=first, spots=("B", "C", "D"))
    scenario.when(alone, DURING).then_refused(
        TimetableCode.SPOTS_IN_USE, field="spots", sessions=in_use(first, ["A"])
    )
    assert sessions(scenario)[0].spots == BIKES


def test_a_smaller_map_with_everybodys_spot_is_taken() -> None:
    scenario = rides(ANN).when(changing(SUNDAYS[0], capacity=2, spots=("A", "C")), DURING)
    scenario.then_answered(cancelled=())
    session = sessions(scenario)[0]
    assert (session.spots, session.capacity, session.reserved[ANN].spot) == (("A", "C"), 2, "A")


def test_a_capacity_below_the_seats_taken_removes_nobody() -> None:
    scenario = rides(ANN, BEN, capacity=3, spots=())
    scenario.when(changing(SUNDAYS[0], capacity=1), DURING)
    session = sessions(scenario)[0]
    assert (session.capacity, set(session.reserved)) == (1, {ANN, BEN})


def test_whoever_booked_before_there_was_a_map_gets_a_spot() -> None:
    scenario = rides(ANN, BEN, spots=())
    scenario.when(ChangeSession(session_id=first_of(scenario), spots=BIKES), DURING)
    scenario.then(
        fact(SessionChanged, spots=BIKES, own=(SessionPart.SEATS,), title="Spin"),
        fact(SpotChanged, client_id=ANN, spot="A", previous=None),
        fact(SpotChanged, client_id=BEN, spot="B", previous=None),
    )


@pytest.mark.parametrize("labels", [("A", "B"), ("A", "A", "B"), ("A", "B", " ")])
def test_a_map_has_a_spot_of_its_own_for_every_seat(labels: tuple[str, ...]) -> None:
    scenario = rides()
    alone = ChangeSession(session_id=first_of(scenario), spots=labels)
    scenario.when(alone, NOW).then_refused(BookingCode.INVALID_SPOTS, field="spots")


def test_online_seats_up_to_the_capacity_are_all_of_them() -> None:
    scenario = rides(online_capacity=1)
    first = first_of(scenario)
    scenario.when(ChangeSession(session_id=first, online_capacity=2), NOW)
    assert sessions(scenario)[0].online_capacity == 2
    scenario.when(ChangeSession(session_id=first, online_capacity=3), NOW)
    assert sessions(scenario)[0].online_capacity is None


def test_more_online_seats_serve_the_line() -> None:
    past = customers(ANN, BEN)
    scenario = given(past).when(creating(pattern=weekly(online_capacity=1)), NOW)
    first = first_of(scenario)
    scenario.when(BookClass(session_id=first, client_id=ANN), DURING, "client:a", "member")
    wait = JoinWaitlist(session_id=first, client_id=BEN)
    scenario.when(wait, DURING, "client:b", "member").then_answered(status="waiting")
    scenario.when(changing(SUNDAYS[0], online_capacity=None), DURING)
    assert not isinstance(scenario.outcome, Exception)
    assert [one.client_id for one in scenario.outcome if isinstance(one, ReservationMade)] == [BEN]
