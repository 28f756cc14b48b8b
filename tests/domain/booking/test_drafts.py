"""Drafts: a session planned out of everybody's sight, then put on the calendar or dropped."""

from datetime import timedelta

import pytest

from contracts.booking import (
    BookClass,
    BookingCode,
    CancelSession,
    ScheduleSession,
    SessionPlan,
    SessionScheduled,
)
from contracts.envelope import Command
from contracts.timetable import (
    DiscardDraft,
    DraftSession,
    PublishDraft,
    ReinstateSession,
    SessionDraftDiscarded,
    SessionDrafted,
    SessionsPlaced,
)
from tests.domain.booking.language import (
    ANN,
    HALL,
    HOUR,
    NOON,
    SES,
    given,
    scheduled,
)
from tests.scenario import fact

MONTH_BEFORE = NOON - timedelta(days=30)
PLAN = {
    "session_id": SES, "title": "Spin", "location_id": HALL, "starts_at": NOON,
    "ends_at": NOON + HOUR, "time_zone": "America/New_York", "capacity": 12,
}  # fmt: skip
DRAFTED = SessionDrafted.model_validate(PLAN)
PUBLISH, DISCARD = PublishDraft(session_id=SES), DiscardDraft(session_id=SES)


def draft(**other: object) -> DraftSession:
    return DraftSession.model_validate(PLAN | other)


def test_a_draft_takes_no_room_and_waits_for_no_clock() -> None:
    drafted = given().when(draft(), MONTH_BEFORE)
    drafted.then(fact(SessionDrafted, **PLAN))
    assert drafted.gym.deadlines == {}


def test_a_draft_is_planned_anew_and_of_the_same_plan_nothing_is_told() -> None:
    given(DRAFTED).when(draft(capacity=8), MONTH_BEFORE).then(fact(SessionDrafted, capacity=8))
    given(DRAFTED).when(draft(), MONTH_BEFORE).then_nothing()


def test_published_it_is_a_session_like_any_other() -> None:
    directly = given().when(ScheduleSession.model_validate(PLAN), MONTH_BEFORE)
    published = given(DRAFTED).when(PUBLISH, MONTH_BEFORE)
    published.then(
        fact(SessionScheduled, session_id=SES, capacity=12, was_draft=True),
        fact(SessionsPlaced, location_id=HALL),
    )
    assert published.gym.deadlines == directly.gym.deadlines
    published.when(PUBLISH, MONTH_BEFORE).then_refused(BookingCode.ALREADY_SCHEDULED)


def test_a_discarded_draft_leaves_nothing_and_its_id_may_be_planned_again() -> None:
    discarded = given(DRAFTED).when(DISCARD, MONTH_BEFORE)
    discarded.then(fact(SessionDraftDiscarded, session_id=SES))
    discarded.when(PUBLISH, MONTH_BEFORE).then_refused(BookingCode.SESSION_NOT_FOUND)
    discarded.when(draft(), MONTH_BEFORE).then(fact(SessionDrafted, **PLAN))


@pytest.mark.parametrize(
    "command",
    [
        BookClass(session_id=SES, client_id=ANN),
        CancelSession(session_id=SES, reason="rain"),
        ReinstateSession(session_id=SES),
    ],
)
def test_for_everything_else_a_draft_is_not_there(command: Command) -> None:
    given(DRAFTED).when(command, MONTH_BEFORE).then_refused(BookingCode.SESSION_NOT_FOUND)


def test_a_draft_whose_time_has_passed_is_not_published() -> None:
    given(DRAFTED).when(PUBLISH, NOON).then_refused(BookingCode.STARTS_IN_THE_PAST)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ends_at": NOON}, BookingCode.ENDS_BEFORE_IT_STARTS),
        ({"time_zone": "Mars/Olympus"}, BookingCode.UNKNOWN_TIME_ZONE),
        ({"spots": ("1", "1")}, BookingCode.INVALID_SPOTS),
    ],
)
def test_what_could_never_take_place_is_not_planned(
    wrong: dict[str, object], code: BookingCode
) -> None:
    given().when(draft(**wrong), MONTH_BEFORE).then_refused(code)


@pytest.mark.parametrize("command", [draft(), DISCARD])
def test_a_session_on_the_calendar_is_a_draft_no_longer(command: Command) -> None:
    given(scheduled()).when(command, MONTH_BEFORE).then_refused(BookingCode.ALREADY_SCHEDULED)


@pytest.mark.parametrize("command", [PUBLISH, DISCARD])
def test_what_was_never_planned_is_not_found(command: Command) -> None:
    given().when(command, MONTH_BEFORE).then_refused(BookingCode.SESSION_NOT_FOUND)


def test_a_draft_says_all_that_a_session_on_the_calendar_is_planned_with() -> None:
    of_the_gym = set(ScheduleSession.model_fields) - {"policy"}
    assert set(SessionPlan.model_fields) == of_the_gym == set(DraftSession.model_fields)
