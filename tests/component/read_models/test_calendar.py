"""The calendar, folded in a real database and read as the gateway reads it."""

from datetime import timedelta

import pytest

from chassis.tenancy import Pool
from contracts.booking import Cancellation, CapacityChanged, CheckedIn, SessionCancelled
from contracts.ids import ClientId, GymId, ReservationId, SessionId, new_id
from contracts.timetable import SessionReinstated
from services.projections import bookings, calendar, roster
from services.projections.sessions import Incomplete
from tests.component.read_models.folding import batches, put
from tests.component.read_models.spin_class import (
    LEO,
    MIA,
    SPIN,
    ZOE,
    a_busy_session,
    a_class_with_bikes,
    gave_up,
    reserved,
    scheduled,
)
from tests.conftest import NOON
from tests.envelopes import Recording

ALL_DAY = (NOON, NOON + timedelta(days=1))


async def test_the_calendar_counts_people_as_they_come_and_go(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    events = recording.of("session", SPIN, *a_busy_session())

    await put(writer, calendar.MODEL, events[:4])
    _, (halfway,) = await calendar.page(reader, recording.gym_id, ALL_DAY, None, 10)
    await put(writer, calendar.MODEL, events[4:])
    _, after = await calendar.session(reader, recording.gym_id, SPIN)

    assert (halfway.reserved, halfway.waiting, halfway.status) == (2, 1, "scheduled")
    assert after is not None
    assert (after.reserved, after.waiting, after.checked_in, after.status, after.version) == (
        2, 0, 1, "finalized", 10,
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_a_class_that_was_called_off_comes_back_with_nobody_checked_in(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    mia, leo = ReservationId(new_id()), ReservationId(new_id())
    events = recording.of(
        "session", SPIN, scheduled(), reserved(MIA, 1, mia),
        CheckedIn(session_id=SPIN, client_id=MIA, reservation_id=mia),
        SessionCancelled(session_id=SPIN, reason="the wrong class"),
        gave_up(MIA, mia, Cancellation.SESSION), SessionReinstated(session_id=SPIN),
        reserved(LEO, 1, leo), CheckedIn(session_id=SPIN, client_id=LEO, reservation_id=leo),
    )  # fmt: skip

    await put(writer, calendar.MODEL, events[:3], *batches(events[3:], size))

    _, back = await calendar.session(reader, recording.gym_id, SPIN)
    assert back is not None
    assert (back.reserved, back.checked_in, back.status) == (1, 1, "scheduled")


async def test_pages_follow_each_other_without_gap_or_repetition(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    ids = [SessionId(new_id()) for _ in range(5)]
    for n, session in enumerate(ids):
        starts = scheduled(session, hours=n // 2)
        await put(writer, calendar.MODEL, recording.of("session", session, starts))

    seen, after = [], None
    while True:
        _, page = await calendar.page(reader, recording.gym_id, ALL_DAY, after, 2)
        if not page:
            break
        seen += [session.session_id for session in page]
        after = (page[-1].starts_at, page[-1].session_id)

    assert seen == ids


@pytest.mark.parametrize("size", [1, 100])
async def test_a_session_on_the_calendar_tells_what_booking_it_takes_and_each_their_own_place(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    made = a_class_with_bikes()
    events = Recording(gym_id).of("session", SPIN, *made)
    batches = [events[n : n + size] for n in range(0, len(events), size)]

    await put(writer, calendar.MODEL, *batches)
    await put(writer, roster.MODEL, *batches)

    _, shown = await calendar.session(reader, gym_id, SPIN)
    assert shown is not None
    _, page = await calendar.page(reader, gym_id, (shown.starts_at, shown.ends_at), None, 9)
    assert page == [shown]
    assert (shown.spots, shown.online_capacity, shown.waiver_required) == (("a", "b"), 1, True)
    places = [(await bookings.place_of(reader, gym_id, SPIN, who))[1] for who in (MIA, LEO, ZOE)]
    assert [place and (place.status, place.spot, place.place) for place in places] == [
        ("reserved", "a", None), ("offered", None, 1), ("waiting", None, 2),
    ]  # fmt: skip
    assert places[1] is not None
    assert places[1].offered_until == NOON
    stranger = ClientId(new_id())
    assert (await bookings.place_of(reader, gym_id, SPIN, stranger))[1] is None
    assert (await bookings.place_of(reader, GymId(new_id()), SPIN, MIA))[1] is None


async def test_text_the_database_cannot_hold_does_not_stop_a_read_model(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    odd = scheduled().model_copy(update={"title": "Sp\0in"})

    await put(writer, calendar.MODEL, recording.of("session", SPIN, odd))

    _, seen = await calendar.session(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert seen.title == "Sp\ufffdin"


async def test_a_change_of_a_session_never_scheduled_stops_the_read_model(
    writer: Pool, recording: Recording
) -> None:
    change = CapacityChanged(session_id=SPIN, capacity=3, previous=2)

    with pytest.raises(Incomplete):
        await put(writer, calendar.MODEL, recording.of("session", SPIN, change))
