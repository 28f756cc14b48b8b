"""People and places: sealed fields opened for screens, and forgotten again."""

from datetime import date

import pytest

from chassis.projection import NotYet
from chassis.tenancy import Pool
from contracts.ids import ClosureId, GymId, LocationId, RoomId, StaffId, new_id
from contracts.members import (
    ClientContactChanged,
    GymRegistered,
    LocationClosureAdded,
    LocationClosureRemoved,
    LocationOpened,
    OpeningHoursSet,
    OpeningSpan,
    PersonalDataErased,
    RoomAdded,
    StaffHired,
    StaffRolesChanged,
)
from contracts.permissions import Role
from services.projections import directory, organisation
from services.projections.people import ERASED
from services.projections.searching import Search, parsed
from tests.component.read_models.folding import People
from tests.envelopes import Recording


async def test_clients_are_found_by_the_beginning_of_their_name_or_their_e_mail(
    people: People, reader: Pool, gym_id: GymId
) -> None:
    for name, email in (("Änne Berg", "a@b.de"), ("Anna Zoll", None), ("Bo Li", "Bo@Li.dk")):
        await people.put(people.registered(name, email)[1])

    async def found(search: str | None) -> list[str]:
        _, clients = await directory.clients(reader, gym_id, parsed(search), None, 10)
        return [client.name for client in clients]

    assert await found(None) == ["Anna Zoll", "Bo Li", "Änne Berg"]
    assert await found("AN") == ["Anna Zoll", "Änne Berg"]
    assert await found("bo@li.DK ") == ["Bo Li"]
    assert await found("x@y.z") == []


async def test_a_search_is_read_page_by_page(people: People, reader: Pool, gym_id: GymId) -> None:
    for name in ("Ann", "Anna", "Anne", "Bo", "Annika", "An"):
        await people.put(people.registered(name)[1])

    seen: list[str] = []
    after = None
    while True:
        _, page = await directory.clients(reader, gym_id, parsed("ann"), after, 2)
        if not page:
            break
        seen += [client.name for client in page]
        after = (page[-1].sort_name, page[-1].client_id)

    assert seen == ["Ann", "Anna", "Anne", "Annika"]


async def test_the_newest_contact_wins_within_and_across_batches(
    people: People, reader: Pool, gym_id: GymId
) -> None:
    client, registered = people.registered("Mia", "mia@x.de")
    renamed = ClientContactChanged(client_id=client, name=people.sealed(client, "name", "Mia B"))

    await people.put([*registered, *people.recording.of("client", client, renamed)])

    _, seen = await directory.client(reader, gym_id, client)
    assert seen is not None
    assert (seen.name, seen.email, seen.version) == ("Mia B", None, 2)


async def test_erasing_a_client_clears_everything_personal(
    people: People, reader: Pool, gym_id: GymId
) -> None:
    client, registered = people.registered("Mia", "mia@x.de")
    await people.put(registered)

    await people.put(people.recording.of("client", client, PersonalDataErased(client_id=client)))

    _, seen = await directory.client(reader, gym_id, client)
    assert seen is not None
    assert (seen.name, seen.email, seen.phone, seen.status) == (ERASED, None, None, "erased")
    assert (await directory.clients(reader, gym_id, Search(), None, 10))[1] == []


async def test_who_was_erased_before_we_read_of_them_is_erased_from_the_start(
    people: People, reader: Pool, gym_id: GymId
) -> None:
    client, registered = people.registered("Mia")
    people.keys.known[gym_id, client] = None

    await people.put(registered)

    _, seen = await directory.client(reader, gym_id, client)
    assert seen is not None
    assert (seen.name, seen.status) == (ERASED, "erased")


async def test_people_wait_while_members_is_away(people: People) -> None:
    _, registered = people.registered("Mia")
    people.keys.away = True

    with pytest.raises(NotYet):
        await people.put(registered)


async def test_staff_have_the_roles_they_were_given_last(
    people: People, reader: Pool, gym_id: GymId
) -> None:
    coach = StaffId(new_id())
    hired = StaffHired(
        staff_id=coach, name=people.sealed(coach, "name", "Kim"),
        email=people.sealed(coach, "email", "kim@x.de"), roles=(Role.TRAINER,),
    )  # fmt: skip
    promoted = StaffRolesChanged(staff_id=coach, roles=(Role.TRAINER, Role.ADMIN))
    await people.put(people.recording.of("staff", coach, hired))

    await people.put(people.recording.of("staff", coach, promoted))

    _, (seen,) = await directory.staff(reader, gym_id, None, 10)
    assert (seen.name, seen.email, seen.roles) == ("Kim", "kim@x.de", ["trainer", "admin"])


async def test_a_gym_is_shown_with_its_places(writer: Pool, reader: Pool, gym_id: GymId) -> None:
    location, room = LocationId(new_id()), RoomId(new_id())
    events = Recording(gym_id).of(
        "gym", gym_id,
        GymRegistered(gym_id=gym_id, slug="iron", name="Iron", time_zone="UTC", currency="EUR"),
        LocationOpened(location_id=location, name="Mitte", time_zone="Europe/Berlin"),
        RoomAdded(location_id=location, room_id=room, name="Hall", capacity=20),
    )  # fmt: skip

    for part in (events[:1], events[1:]):
        async with writer.acquire() as db, db.transaction():
            await organisation.MODEL.apply(db, part)

    _, seen = await organisation.of_gym(reader, gym_id)
    assert seen is not None
    assert (seen.slug, seen.version) == ("iron", 3)
    assert [place.name for place in seen.locations] == ["Mitte"]
    assert [(r.location_id, r.capacity) for r in seen.rooms] == [(location, 20)]


async def test_a_location_shows_its_hours_as_set_last_and_closures_not_over(
    writer: Pool, reader: Pool, gym_id: GymId
) -> None:
    location, works = LocationId(new_id()), ClosureId(new_id())
    night = OpeningSpan(weekday=5, opens="18:00", closes="02:00")
    monday = OpeningSpan(weekday=1, opens="06:00", closes="22:00")
    closed = LocationClosureAdded(
        location_id=location, closure_id=works, from_date=date(2027, 12, 24),
        until_date=date(2027, 12, 26), time_zone="Europe/Berlin", reason="Christmas",
    )  # fmt: skip
    events = Recording(gym_id).of(
        "gym", gym_id,
        GymRegistered(gym_id=gym_id, slug="iron", name="Iron", time_zone="UTC", currency="EUR"),
        LocationOpened(location_id=location, name="Mitte", time_zone="Europe/Berlin"),
        OpeningHoursSet(location_id=location, hours=(night,)),
        OpeningHoursSet(location_id=location, hours=(monday, night)),
        closed,
    )  # fmt: skip

    for part in (events[:3], events[3:]):
        async with writer.acquire() as db, db.transaction():
            await organisation.MODEL.apply(db, part)

    _, hours = await organisation.hours_of(reader, gym_id)
    assert [(h.location_id, h.weekday, h.opens, h.closes) for h in hours] == [
        (location, 1, "06:00", "22:00"), (location, 5, "18:00", "02:00"),
    ]  # fmt: skip
    for day, shown in ((26, [(works, 5)]), (27, [])):
        _, closures = await organisation.closures_of(reader, gym_id, date(2027, 12, day))
        assert [(closure.closure_id, closure.version) for closure in closures] == shown
    assert (await organisation.hours_of(reader, GymId(new_id())))[1] == []

    gone = LocationClosureRemoved(location_id=location, closure_id=works)
    async with writer.acquire() as db, db.transaction():
        (told,) = Recording(gym_id).of("gym", gym_id, gone)
        await organisation.MODEL.apply(db, [told])
    assert (await organisation.closures_of(reader, gym_id, date(2027, 12, 26)))[1] == []
