"""Receipts, folded in a real database and read as the gateway reads them."""

from datetime import UTC, datetime

from chassis.tenancy import Pool
from contracts.booking import BookingBanImposed
from contracts.ids import GymId, new_id
from contracts.members import GymRegistered
from contracts.timetable import SessionRescheduled
from services.projections import organisation, receipts
from tests.component.read_models.folding import put
from tests.component.read_models.taught_class import (
    CLIENTS,
    MIA,
    NOON,
    SPIN,
    ZOE,
    a_taught_class,
    here,
    scheduled,
)
from tests.envelopes import Recording


async def test_a_client_has_a_receipt_for_every_decision_and_nobody_elses(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    events = Recording(gym_id).of("session", SPIN, *a_taught_class())
    await put(writer, receipts.MODEL, events[:5], events[5:])

    _, zoe = await receipts.of_client(reader, gym_id, SPIN, CLIENTS[ZOE])
    _, other = await receipts.of_client(reader, GymId(new_id()), SPIN, CLIENTS[ZOE])

    assert [one.decided.decision for one in zoe] == ["reserved", "cancelled_late"]
    assert zoe[1].text == "Cancelled 1 Mar 13:00, free until 13:00: late"
    assert (zoe[1].position, zoe[1].decided.by) == (events[4].position, "system")
    assert zoe[0].decided.facts["capacity"] == 12
    assert other == []


async def test_receipts_are_told_by_the_time_the_session_has_now(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    recording, first = Recording(gym_id), datetime(2027, 3, 1, 18, tzinfo=UTC)
    moved = SessionRescheduled(
        session_id=SPIN, starts_at=first, ends_at=first, previous_starts_at=NOON,
        previous_ends_at=NOON, booking_opens_at=NOON, booking_closes_at=NOON,
    )  # fmt: skip
    await put(writer, receipts.MODEL, recording.of("session", SPIN, scheduled(), here(MIA)))
    before = (await receipts.of_client(reader, gym_id, SPIN, CLIENTS[MIA]))[1][0].text

    await put(writer, receipts.MODEL, recording.of("session", SPIN, moved))

    after = (await receipts.of_client(reader, gym_id, SPIN, CLIENTS[MIA]))[1][0].text
    assert (before, after) == ("Checked in 1 Mar 13:00", "Checked in 13:00")


async def test_a_ban_of_somebody_who_was_in_no_class_is_told_by_the_gyms_clocks(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    recording, mia = Recording(gym_id), CLIENTS[MIA]
    gym = GymRegistered(
        gym_id=gym_id, slug="spin", name="Spin", time_zone="America/New_York", currency="USD"
    )
    banned = BookingBanImposed(client_id=mia, until=NOON, reason="threats")
    await put(writer, organisation.MODEL, recording.of("gym", gym_id, gym))

    await put(writer, receipts.MODEL, recording.of("ledger", mia, banned))

    _, (told,) = await receipts.of_client(reader, gym_id, None, mia)
    assert told.text == "Booking suspended 1 Mar 07:00, until 3 Mar 07:00 (threats)"
