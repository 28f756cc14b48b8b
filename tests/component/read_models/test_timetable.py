"""The timetable and what it does to sessions' rows, folded and read in a real database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from chassis.projection import ReadModel
from chassis.tenancy import Pool
from contracts.booking import (
    BookingPolicy,
    GrantKind,
    PolicyOverrides,
    ReservationMade,
    ReservationSource,
    SessionCancelled,
    SessionScheduled,
)
from contracts.envelope import Event
from contracts.ids import (
    ClassTypeId,
    ClientId,
    ClosureId,
    GrantId,
    GymId,
    LocationId,
    ProgramId,
    ReservationId,
    RoomId,
    ScheduleId,
    SessionId,
    StaffId,
    new_id,
)
from contracts.timetable import (
    BookingPolicyPublished,
    ClassTypeChanged,
    ClassTypeDefined,
    ClassTypeRetired,
    ClosureAdded,
    ClosureRemoved,
    InstructorSubstituted,
    InstructorUnassigned,
    NewDeadline,
    OccurrencesPlaced,
    Pattern,
    Preset,
    ProgramChanged,
    ProgramDefined,
    ProgramRetired,
    RoomAssigned,
    ScheduleChanged,
    ScheduleCreated,
    ScheduleEnded,
    SessionChanged,
    SessionDraftDiscarded,
    SessionDrafted,
    SessionReinstated,
    SessionRescheduled,
)
from services.projections import bookings, calendar, closures, drafts, roster, timetable
from tests.component.read_models.folding import put
from tests.conftest import NOON
from tests.envelopes import Recording

HOUR = timedelta(hours=1)
PROGRAM, SPIN, SERIES = ProgramId(new_id()), ClassTypeId(new_id()), ScheduleId(new_id())
HALL, RED = LocationId(new_id()), RoomId(new_id())
SAM, KIM, LEE = (StaffId(new_id()) for _ in range(3))
DAY = date(2027, 3, 1)
PAINTING = ClosureId(new_id())


async def tell(pool: Pool, model: ReadModel, gym_id: GymId, *batches: Sequence[Event]) -> None:
    recording = Recording(gym_id)
    for batch in batches:
        await put(pool, model, recording.of("any", gym_id, *batch))


def pattern(**other: object) -> Pattern:
    usual = {"title": "Spin", "weekdays": (1,), "starts_at": "09:00", "minutes": 60, "capacity": 9}
    return Pattern.model_validate(usual | other)


CATALOGUE: list[Event] = [
    ProgramDefined(program_id=PROGRAM, name="Cycling", description=""),
    ProgramChanged(program_id=PROGRAM, name="Ride", description="indoors"),
    ClassTypeDefined(
        class_type_id=SPIN, program_id=PROGRAM, name="Spin", description="", minutes=45,
        capacity=12, overrides=PolicyOverrides(late_cancel_minutes=360),
    ),
    ClassTypeChanged(
        class_type_id=SPIN, name="Spin", description="fast", minutes=60, capacity=10,
        overrides=PolicyOverrides(waitlist_max=3),
    ),
    BookingPolicyPublished(
        version=2, effective_from=NOON, policy=BookingPolicy(version=2), preset=Preset.BOUTIQUE
    ),
    ScheduleCreated(
        schedule_id=SERIES, location_id=HALL, time_zone="Europe/Berlin", pattern=pattern(),
        from_date=DAY, until_date=None, except_dates=(date(2027, 3, 8),),
    ),
    OccurrencesPlaced(schedule_id=SERIES, placed=(), until=date(2027, 3, 29)),
    ScheduleChanged(schedule_id=SERIES, from_date=date(2027, 3, 15), pattern=pattern(capacity=20)),
    ClosureAdded(
        closure_id=PAINTING, location_id=HALL, from_date=DAY, until_date=DAY,
        starts_at=NOON, ends_at=NOON + 24 * HOUR, reason="painting",
    ),
]  # fmt: skip


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


async def test_a_class_nobody_gives_for_now_shows_so_and_who_gave_it(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    session, client, seat = SessionId(new_id()), ClientId(new_id()), ReservationId(new_id())
    longer = NewDeadline(client_id=client, reservation_id=seat, free_until=NOON + HOUR)
    gone = InstructorUnassigned(
        session_id=session, original=SAM, free_cancel_until=NOON + HOUR, deadlines=(longer,),
        policy_version=1,
    )  # fmt: skip
    told = [*a_changed_session(session, client, seat)[:2], gone]
    await tell(writer, calendar.MODEL, gym_id, told)
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    assert (row.instructor_id, row.original_instructor_id, row.version) == (None, SAM, 3)
    assert row.free_cancel_until == NOON + HOUR


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


def a_changed_session(
    session: SessionId, client: ClientId, reservation: ReservationId
) -> list[Event]:
    later = NOON + 3 * HOUR
    longer = NewDeadline(client_id=client, reservation_id=reservation, free_until=later)
    return [
        SessionScheduled(
            session_id=session, title="Spin", location_id=HALL, instructor_id=SAM,
            starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, time_zone="Europe/Berlin",
            capacity=2, booking_opens_at=NOON, booking_closes_at=NOON + HOUR,
            policy=BookingPolicy(), program_id=PROGRAM, class_type_id=SPIN, schedule_id=SERIES,
        ),
        ReservationMade(
            session_id=session, client_id=client, reservation_id=reservation,
            source=ReservationSource.BOOKED, grant_id=GrantId(new_id()),
            grant_kind=GrantKind.PACK, free_until=NOON, policy_version=1, seats_taken=1,
            capacity=2,
        ),
        RoomAssigned(session_id=session, room_id=RED, previous=None),
        InstructorSubstituted(
            session_id=session, original=SAM, substitute=KIM, free_cancel_until=NOON
        ),
        InstructorSubstituted(
            session_id=session, original=KIM, substitute=LEE, free_cancel_until=NOON + HOUR
        ),
        SessionRescheduled(
            session_id=session, starts_at=later, ends_at=later + HOUR,
            previous_starts_at=NOON + HOUR, previous_ends_at=NOON + 2 * HOUR,
            booking_opens_at=NOON, booking_closes_at=later, free_cancel_until=later,
            deadlines=(longer,),
        ),
        SessionCancelled(session_id=session, reason="rain"),
        SessionReinstated(session_id=session),
    ]  # fmt: skip


@pytest.mark.parametrize("apart", [True, False])
async def test_a_changed_session_is_shown_at_its_new_time_with_its_new_people(
    writer: Pool, reader: Pool, gym_id: GymId, apart: bool
) -> None:
    session, client = SessionId(new_id()), ClientId(new_id())
    events = a_changed_session(session, client, ReservationId(new_id()))
    batches = [[one] for one in events] if apart else [events]
    await tell(writer, timetable.MODEL, gym_id, CATALOGUE)
    await tell(writer, calendar.MODEL, gym_id, *batches)
    await tell(writer, roster.MODEL, gym_id, *batches)
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    later = NOON + 3 * HOUR
    assert (row.starts_at, row.room_id, row.status, row.cancel_reason, row.version) == (
        later, RED, "scheduled", None, 8,
    )  # fmt: skip
    assert (row.instructor_id, row.original_instructor_id) == (LEE, SAM)
    assert (row.program_name, row.class_type_name, row.schedule_id) == ("Ride", "Spin", SERIES)
    assert row.free_cancel_until == later
    _, page = await calendar.page(reader, gym_id, (later, later + HOUR), None, 5)
    assert [one.session_id for one in page] == [session]
    _, mine = await bookings.of_client(reader, gym_id, client, None, 5)
    assert [one.session.starts_at for one in mine] == [later]
    assert [one.reservation.free_until for one in mine if one.reservation] == [later]


@pytest.mark.parametrize("apart", [True, False])
async def test_a_session_that_was_said_anew_is_shown_so(
    writer: Pool, reader: Pool, gym_id: GymId, apart: bool
) -> None:
    session, client, seat = SessionId(new_id()), ClientId(new_id()), ReservationId(new_id())
    born, made, *_ = a_changed_session(session, client, seat)
    longer = NewDeadline(client_id=client, reservation_id=seat, free_until=NOON + HOUR)
    changed = SessionChanged(
        session_id=session, title="Ride", online_capacity=1, spots=("a", "b"),
        waiver_required=True, policy=BookingPolicy(), gym_policy_version=1,
        booking_opens_at=NOON - HOUR, booking_closes_at=NOON, deadlines=(longer,),
    )  # fmt: skip
    plain = changed.model_copy(update={"online_capacity": None, "spots": (), "deadlines": ()})
    first = [[born], [made, changed]] if apart else [[born, made, changed]]
    for model in (calendar.MODEL, roster.MODEL):
        await tell(writer, model, gym_id, *first)
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    assert (row.title, row.online_capacity, row.spots, row.waiver_required) == (
        "Ride", 1, ("a", "b"), True,
    )  # fmt: skip
    assert (row.class_type_id, row.program_id, row.booking_closes_at) == (None, None, NOON)
    _, mine = await bookings.of_client(reader, gym_id, client, None, 5)
    assert [(one.session.title, one.session.booking_opens_at) for one in mine] == [
        ("Ride", NOON - HOUR)
    ]
    assert [one.reservation.free_until for one in mine if one.reservation] == [NOON + HOUR]
    await tell(writer, calendar.MODEL, gym_id, [plain])
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    assert (row.online_capacity, row.spots) == (None, ())
