"""Doors and their log, folded in a real database and read as the gateway reads them."""

from datetime import timedelta

import pytest

from chassis.tenancy import Pool
from contracts.access import (
    AccessDenied,
    AccessGranted,
    AccessGrantKind,
    CredentialActivated,
    CredentialIssued,
    CredentialKind,
    CredentialRevoked,
    CredentialSuspended,
    DenialReason,
    DoorAdded,
    DoorScheduleSet,
    EntryFacts,
    LockdownEnded,
    LockdownStarted,
    OpenHours,
)
from contracts.envelope import Event
from contracts.ids import (
    ClientId,
    CredentialId,
    DoorId,
    EntryId,
    GymId,
    LocationId,
    SessionId,
    new_id,
)
from services.projections import doors, entries
from services.projections.sessions import Incomplete
from tests.component.read_models.folding import put
from tests.envelopes import RECORDED_AT, Recording

HALL, FRONT, BACK = LocationId(new_id()), DoorId(new_id()), DoorId(new_id())
MIA, CARD, SPIN = ClientId(new_id()), CredentialId(new_id()), SessionId(new_id())
HOURS = OpenHours(weekday=1, opens="06:00", closes="22:00")


def door(door_id: DoorId = FRONT, name: str = "Front") -> DoorAdded:
    return DoorAdded(door_id=door_id, location_id=HALL, name=name)


def granted(at: DoorId = FRONT) -> AccessGranted:
    return AccessGranted(
        entry_id=EntryId(new_id()), door_id=at, location_id=HALL, client_id=MIA, staff_id=None,
        credential_id=None, grant_kind=AccessGrantKind.CLASS, grant_id=new_id(), session_id=SPIN,
    )  # fmt: skip


def denied(at: DoorId = FRONT) -> AccessDenied:
    return AccessDenied(
        entry_id=EntryId(new_id()), door_id=at, location_id=HALL, client_id=None, staff_id=None,
        credential_id=None, reason=DenialReason.UNKNOWN_CREDENTIAL,
        facts=EntryFacts(credential="absent"),
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 100])
async def test_doors_show_their_hours_and_what_locks_them(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    recording = Recording(gym_id)
    hours = DoorScheduleSet(door_id=FRONT, time_zone="Europe/Berlin", hours=(HOURS,))
    events = [
        *recording.of("door", FRONT, door(), hours),
        *recording.of("door", BACK, door(BACK, "Yard")),
        *recording.of("premises", HALL, LockdownStarted(location_id=HALL, reason="gas"),
                      LockdownEnded(location_id=HALL)),
        *recording.of("premises", gym_id, LockdownStarted(location_id=None, reason="storm")),
    ]  # fmt: skip

    await put(writer, doors.MODEL, *(events[n : n + size] for n in range(0, len(events), size)))

    _, (front, back) = await doors.of_gym(reader, gym_id)
    assert (front.name, front.time_zone, front.hours) == ("Front", "Europe/Berlin", [HOURS])
    assert (back.name, back.hours, back.version) == ("Yard", [], 1)
    assert {front.lockdown, back.lockdown} == {"storm"}


@pytest.mark.parametrize("size", [1, 100])
async def test_a_credential_shows_where_it_stands(
    writer: Pool, reader: Pool, gym_id: GymId, size: int
) -> None:
    issued = CredentialIssued(
        credential_id=CARD, client_id=MIA, staff_id=None, kind=CredentialKind.CARD
    )
    steps: list[Event] = [
        issued, CredentialActivated(credential_id=CARD),
        CredentialSuspended(credential_id=CARD, reason="lost"),
        CredentialRevoked(credential_id=CARD, reason="lost"),
    ]  # fmt: skip
    events = Recording(gym_id).of("credential", CARD, *steps)

    batches = (events[n : n + size] for n in range(0, len(events), size))
    assert await put(writer, doors.MODEL, *batches) == {(gym_id, str(CARD))}

    _, (card,) = await doors.credentials_of(reader, gym_id, MIA)
    assert (card.status, card.kind, card.version) == ("revoked", "card", 4)


async def test_the_log_is_read_newest_first_page_by_page_by_door_or_whole(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    decisions: list[AccessGranted | AccessDenied] = [
        granted(),
        denied(),
        granted(BACK),
        denied(BACK),
        granted(),
    ]
    events = [recording.of("entry", each.entry_id, each)[0] for each in decisions]
    told = [
        one.model_copy(update={"occurred_at": RECORDED_AT + timedelta(seconds=n // 2)})
        for n, one in enumerate(events)
    ]
    gym = recording.gym_id

    assert await put(writer, entries.MODEL, told) == {(gym, str(FRONT)), (gym, str(BACK))}

    seen: list[entries.Entry] = []
    while page := (await entries.page(reader, gym, None, _last(seen), 2))[1]:
        seen += page
    assert len(seen) == len(decisions)
    assert [entry.at for entry in seen] == sorted((one.occurred_at for one in told), reverse=True)
    _, front = await entries.page(reader, gym, FRONT, None, 10)
    assert {entry.entry_id for entry in front} == {
        each.entry_id for each in decisions if each.door_id == FRONT
    }
    shut = [entry for entry in front if entry.reason]
    assert [(one.reason, one.with_credential, one.client_id) for one in shut] == [
        ("unknown_credential", True, None)
    ]
    assert front[0].session_id == SPIN


def _last(seen: list[entries.Entry]) -> entries.Keyset | None:
    return (seen[-1].at, seen[-1].entry_id) if seen else None


async def test_a_reader_sees_the_gym_it_asks_for_and_no_other(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    await put(writer, doors.MODEL, recording.of("door", FRONT, door()))
    await put(writer, entries.MODEL, recording.of("entry", new_id(), granted()))
    stranger = GymId(new_id())
    assert (await doors.of_gym(reader, stranger))[1] == []
    assert (await entries.page(reader, stranger, None, None, 10))[1] == []
    assert await reader.fetch("SELECT * FROM views.door_entries") == []


async def test_a_step_of_a_credential_never_issued_stops_the_read_model(
    writer: Pool, recording: Recording
) -> None:
    with pytest.raises(Incomplete):
        await put(
            writer, doors.MODEL,
            recording.of("credential", CARD, CredentialActivated(credential_id=CARD)),
        )  # fmt: skip
