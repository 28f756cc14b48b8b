"""The timetable: what is planned, drafted and ended, folded and read in a real database."""

from datetime import date, datetime

import pytest

from chassis.tenancy import Pool
from contracts.booking import BookingPolicy, PolicyOverrides, SessionScheduled
from contracts.envelope import Event
from contracts.ids import GymId, LocationId, SessionId, new_id
from contracts.timetable import (
    ClassTypeRetired,
    ClosureRemoved,
    ProgramRetired,
    ScheduleEnded,
    SessionDraftDiscarded,
    SessionDrafted,
)
from services.projections import closures, drafts, timetable
from tests.component.read_models.planned import (
    CATALOGUE,
    HALL,
    HOUR,
    PAINTING,
    PROGRAM,
    SERIES,
    SPIN,
    tell,
)
from tests.conftest import NOON


@pytest.mark.parametrize("batches", [[CATALOGUE], [[one] for one in CATALOGUE]])
async def test_what_is_planned_is_shown_as_it_was_said_last(
    writer: Pool, reader: Pool, gym_id: GymId, batches: list[list[Event]]
) -> None:
    await tell(writer, timetable.MODEL, gym_id, *batches)
    _, programs = await timetable.programs(reader, gym_id)
    assert [(one.name, one.description, one.is_retired) for one in programs] == [
        ("Ride", "indoors", False)
    ]
    _, types = await timetable.class_types(reader, gym_id)
    assert [(one.minutes, one.overrides) for one in types] == [
        (60, PolicyOverrides(waitlist_max=3))
    ]
    _, policies = await timetable.policies(reader, gym_id)
    assert [(one.policy.version, one.preset) for one in policies] == [(2, "boutique")]
    _, schedules = await timetable.schedules(reader, gym_id, HALL)
    assert [(one.pattern.capacity, one.pattern_from, one.placed_until) for one in schedules] == [
        (20, date(2027, 3, 15), date(2027, 3, 29))
    ]
    _, closed = await closures.of_location(reader, gym_id, None)
    assert [(one.reason, one.version) for one in closed] == [("painting", 9)]
    assert (await timetable.schedules(reader, gym_id, LocationId(new_id())))[1] == []


async def test_a_closure_that_was_removed_is_shown_no_more(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    opened = ClosureRemoved(closure_id=PAINTING, location_id=HALL)
    await tell(writer, timetable.MODEL, gym_id, CATALOGUE, [opened])
    assert (await closures.of_location(reader, gym_id, None))[1] == []


async def test_what_is_retired_or_ended_is_marked_so(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    ends: list[Event] = [
        ProgramRetired(program_id=PROGRAM), ClassTypeRetired(class_type_id=SPIN),
        ScheduleEnded(schedule_id=SERIES, from_date=date(2027, 3, 20), reason="summer"),
    ]  # fmt: skip
    await tell(writer, timetable.MODEL, gym_id, CATALOGUE, ends)
    assert (await timetable.programs(reader, gym_id))[1][0].is_retired
    assert (await timetable.class_types(reader, gym_id))[1][0].is_retired
    assert (await timetable.schedules(reader, gym_id, None))[1][0].until_date == date(2027, 3, 19)


async def test_drafts_are_shown_by_their_start_until_they_are_published_or_discarded(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    early, late, dropped = (SessionId(new_id()) for _ in range(3))
    at = {early: NOON, late: NOON + 24 * HOUR, dropped: NOON + 2 * HOUR}
    drafted = {one: draft(one, begins) for one, begins in at.items()}
    planned: list[Event] = [*drafted.values(), draft(early, NOON, title="Ride")]
    await tell(writer, timetable.MODEL, gym_id, planned)
    _, before = await drafts.drafts(reader, gym_id)
    published = SessionScheduled(
        **drafted[late].model_dump(), booking_opens_at=NOON, booking_closes_at=NOON,
        policy=BookingPolicy(), was_draft=True,
    )  # fmt: skip
    gone: list[Event] = [published, SessionDraftDiscarded(session_id=dropped)]
    await tell(writer, timetable.MODEL, gym_id, planned, gone)

    assert [(one.session_id, one.plan.title) for one in before] == [
        (early, "Ride"), (dropped, "Spin"), (late, "Spin"),
    ]  # fmt: skip
    assert [one.session_id for one in (await drafts.drafts(reader, gym_id))[1]] == [early]


def draft(session: SessionId, begins: datetime, title: str = "Spin") -> SessionDrafted:
    return SessionDrafted(
        session_id=session, title=title, location_id=HALL, starts_at=begins,
        ends_at=begins + HOUR, time_zone="Europe/Berlin", capacity=9,
    )  # fmt: skip
