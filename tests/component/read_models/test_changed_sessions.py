"""Sessions whose time, people or rules were changed: their rows, read in a real database."""

import pytest

from chassis.tenancy import Pool
from contracts.booking import (
    BookingPolicy,
    GrantKind,
    ReservationMade,
    ReservationSource,
    SessionCancelled,
    SessionScheduled,
)
from contracts.envelope import Event
from contracts.ids import ClientId, GrantId, GymId, ReservationId, SessionId, new_id
from contracts.timetable import (
    InstructorSubstituted,
    InstructorUnassigned,
    NewDeadline,
    RoomAssigned,
    SessionChanged,
    SessionReinstated,
    SessionRescheduled,
)
from services.projections import bookings, calendar, roster, timetable
from tests.component.read_models.planned import (
    CATALOGUE,
    HALL,
    HOUR,
    KIM,
    LEE,
    PROGRAM,
    RED,
    SAM,
    SERIES,
    SPIN,
    tell,
)
from tests.conftest import NOON


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
    _, page = await calendar.page(reader, gym_id, (later, later + HOUR), None, 5)
    assert [one.session_id for one in page] == [session]
    _, mine = await bookings.of_client(reader, gym_id, client, None, 5)
    assert [one.session.starts_at for one in mine] == [later]
    assert [one.reservation.free_until for one in mine if one.reservation] == [later]


@pytest.mark.parametrize("apart", [True, False])
async def test_a_session_that_comes_back_promises_nobody_to_leave_freely(
    writer: Pool, reader: Pool, gym_id: GymId, apart: bool
) -> None:
    session = SessionId(new_id())
    *moved, off, back = a_changed_session(session, ClientId(new_id()), ReservationId(new_id()))
    await tell(writer, calendar.MODEL, gym_id, moved)
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    assert row.free_cancel_until == NOON + 3 * HOUR
    substituted = InstructorSubstituted(
        session_id=session, original=LEE, substitute=KIM, free_cancel_until=NOON
    )
    again = [off, back, substituted, off, back]
    await tell(writer, calendar.MODEL, gym_id, *([[one] for one in again] if apart else [again]))
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    assert row.free_cancel_until is None


@pytest.mark.parametrize("apart", [True, False])
async def test_whoever_gives_their_class_after_all_stands_in_for_nobody(
    writer: Pool, reader: Pool, gym_id: GymId, apart: bool
) -> None:
    session = SessionId(new_id())
    told = a_changed_session(session, ClientId(new_id()), ReservationId(new_id()))[:5]
    told.append(InstructorSubstituted(
        session_id=session, original=LEE, substitute=SAM, free_cancel_until=NOON
    ))  # fmt: skip
    await tell(writer, calendar.MODEL, gym_id, *([[one] for one in told] if apart else [told]))
    _, row = await calendar.session(reader, gym_id, session)
    assert row is not None
    assert (row.instructor_id, row.original_instructor_id) == (SAM, None)


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
