"""The roster and what members see of their seats, folded in a real database."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.tenancy import Pool
from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    AttendanceUnrecorded,
    BookingCode,
    Cancellation,
    CheckedIn,
    GrantKind,
    MarkedNoShow,
    ReservationCovered,
    ReservationFlagged,
    ReservationReinstated,
    SessionCancelled,
)
from contracts.ids import GrantId, GymId, ReservationId, new_id
from services.projections import bookings, roster
from tests.component.read_models.folding import put
from tests.component.read_models.spin_class import (
    LEO,
    MIA,
    SPIN,
    ZOE,
    a_busy_session,
    gave_up,
    reserved,
    scheduled,
)
from tests.conftest import NOON
from tests.envelopes import Recording


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_how_events_are_batched_does_not_matter(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    events = Recording(gym_id).of("session", SPIN, *a_busy_session())
    batches = [events[n : n + size] for n in range(0, len(events), size)]

    await put(writer, roster.MODEL, *batches)

    _, seen = await bookings.roster(reader, gym_id, SPIN)
    assert seen is not None
    assert seen.waitlist == []
    assert [(r.client_id, r.status, r.version) for r in seen.reservations] == [
        (MIA, "attended", 10), (ZOE, "no_show", 9),
    ]  # fmt: skip
    _, (leo,) = await bookings.of_client(reader, gym_id, LEO, None, 10)
    assert leo.reservation is not None
    assert leo.reservation.status == "cancelled_late"


async def test_a_cancelled_session_frees_everybody_and_they_hear_of_it(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    seat = ReservationId(new_id())
    here = CheckedIn(session_id=SPIN, client_id=MIA, reservation_id=seat)
    await put(writer, roster.MODEL,
              recording.of("session", SPIN, scheduled(), reserved(MIA, 1, seat), here))  # fmt: skip

    off = gave_up(MIA, seat, Cancellation.SESSION).model_copy(update={"seats_taken": 0})
    cancelled = SessionCancelled(session_id=SPIN, reason="storm")
    told = await put(writer, roster.MODEL, recording.of("session", SPIN, cancelled, off))

    assert (recording.gym_id, str(MIA)) in told
    _, (mia,) = await bookings.of_client(reader, recording.gym_id, MIA, None, 10)
    assert mia.reservation is not None
    assert (mia.reservation.status, mia.session.status) == ("session_cancelled", "cancelled")
    assert (mia.session.reserved, mia.session.checked_in) == (0, 0)
    assert mia.session.cancel_reason == "storm"


async def test_a_seat_nothing_pays_for_is_flagged_until_something_does(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    seat = ReservationId(new_id())
    names: dict[str, Any] = {
        "session_id": SPIN, "client_id": MIA, "reservation_id": seat, "policy_version": 1,
    }  # fmt: skip
    lapsed = ReservationFlagged(**names, reason=BookingCode.ON_HOLD)
    paid = ReservationCovered(**names, grant_id=GrantId(new_id()), grant_kind=GrantKind.PACK)
    made = [scheduled(), reserved(MIA, 1, seat), lapsed, paid, lapsed]
    events = Recording(gym_id).of("session", SPIN, *made)

    flags = []
    for batch in (events[:2], events[2:3], events[3:4], events[4:]):
        await put(writer, roster.MODEL, batch)
        _, seen = await bookings.roster(reader, gym_id, SPIN)
        assert seen is not None
        flags.append([one.flag for one in seen.reservations])
    assert flags == [[None], ["ON_HOLD"], [None], ["ON_HOLD"]]


@pytest.mark.parametrize("size", [1, 100])
async def test_a_session_nobody_recorded_says_so_until_everybody_is_excused(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    mia = ReservationId(new_id())
    asked = AttendanceUnrecorded(
        session_id=SPIN, seats=1, excused_at=NOON + timedelta(days=8), policy_version=1
    )
    closed = AttendanceFinalized(
        session_id=SPIN, attended=0, no_shows=0, late_cancels=0, excused=(mia,)
    )
    past = [scheduled(), reserved(MIA, 1, mia), asked, closed]
    events = Recording(gym_id).of("session", SPIN, *past)
    batches = [events[n : n + size] for n in range(0, 3, size)]

    await put(writer, roster.MODEL, *[batch[:3] for batch in batches])
    _, open_ = await bookings.roster(reader, gym_id, SPIN)
    await put(writer, roster.MODEL, events[3:])
    _, excused = await bookings.roster(reader, gym_id, SPIN)

    assert open_ is not None
    assert excused is not None
    assert (open_.session.status, [one.status for one in open_.reservations]) == (
        "unrecorded", ["reserved"],
    )  # fmt: skip
    assert (excused.session.status, [one.status for one in excused.reservations]) == (
        "finalized", ["excused"],
    )  # fmt: skip


async def test_a_late_cancel_that_was_undone_and_a_corrected_absence_are_shown_as_they_are(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    mia, leo = ReservationId(new_id()), ReservationId(new_id())
    back = ReservationReinstated(
        session_id=SPIN, client_id=MIA, reservation_id=mia, free_until=NOON + timedelta(hours=1),
        policy_version=1, seats_taken=2, capacity=2,
    )  # fmt: skip
    excused = AttendanceCorrected(
        session_id=SPIN, client_id=LEO, reservation_id=leo, was=Attendance.NO_SHOW,
        becomes=Attendance.EXCUSED, credits=0, reason="ill", policy_version=1,
    )  # fmt: skip
    events = recording.of(
        "session", SPIN, scheduled(), reserved(MIA, 1, mia), reserved(LEO, 2, leo),
        gave_up(MIA, mia, Cancellation.LATE), back,
        CheckedIn(session_id=SPIN, client_id=MIA, reservation_id=mia),
        MarkedNoShow(session_id=SPIN, client_id=LEO, reservation_id=leo, policy_version=1),
        AttendanceFinalized(session_id=SPIN, attended=1, no_shows=1, late_cancels=0), excused,
    )  # fmt: skip

    await put(writer, roster.MODEL, events)

    _, seen = await bookings.roster(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert seen.session.reserved == 2
    assert {r.client_id: (r.status, r.free_until) for r in seen.reservations} == {
        MIA: ("attended", NOON + timedelta(hours=1)), LEO: ("excused", NOON),
    }  # fmt: skip
