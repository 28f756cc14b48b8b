"""Calendar, roster and ledgers, folded in a real database and read as the gateway reads them."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from chassis.tenancy import Pool, open_pool
from contracts.booking import (
    Attendance,
    AttendanceCorrected,
    AttendanceFinalized,
    AttendanceUnrecorded,
    BookingCode,
    BookingPolicy,
    Cancellation,
    CapacityChanged,
    CheckedIn,
    CheckInSource,
    CreditConsumed,
    CreditHeld,
    CreditsGranted,
    GrantKind,
    LedgerOpened,
    MarkedNoShow,
    OfferExpired,
    OfferShortened,
    ReservationCancelled,
    ReservationCovered,
    ReservationFlagged,
    ReservationMade,
    ReservationReinstated,
    ReservationSource,
    SessionCancelled,
    SessionScheduled,
    SpotChanged,
    SpotOffered,
    WaitlistJoined,
    WaitlistLeft,
    WaitlistPromoted,
)
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    GrantId,
    GymId,
    LocationId,
    ReservationId,
    SessionId,
    new_id,
)
from deploy.local.installation import Installation
from services.projections import bookings, calendar, ledgers, roster
from services.projections.reading import ViewsAway
from services.projections.sessions import Incomplete
from tests.component.read_models.folding import put
from tests.conftest import NOON
from tests.envelopes import RECORDED_AT, Recording

SPIN = SessionId(new_id())
MIA, LEO, ZOE = ClientId(new_id()), ClientId(new_id()), ClientId(new_id())
ALL_DAY = (NOON, NOON + timedelta(days=1))


def scheduled(session: SessionId = SPIN, *, hours: int = 1) -> SessionScheduled:
    start = NOON + timedelta(hours=hours)
    return SessionScheduled(
        session_id=session, title="Spin", location_id=LocationId(new_id()), starts_at=start,
        ends_at=start + timedelta(hours=1), time_zone="Europe/Berlin", capacity=2,
        booking_opens_at=NOON, booking_closes_at=start, policy=BookingPolicy(),
    )  # fmt: skip


def reserved(client: ClientId, seats: int, reservation: ReservationId) -> ReservationMade:
    return ReservationMade(
        session_id=SPIN, client_id=client, reservation_id=reservation,
        source=ReservationSource.BOOKED, grant_id=GrantId(new_id()), grant_kind=GrantKind.PACK,
        free_until=NOON, policy_version=1, seats_taken=seats, capacity=2,
    )  # fmt: skip


def gave_up(client: ClientId, reservation: ReservationId, kind: Cancellation) -> Event:
    return ReservationCancelled(
        session_id=SPIN, client_id=client, reservation_id=reservation, kind=kind, free_until=NOON,
        policy_version=1, seats_taken=1,
    )  # fmt: skip


def a_busy_session() -> list[Event]:
    """Two seats; Mia comes, Leo cancels, Zoe waits and is promoted."""
    mia, leo, zoe = (ReservationId(new_id()) for _ in range(3))
    line = WaitlistJoined(session_id=SPIN, client_id=ZOE, seq=1, policy_version=1)
    return [
        scheduled(), reserved(MIA, 1, mia), reserved(LEO, 2, leo), line,
        gave_up(LEO, leo, Cancellation.LATE),
        WaitlistPromoted(session_id=SPIN, client_id=ZOE, seq=1, policy_version=1),
        reserved(ZOE, 2, zoe),
        CheckedIn(session_id=SPIN, client_id=MIA, reservation_id=mia),
        MarkedNoShow(session_id=SPIN, client_id=ZOE, reservation_id=zoe, policy_version=1),
        AttendanceFinalized(session_id=SPIN, attended=1, no_shows=1, late_cancels=1),
    ]  # fmt: skip


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


async def test_the_line_is_shown_in_order_and_everyone_in_it_hears_of_a_move(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    joined = [
        WaitlistJoined(session_id=SPIN, client_id=client, seq=seq, policy_version=1)
        for seq, client in enumerate((LEO, ZOE, MIA), start=1)
    ]
    left = WaitlistLeft(session_id=SPIN, client_id=LEO, reason="left")
    await put(writer, roster.MODEL, recording.of("session", SPIN, scheduled(), *joined))

    told = await put(writer, roster.MODEL, recording.of("session", SPIN, left))

    gym = recording.gym_id
    assert told == {(gym, str(key)) for key in (SPIN, LEO, ZOE, MIA)}
    _, seen = await bookings.roster(reader, gym, SPIN)
    assert seen is not None
    assert [(w.client_id, w.place, w.joined_at) for w in seen.waitlist] == [
        (ZOE, 1, RECORDED_AT), (MIA, 2, RECORDED_AT),
    ]  # fmt: skip
    _, (mia,) = await bookings.of_client(reader, gym, MIA, None, 10)
    assert mia.waiting is not None
    assert (mia.session.session_id, mia.waiting.place) == (SPIN, 2)


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


async def test_a_reader_sees_the_gym_it_asks_for_and_no_other(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    await put(writer, calendar.MODEL, recording.of("session", SPIN, scheduled()))
    stranger = GymId(new_id())

    assert (await calendar.session(reader, stranger, SPIN))[1] is None
    assert (await calendar.page(reader, stranger, ALL_DAY, None, 10))[1] == []
    assert await reader.fetch("SELECT * FROM views.class_sessions") == []


async def test_every_table_is_behind_row_security_and_keyed_by_gym(reader: Pool) -> None:
    unguarded = await reader.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
        "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] "
        " WHERE c.relnamespace = 'views'::regnamespace AND c.relkind = 'r' "
        "   AND c.relname <> 'checkpoints' "
        "   AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND a.attname = 'gym_id')"
    )
    read_models = (calendar.MODEL, roster.MODEL, ledgers.MODEL)

    assert unguarded == []
    for table in (table for model in read_models for table in model.tables):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(f"DELETE FROM views.{table}")


async def test_a_database_that_is_away_is_told_apart_from_nothing_to_show(
    installation: Installation, gym_id: GymId
) -> None:
    pool = await open_pool(installation.dsn("gateway", "b2b_views"), name="tests reader")
    await pool.close()

    with pytest.raises(ViewsAway):
        await calendar.session(pool, gym_id, SPIN)


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


async def test_a_ledger_counts_what_is_held_and_spent(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    pack, seats = GrantId(new_id()), [ReservationId(new_id()) for _ in range(2)]
    granted = CreditsGranted(
        client_id=MIA, grant_id=pack, kind=GrantKind.PACK, credits=10, valid_from=NOON,
        expires_at=None, reason="welcome",
    )  # fmt: skip
    held = [
        CreditHeld(client_id=MIA, grant_id=pack, reservation_id=seat, session_id=SPIN,
                   starts_at=NOON, ends_at=NOON, credits=1) for seat in seats
    ]  # fmt: skip
    spent = CreditConsumed(client_id=MIA, grant_id=pack, reservation_id=seats[0], credits=1)
    events = recording.of("ledger", MIA, LedgerOpened(client_id=MIA), granted, *held, spent)

    await put(writer, ledgers.MODEL, events[:3], events[3:])

    _, ledger = await ledgers.of_client(reader, recording.gym_id, MIA)
    assert ledger is not None
    (grant,) = ledger.grants
    assert (grant.held, grant.consumed, grant.available, ledger.version) == (1, 1, 8, 5)


def a_class_with_bikes() -> list[Event]:
    """Mia on bike a; Leo waits, is offered a seat and lets it expire; Zoe waits behind."""
    bikes = scheduled().model_copy(
        update={"spots": ("a", "b"), "online_capacity": 1, "waiver_required": True}
    )
    mia = reserved(MIA, 1, ReservationId(new_id())).model_copy(update={"spot": "a"})
    line = [
        WaitlistJoined(session_id=SPIN, client_id=client, seq=seq, policy_version=1)
        for seq, client in enumerate((LEO, ZOE), start=1)
    ]
    offer = SpotOffered(
        session_id=SPIN, client_id=LEO, seq=1, expires_at=NOON, policy_version=1
    )  # fmt: skip
    return [bikes, mia, *line, offer]


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


@pytest.mark.parametrize("size", [1, 100])
async def test_spots_and_offers_are_on_the_roster(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    made = a_class_with_bikes()
    seat = made[1].reservation_id  # type: ignore[attr-defined]
    elsewhere = SpotChanged(
        session_id=SPIN, client_id=MIA, reservation_id=seat, spot="b", previous="a"
    )
    here = CheckedIn(
        session_id=SPIN, client_id=MIA, reservation_id=seat, source=CheckInSource.KIOSK
    )
    events = Recording(gym_id).of("session", SPIN, *made, elsewhere, here)
    batches = [events[n : n + size] for n in range(0, len(events), size)]

    told = await put(writer, roster.MODEL, *batches)

    _, seen = await bookings.roster(reader, gym_id, SPIN)
    assert seen is not None
    assert (seen.spots, seen.online_capacity, seen.waiver_required) == (("a", "b"), 1, True)
    (mia,) = seen.reservations
    assert (mia.spot, mia.check_in_source, mia.overbooked) == ("b", "kiosk", False)
    assert [(w.client_id, w.offered_until) for w in seen.waitlist] == [(LEO, NOON), (ZOE, None)]
    assert (gym_id, str(LEO)) in told
    _, (leo,) = await bookings.of_client(reader, gym_id, LEO, None, 10)
    assert leo.waiting is not None
    assert leo.waiting.offered_until == NOON


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


async def test_an_offer_that_was_shortened_shows_its_new_end_and_keeps_the_place(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    sooner = OfferShortened(
        session_id=SPIN, client_id=LEO, expires_at=NOON - timedelta(hours=1), policy_version=1
    )  # fmt: skip
    events = recording.of("session", SPIN, *a_class_with_bikes(), sooner)

    await put(writer, roster.MODEL, events[:3], events[3:])

    _, seen = await bookings.roster(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert [(w.client_id, w.offered_until) for w in seen.waitlist] == [
        (LEO, NOON - timedelta(hours=1)), (ZOE, None),
    ]  # fmt: skip


async def test_who_lets_an_offer_expire_stands_last(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    silence = OfferExpired(session_id=SPIN, client_id=LEO, seq=3, policy_version=1)
    events = recording.of("session", SPIN, *a_class_with_bikes(), silence)

    await put(writer, roster.MODEL, events[:3], events[3:])

    _, seen = await bookings.roster(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert [(w.client_id, w.offered_until) for w in seen.waitlist] == [(ZOE, None), (LEO, None)]


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
