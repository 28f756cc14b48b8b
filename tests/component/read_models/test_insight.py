"""KPIs, folded in a real database and read as the gateway reads them."""

import struct
import zoneinfo
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chassis.tenancy import Pool
from contracts.booking import (
    Attendance,
    CapacityChanged,
    CreditsGranted,
    GrantKind,
    PolicyOverrides,
    ReservationCovered,
    SessionCancelled,
)
from contracts.envelope import Event
from contracts.ids import ClassTypeId, GrantId, GymId, ProgramId, ReservationId, SessionId, new_id
from contracts.timetable import (
    ClassTypeChanged,
    ClassTypeDefined,
    SessionKind,
    SessionReinstated,
    SessionRescheduled,
)
from services.projections import cards, kpis
from tests.component.read_models.folding import batches, put
from tests.component.read_models.taught_class import (
    CLIENTS,
    LEO,
    MIA,
    NOON,
    SPIN,
    TOMORROW,
    a_taught_class,
    corrected,
    here,
    reserved,
    scheduled,
)
from tests.envelopes import Recording


@pytest.mark.parametrize("size", [1, 4, 100])
async def test_attendance_is_counted_however_events_are_batched(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    events = Recording(gym_id).of("session", SPIN, *a_taught_class())

    await put(writer, kpis.MODEL, *(events[n : n + size] for n in range(0, len(events), size)))

    _, counted = await kpis.counted(reader, gym_id, TOMORROW)
    card = cards.attendance_rate(counted, TOMORROW)
    assert (card.rate, card.attended, card.no_shows) == (0.5, [MIA], [LEO])


async def test_a_correction_counts_as_corrected_and_as_recorded_by_a_person(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    recording = Recording(gym_id)
    await put(writer, kpis.MODEL, recording.of("session", SPIN, *a_taught_class()))
    right = corrected(LEO, Attendance.NO_SHOW, Attendance.ATTENDED)
    wrong = corrected(MIA, Attendance.ATTENDED, Attendance.EXCUSED)

    await put(writer, kpis.MODEL, recording.of("session", SPIN, right, wrong))

    _, counted = await kpis.counted(reader, gym_id, TOMORROW)
    card = cards.attendance_rate(counted, TOMORROW)
    assert (card.rate, card.attended, card.no_shows) == (1, [LEO], [])


def granted(grant: GrantId, *, counts: bool) -> CreditsGranted:
    return CreditsGranted(
        client_id=CLIENTS[LEO], grant_id=grant, credits=5, kind=GrantKind.PACK, valid_from=NOON,
        expires_at=None, reason="", counts=counts,
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_seats_of_staff_guests_and_tests_count_nowhere(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    recording, guests, members = Recording(gym_id), GrantId(new_id()), GrantId(new_id())
    events = [
        *recording.of(
            "client", CLIENTS[LEO], granted(guests, counts=False), granted(members, counts=True)
        ),
        *recording.of(
            "session", SPIN, scheduled(), reserved(MIA, grant=members),
            reserved(LEO, grant=guests), here(MIA), here(LEO),
        ),
    ]  # fmt: skip

    await put(writer, kpis.MODEL, *(events[n : n + size] for n in range(0, len(events), size)))

    _, counted = await kpis.counted(reader, gym_id, TOMORROW)
    assert cards.classes_today(counted, NOON).booked == [MIA]
    assert cards.attendance_rate(counted, TOMORROW).attended == [MIA]


@pytest.mark.parametrize("size", [1, 2])
async def test_grants_of_two_clients_may_have_one_id(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    """Each is known among its client's alone; it is no reason to count nobody any more."""
    recording, guests = Recording(gym_id), GrantId(new_id())
    of_mia = granted(guests, counts=False).model_copy(update={"client_id": CLIENTS[MIA]})
    events = [
        *recording.of("client", CLIENTS[LEO], granted(guests, counts=False)),
        *recording.of("client", CLIENTS[MIA], of_mia),
        *recording.of("session", SPIN, scheduled(), reserved(MIA, grant=guests), reserved(LEO)),
    ]

    await put(writer, kpis.MODEL, *batches(events, size))

    _, counted = await kpis.counted(reader, gym_id, TOMORROW)
    assert cards.classes_today(counted, NOON).booked == [LEO]


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_a_seat_counts_by_the_grant_that_pays_for_it_now(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    """A guest's pass ended and their new membership took over; with Mia it is the other way."""
    recording, guests, members = Recording(gym_id), GrantId(new_id()), GrantId(new_id())

    def covered(reservation: ReservationId, by: GrantId) -> ReservationCovered:
        return ReservationCovered(
            session_id=SPIN, client_id=CLIENTS[reservation], reservation_id=reservation,
            grant_id=by, grant_kind=GrantKind.PACK, policy_version=1,
        )  # fmt: skip

    events = [
        *recording.of(
            "client", CLIENTS[LEO], granted(guests, counts=False), granted(members, counts=True)
        ),
        *recording.of(
            "session", SPIN, scheduled(), reserved(MIA, grant=members),
            reserved(LEO, grant=guests), covered(LEO, members), covered(MIA, members),
            covered(MIA, guests), here(MIA), here(LEO),
        ),
    ]  # fmt: skip

    await put(writer, kpis.MODEL, *(events[n : n + size] for n in range(0, len(events), size)))

    _, counted = await kpis.counted(reader, gym_id, TOMORROW)
    assert cards.classes_today(counted, NOON).booked == [LEO]
    assert cards.attendance_rate(counted, TOMORROW).attended == [LEO]


async def test_only_sessions_of_class_types_that_are_classes_are_classes(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    recording, kind, open_gym = Recording(gym_id), ClassTypeId(new_id()), SessionId(new_id())

    def described(what: SessionKind) -> ClassTypeChanged:
        return ClassTypeChanged(
            class_type_id=kind, name="Open", description="", minutes=60, capacity=9,
            overrides=PolicyOverrides(), kind=what,
        )  # fmt: skip

    async def classes() -> list[SessionId]:
        return cards.classes_today((await kpis.counted(reader, gym_id, NOON))[1], NOON).running

    born = ClassTypeDefined(program_id=ProgramId(new_id()), **dict(described(SessionKind.OPEN_GYM)))
    await put(writer, kpis.MODEL, [
        *recording.of("class_type", kind, born),
        *recording.of("session", SPIN, scheduled()),
        *recording.of("session", open_gym, scheduled(open_gym, kind=kind)),
    ])  # fmt: skip
    assert await classes() == [SPIN]
    corrected = described(SessionKind.CLASS)
    told = await put(writer, kpis.MODEL, recording.of("class_type", kind, corrected))
    assert sorted(await classes()) == sorted([SPIN, open_gym])
    assert told == {(gym_id, str(kind))}, "dashboards look again"


async def test_today_follows_sessions_as_they_move_are_cancelled_and_come_back(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    recording = Recording(gym_id)
    moved = SessionRescheduled(
        session_id=SPIN, starts_at=NOON, ends_at=NOON + timedelta(hours=1),
        previous_starts_at=TOMORROW, previous_ends_at=TOMORROW, booking_opens_at=NOON,
        booking_closes_at=NOON,
    )  # fmt: skip

    async def today(*events: Event) -> cards.ClassesToday:
        await put(writer, kpis.MODEL, recording.of("session", SPIN, *events))
        return cards.classes_today((await kpis.counted(reader, gym_id, NOON))[1], NOON)

    not_today = await today(scheduled(starts_at=TOMORROW), reserved(MIA))
    here_now = await today(moved, CapacityChanged(session_id=SPIN, capacity=20, previous=12))
    off = await today(SessionCancelled(session_id=SPIN, reason="storm"))
    on_again = await today(SessionReinstated(session_id=SPIN))

    assert (not_today.running, not_today.to_come) == ([], [])
    assert (here_now.running, len(here_now.booked), here_now.capacity) == ([SPIN], 1, 20)
    assert (off.running, off.cancelled, off.capacity) == ([], [SPIN], 0)
    assert on_again.running == [SPIN]


@pytest.fixture
def zone_of_our_own(tmp_path: Path) -> Iterator[str]:
    """Fourteen hours ahead of UTC; in nobody's database but Python's."""
    counts, of_a_zone = struct.pack(">6l", 0, 0, 0, 0, 1, 4), struct.pack(">lbb", 14 * 3600, 0, 0)
    (tmp_path / "Nowhere").mkdir()
    (tmp_path / "Nowhere/Ahead").write_bytes(b"TZif" + bytes(16) + counts + of_a_zone + b"NOW\0")
    known = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path, *known])
    yield "Nowhere/Ahead"
    zoneinfo.reset_tzpath(known)
    ZoneInfo.clear_cache()


@pytest.mark.parametrize("size", [1, 100])
async def test_a_class_is_of_the_day_that_the_services_clocks_say(
    writer: Pool, reader: Pool, gym_id: GymId, zone_of_our_own: str, size: int
) -> None:
    """The database may go by rules of another year, and know fewer zones."""
    there = scheduled().model_copy(update={"time_zone": zone_of_our_own})
    later = NOON + timedelta(days=9)
    moved = SessionRescheduled(
        session_id=SPIN, starts_at=later, ends_at=later + timedelta(hours=1),
        previous_starts_at=NOON, previous_ends_at=NOON, booking_opens_at=NOON,
        booking_closes_at=NOON,
    )  # fmt: skip
    events = Recording(gym_id).of("session", SPIN, there, moved)

    await put(writer, kpis.MODEL, *batches(events, size))

    [found] = (await kpis.counted(reader, gym_id, later))[1]
    assert found.local_date == later.date() + timedelta(days=1)


async def test_kpis_hold_one_gyms_sessions_only(writer: Pool, reader: Pool, gym_id: GymId) -> None:
    told = await put(writer, kpis.MODEL, Recording(gym_id).of("session", SPIN, scheduled()))

    assert told == {(gym_id, str(SPIN))}
    assert (await kpis.counted(reader, GymId(new_id()), NOON))[1] == []
