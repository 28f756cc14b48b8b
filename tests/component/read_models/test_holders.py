"""What lets clients in besides their seats, folded in a real database and read as the gateway."""

from datetime import datetime, timedelta

import pytest

from chassis.tenancy import Pool
from contracts.access import (
    AccessGrantKind,
    BanHeard,
    ClientHeard,
    GrantClosed,
    GrantMoved,
    GrantOpened,
    Impediment,
    ImpedimentCleared,
    ImpedimentSet,
    OpenHours,
)
from contracts.envelope import Event
from contracts.ids import ClientId, GymId, LocationId, SessionId, new_id
from services.projections import holders
from services.projections.entitlements import FOREVER
from tests.component.read_models.folding import batches, put
from tests.envelopes import RECORDED_AT, Recording

HALL, MIA, LEO = LocationId(new_id()), ClientId(new_id()), ClientId(new_id())
PEAK = OpenHours(weekday=6, opens="09:00", closes="16:00")
FIRST, SECOND, SEAT = new_id(), new_id(), new_id()
HOLD = ImpedimentSet(client_id=MIA, impediment=Impediment.ON_HOLD)
NO_HOLD = ImpedimentCleared(client_id=MIA, impediment=Impediment.ON_HOLD)
PAST_DUE = ImpedimentSet(client_id=MIA, impediment=Impediment.PAST_DUE)
NO_FIRST = GrantClosed(client_id=MIA, grant_id=FIRST, closed_at=RECORDED_AT)
EMPTY = holders.Holder([], [])

NOW = RECORDED_AT
DAY = timedelta(days=1)

BANNED = BanHeard(client_id=MIA, banned=True, until=None, version=3)
FOR_A_DAY = BanHeard(client_id=MIA, banned=True, until=NOW + DAY, version=4)
LIFTED = BanHeard(client_id=MIA, banned=False, until=None, version=5)

GIVEN = GrantOpened(
    client_id=MIA, grant_id=FIRST, kind=AccessGrantKind.MEMBERSHIP, valid_from=NOW,
    valid_until=NOW + DAY, given_at=NOW, location_ids=(HALL,), hours=(PEAK,),
    time_zone="Europe/Berlin",
)  # fmt: skip
LATER = GIVEN.model_copy(update={"grant_id": SECOND, "valid_from": NOW + DAY, "valid_until": None})
OF_CLASS = (
    GrantOpened(
        client_id=MIA, grant_id=SEAT, kind=AccessGrantKind.CLASS, valid_from=NOW,
        valid_until=NOW + DAY, session_id=SessionId(new_id()), given_at=NOW,
    ),
    GrantMoved(client_id=MIA, grant_id=SEAT, valid_from=NOW, valid_until=NOW + 2 * DAY),
    GrantClosed(client_id=MIA, grant_id=SEAT, closed_at=NOW),
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 100])
async def test_grants_of_the_desk_are_listed_and_those_of_classes_are_not(
    writer: Pool, reader: Pool, recording: Recording, size: int
) -> None:
    events = recording.of("holder", MIA, LATER, GIVEN, *OF_CLASS)

    changed = await put(writer, holders.MODEL, *batches(events, size))

    _, mia = await holders.of_client(reader, recording.gym_id, MIA, NOW)
    first, second = mia.grants
    assert (first.grant_id, first.valid_until, first.version) == (FIRST, NOW + DAY, 2)
    assert (first.location_ids, first.hours) == ([HALL], [PEAK])
    assert first.time_zone == "Europe/Berlin"
    assert (second.grant_id, second.valid_until) == (SECOND, None)
    assert changed == {(recording.gym_id, str(MIA))}


async def test_the_end_of_a_class_grant_is_told_to_no_screen(
    writer: Pool, recording: Recording
) -> None:
    assert await put(writer, holders.MODEL, recording.of("holder", MIA, *OF_CLASS)) == set()


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize(
    ("told", "grants", "impediments"),
    [
        ([GIVEN, NO_FIRST], [], []),
        ([GIVEN, LATER, NO_FIRST], [SECOND], []),
        ([HOLD, PAST_DUE], [], ["on_hold", "past_due"]),
        ([HOLD, NO_HOLD], [], []),
        ([HOLD, NO_HOLD, HOLD], [], ["on_hold"]),
        ([GIVEN, HOLD, ClientHeard(client_id=MIA, erased=True)], [], []),
        ([GIVEN, HOLD, ClientHeard(client_id=LEO, erased=True)], [FIRST], ["on_hold"]),
    ],
    ids=["ended", "one of two", "impeded twice", "cleared", "again", "erased", "another erased"],
)
async def test_what_is_over_is_shown_no_longer(
    writer: Pool,
    reader: Pool,
    recording: Recording,
    *,
    told: list[Event],
    grants: list[object],
    impediments: list[str],
    size: int,
) -> None:
    events = recording.of("holder", MIA, *told)

    assert await put(writer, holders.MODEL, *batches(events, size))

    _, mia = await holders.of_client(reader, recording.gym_id, MIA, NOW)
    assert ([one.grant_id for one in mia.grants], mia.impediments) == (grants, impediments)


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize(
    ("told", "until"),
    [
        ([BANNED], FOREVER),
        ([BANNED, FOR_A_DAY], NOW + DAY),
        ([FOR_A_DAY, LIFTED], None),
        ([BANNED, LIFTED, FOR_A_DAY], NOW + DAY),
        ([BANNED, ClientHeard(client_id=MIA, erased=True)], FOREVER),
    ],
    ids=["banned", "anew", "lifted", "again", "erased"],
)
async def test_who_somebody_banned_is_shown_as_that(
    writer: Pool,
    reader: Pool,
    recording: Recording,
    *,
    told: list[Event],
    until: datetime | None,
    size: int,
) -> None:
    events = recording.of("holder", MIA, *told)

    changed = await put(writer, holders.MODEL, *batches(events, size))

    _, mia = await holders.of_client(reader, recording.gym_id, MIA, NOW)
    assert mia.banned_until == until
    assert changed == {(recording.gym_id, str(MIA))}


async def test_a_ban_is_over_at_its_end(writer: Pool, reader: Pool, recording: Recording) -> None:
    await put(writer, holders.MODEL, recording.of("holder", MIA, FOR_A_DAY))
    end = NOW + DAY

    _, before = await holders.of_client(
        reader, recording.gym_id, MIA, end - timedelta(microseconds=1)
    )
    _, then = await holders.of_client(reader, recording.gym_id, MIA, end)

    assert (before.banned_until, then) == (end, EMPTY)


async def test_a_grant_is_listed_to_its_last_instant(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    await put(writer, holders.MODEL, recording.of("holder", MIA, GIVEN))
    last = NOW + DAY

    _, then = await holders.of_client(reader, recording.gym_id, MIA, last)
    _, after = await holders.of_client(
        reader, recording.gym_id, MIA, last + timedelta(microseconds=1)
    )

    assert ([one.grant_id for one in then.grants], after) == ([FIRST], EMPTY)


async def test_a_reader_sees_the_gym_it_asks_for_and_no_other(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    await put(writer, holders.MODEL, recording.of("holder", MIA, GIVEN, HOLD, BANNED))

    assert (await holders.of_client(reader, GymId(new_id()), MIA, NOW))[1] == EMPTY
    assert await reader.fetch("SELECT * FROM views.entry_grants") == []
    assert await reader.fetch("SELECT * FROM views.impediments") == []
    assert await reader.fetch("SELECT * FROM views.door_bans") == []
