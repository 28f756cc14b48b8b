"""A location that members says is closed has no timetable on those days."""

from datetime import timedelta
from uuid import UUID

import pytest

from contracts.booking import CancelSession, ScheduleSession
from contracts.envelope import Command
from contracts.ids import ClosureId
from contracts.timetable import (
    AddClosure,
    ClosureAdded,
    ClosureRemoved,
    HearClosure,
    HearClosureRemoved,
    Placement,
    ReinstateSession,
    RemoveClosure,
    RescheduleSession,
    SessionsPlaced,
    TimetableCode,
)
from services.booking.domain.class_session import Stage, class_session
from tests.domain.booking.language import HALL, HOUR, NOON, OTHER, SES, given, scheduled
from tests.scenario import fact

DAY_BEFORE = NOON - timedelta(days=1)
SAID = {
    "closure_id": ClosureId(UUID(int=61)), "location_id": HALL, "time_zone": "UTC",
    "from_date": NOON.date(), "until_date": NOON.date(), "reason": "works",
}  # fmt: skip
HEARD = HearClosure.model_validate(SAID)
PLACED = SessionsPlaced(
    location_id=HALL, decided_at=DAY_BEFORE,
    placed=(Placement(session_id=SES, starts_at=NOON, ends_at=NOON + HOUR),),
)  # fmt: skip


def test_a_closed_location_calls_its_classes_off_as_a_closed_timetable_does() -> None:
    past = (scheduled(), PLACED)
    heard = given(*past).when(HEARD, DAY_BEFORE).then(
        fact(ClosureAdded, closure_id=HEARD.closure_id, reason="works", of_location=True)
    )  # fmt: skip
    said = given(*past).when(AddClosure.model_validate(SAID), DAY_BEFORE)
    said.then(fact(ClosureAdded, closure_id=HEARD.closure_id, of_location=False))
    assert heard.gym.deadlines == said.gym.deadlines
    assert heard.gym.deadlines[f"call_off:{SES}"] == (
        DAY_BEFORE, CancelSession(session_id=SES, reason="works"),
    )  # fmt: skip


def test_a_class_called_off_so_is_not_brought_back_while_it_is_closed() -> None:
    scenario = given(scheduled(), PLACED).when(HEARD, DAY_BEFORE)
    scenario.when(CancelSession(session_id=SES, reason="works"), DAY_BEFORE)
    scenario.when(ReinstateSession(session_id=SES), DAY_BEFORE).then_refused("LOCATION_CLOSED")


@pytest.mark.parametrize("command", [
    ScheduleSession(
        session_id=SES, title="Spin", location_id=HALL, starts_at=NOON, ends_at=NOON + HOUR,
        time_zone="UTC", capacity=5,
    ),
    RescheduleSession(session_id=OTHER, starts_at=NOON, ends_at=NOON + HOUR),
], ids=lambda one: type(one).__name__)  # fmt: skip
def test_nothing_is_put_or_moved_into_the_days_it_is_closed(command: Command) -> None:
    scenario = given(scheduled(session=OTHER, starts_at=NOON + timedelta(days=9)))
    scenario.when(HEARD, DAY_BEFORE).when(command, DAY_BEFORE)
    scenario.then_refused(TimetableCode.LOCATION_CLOSED, field="starts_at")


def test_a_closure_heard_twice_or_when_it_is_over_closes_nothing() -> None:
    given().when(HEARD, DAY_BEFORE).when(HEARD, DAY_BEFORE).then_nothing()
    given().when(HEARD, NOON + timedelta(days=2)).then_nothing()


REMOVED = HearClosureRemoved(closure_id=HEARD.closure_id, location_id=HALL)
OPEN_IT = RemoveClosure(closure_id=HEARD.closure_id, location_id=HALL)


def test_what_was_called_off_comes_back_one_by_one_once_the_closure_is_removed() -> None:
    scenario = given(scheduled(), PLACED).when(HEARD, DAY_BEFORE)
    scenario.when(CancelSession(session_id=SES, reason="works"), DAY_BEFORE)
    scenario.when(REMOVED, DAY_BEFORE).then(fact(ClosureRemoved, closure_id=HEARD.closure_id))
    assert scenario.gym.state(class_session, SES).stage is Stage.CANCELLED
    scenario.when(ReinstateSession(session_id=SES), DAY_BEFORE)
    assert scenario.gym.state(class_session, SES).stage is Stage.SCHEDULED


@pytest.mark.parametrize("heard", [True, False], ids=["of the location", "of the timetable"])
def test_nothing_is_called_off_for_a_closure_that_was_taken_back_before(heard: bool) -> None:
    """Booking was away and hears both words at once: whichever comes first, the class is on."""
    closed, opened = (HEARD, REMOVED) if heard else (AddClosure.model_validate(SAID), OPEN_IT)
    scenario = given(scheduled(), PLACED).when(closed, DAY_BEFORE).when(opened, DAY_BEFORE)
    scenario.then(fact(ClosureRemoved))
    assert scenario.gym.deadlines == {}


def test_a_class_that_moves_to_a_day_that_is_open_is_called_off_no_more() -> None:
    at = NOON + timedelta(days=1)
    move = RescheduleSession(session_id=SES, starts_at=at, ends_at=at + HOUR)
    scenario = given(scheduled(), PLACED).when(HEARD, DAY_BEFORE).when(move, DAY_BEFORE)
    assert f"call_off:{SES}" not in scenario.gym.deadlines


def test_what_is_closed_all_the_same_is_called_off() -> None:
    own = AddClosure.model_validate(SAID | {"closure_id": ClosureId(UUID(int=62))})
    scenario = given(scheduled(), PLACED).when(own, DAY_BEFORE).when(HEARD, DAY_BEFORE)
    scenario.when(REMOVED, DAY_BEFORE).then(fact(ClosureRemoved))
    assert list(scenario.gym.deadlines) == [f"call_off:{SES}"]


def test_a_removal_that_overtakes_its_closure_keeps_it_from_closing() -> None:
    given().when(REMOVED, DAY_BEFORE).then(fact(ClosureRemoved)).when(
        HEARD, DAY_BEFORE
    ).then_nothing().when(REMOVED, DAY_BEFORE).then_nothing()


def test_the_timetable_of_a_closed_location_is_not_opened_alone() -> None:
    given().when(HEARD, DAY_BEFORE).when(OPEN_IT, DAY_BEFORE).then_refused(
        "LOCATION_CLOSED", field="closure_id", reason="works"
    )


def test_a_closed_location_stays_closed_when_the_timetables_own_closure_is_removed() -> None:
    own = AddClosure.model_validate(SAID | {"closure_id": ClosureId(UUID(int=62))})
    scenario = given().when(own, DAY_BEFORE).when(HEARD, DAY_BEFORE).then(fact(ClosureAdded))
    remove = RemoveClosure(closure_id=own.closure_id, location_id=HALL)
    scenario.when(remove, DAY_BEFORE).then(fact(ClosureRemoved, closure_id=own.closure_id))
    scenario.gym.happened(scheduled())
    scenario.when(CancelSession(session_id=SES, reason="rain"), DAY_BEFORE)
    scenario.when(ReinstateSession(session_id=SES), DAY_BEFORE).then_refused("LOCATION_CLOSED")
