"""How far a session has come, as clients are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.ids import LocationId, SessionId, new_id
from gateway.sessions import SessionStatus, shown
from services.projections.sessions import Session

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
ENDS = NOON + timedelta(hours=1)
SPIN = Session(
    session_id=SessionId(new_id()), title="Spin", location_id=LocationId(new_id()),
    location_name=None, room_id=None, room_name=None, instructor_id=None, instructor_name=None,
    starts_at=NOON, ends_at=ENDS, time_zone="UTC", booking_opens_at=NOON, booking_closes_at=NOON,
    capacity=9, reserved=0, waiting=0, checked_in=0, status="scheduled", cancel_reason=None,
    version=1,
)  # fmt: skip


def test_a_session_is_completed_from_its_end_on() -> None:
    just_before = ENDS - timedelta(microseconds=1)
    assert shown(SPIN, just_before).status is SessionStatus.SCHEDULED
    assert shown(SPIN, ENDS).status is SessionStatus.COMPLETED


@pytest.mark.parametrize("status", ["cancelled", "finalized", "unrecorded"])
def test_what_an_event_told_stays_when_it_is_over(status: str) -> None:
    assert shown(replace(SPIN, status=status), ENDS).status is SessionStatus(status)
