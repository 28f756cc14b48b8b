"""Lines and offers on the roster, folded in a real database."""

from datetime import timedelta

import pytest

from chassis.tenancy import Pool
from contracts.booking import (
    BookingCode,
    Cancellation,
    CheckedIn,
    CheckInSource,
    OfferExpired,
    OfferShortened,
    OfferWithdrawn,
    ReservationReinstated,
    SpotChanged,
    WaitlistJoined,
    WaitlistLeft,
)
from contracts.ids import GymId, ReservationId, new_id
from services.projections import bookings, roster
from tests.component.read_models.folding import batches, put
from tests.component.read_models.spin_class import (
    LEO,
    MIA,
    SPIN,
    ZOE,
    a_class_with_bikes,
    gave_up,
    reserved,
    scheduled,
)
from tests.conftest import NOON
from tests.envelopes import RECORDED_AT, Recording


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
    _, (own,) = await bookings.of_client(reader, gym_id, MIA, None, 10)
    assert own.reservation is not None
    assert own.reservation.check_in_source == "kiosk"
    assert [(w.client_id, w.offered_until) for w in seen.waitlist] == [(LEO, NOON), (ZOE, None)]
    assert (gym_id, str(LEO)) in told
    _, (leo,) = await bookings.of_client(reader, gym_id, LEO, None, 10)
    assert leo.waiting is not None
    assert leo.waiting.offered_until == NOON


@pytest.mark.parametrize("size", [1, 100])
async def test_a_seat_that_is_not_there_shows_so_on_whatever_spot(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    """Mia gave up bike a late and Leo has it; staff takes her back over capacity, and Zoe too."""
    bikes, mia, *_ = a_class_with_bikes()
    seat, leo, zoe = (ReservationId(new_id()) for _ in range(3))
    events = recording.of(
        "session", SPIN, bikes, mia.model_copy(update={"reservation_id": seat}),
        gave_up(MIA, seat, Cancellation.LATE),
        reserved(LEO, 1, leo).model_copy(update={"spot": "a"}),
        ReservationReinstated(
            session_id=SPIN, client_id=MIA, reservation_id=seat, free_until=NOON, policy_version=1,
            seats_taken=3, capacity=2, reason="promised", overrides=(BookingCode.SESSION_FULL,),
        ),
        reserved(ZOE, 4, zoe).model_copy(update={"overbooked": True}),
        SpotChanged(session_id=SPIN, client_id=ZOE, reservation_id=zoe, spot="b"),
    )  # fmt: skip

    await put(writer, roster.MODEL, *batches(events, size))

    _, seen = await bookings.roster(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert {one.client_id: (one.spot, one.overbooked) for one in seen.reservations} == {
        MIA: (None, True), LEO: ("a", False), ZOE: ("b", True),
    }  # fmt: skip
    _, (own,) = await bookings.of_client(reader, recording.gym_id, ZOE, None, 10)
    assert own.reservation is not None
    assert (own.reservation.spot, own.reservation.overbooked) == ("b", True)


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


async def test_an_offer_that_was_withdrawn_is_no_more_and_the_place_is_kept(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    over = OfferWithdrawn(session_id=SPIN, client_id=LEO, policy_version=1)
    events = recording.of("session", SPIN, *a_class_with_bikes(), over)

    await put(writer, roster.MODEL, events[:3], events[3:])

    _, seen = await bookings.roster(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert [(w.client_id, w.offered_until) for w in seen.waitlist] == [(LEO, None), (ZOE, None)]


async def test_who_lets_an_offer_expire_stands_last(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    silence = OfferExpired(session_id=SPIN, client_id=LEO, seq=3, policy_version=1)
    events = recording.of("session", SPIN, *a_class_with_bikes(), silence)

    await put(writer, roster.MODEL, events[:3], events[3:])

    _, seen = await bookings.roster(reader, recording.gym_id, SPIN)
    assert seen is not None
    assert [(w.client_id, w.offered_until) for w in seen.waitlist] == [(ZOE, None), (LEO, None)]
