"""A location that members says is closed has no timetable on those days."""

from datetime import timedelta
from uuid import UUID

from contracts.booking import CancelSession
from contracts.ids import ClosureId
from contracts.timetable import (
    AddClosure,
    ClosureAdded,
    HearClosure,
    Placement,
    ReinstateSession,
    SessionsPlaced,
)
from tests.domain.booking.language import HALL, HOUR, NOON, SES, given, scheduled
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
        fact(ClosureAdded, closure_id=HEARD.closure_id, reason="works")
    )  # fmt: skip
    said = given(*past).when(AddClosure.model_validate(SAID), DAY_BEFORE)
    assert heard.outcome == said.outcome
    assert heard.gym.deadlines == said.gym.deadlines
    assert heard.gym.deadlines[f"call_off:{SES}"] == (
        DAY_BEFORE, CancelSession(session_id=SES, reason="works"),
    )  # fmt: skip


def test_a_class_called_off_so_is_not_brought_back_while_it_is_closed() -> None:
    scenario = given(scheduled(), PLACED).when(HEARD, DAY_BEFORE)
    scenario.when(CancelSession(session_id=SES, reason="works"), DAY_BEFORE)
    scenario.when(ReinstateSession(session_id=SES), DAY_BEFORE).then_refused("LOCATION_CLOSED")


def test_a_closure_heard_twice_or_when_it_is_over_closes_nothing() -> None:
    given().when(HEARD, DAY_BEFORE).when(HEARD, DAY_BEFORE).then_nothing()
    given().when(HEARD, NOON + timedelta(days=2)).then_nothing()
