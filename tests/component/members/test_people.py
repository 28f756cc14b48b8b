"""Gyms, staff and clients through members' commands, on real databases."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.decider import Refused
from chassis.eventstore.unit import Unit
from chassis.sealing import Unopenable, unseal
from chassis.tenancy import tenant
from contracts.ids import PLATFORM, ClientId, GymId, LocationId, RoomId, StaffId, new_id
from contracts.members import (
    AddRoom,
    ChangeClientContact,
    ChangeStaffRoles,
    EraseClient,
    HireStaff,
    LinkIdentity,
    OpenLocation,
    PersonKeys,
    PrincipalOf,
    RefreshTokens,
    RegisterClient,
)
from contracts.permissions import OPERATOR, SYSTEM, Role
from services.members import queries
from services.members.commands import clients, gyms, identities, staff
from services.members.domain import client as rules
from services.members.domain.client import client
from services.members.domain.gym import gym as gym_aggregate
from services.members.erasures import Erasure
from tests.component.members.house import PASSWORD, House, gym_of


async def recorded(house: House, gym_id: GymId) -> list[tuple[str, dict[str, Any]]]:
    """Every event of the gym as it is stored."""
    async with house.pool.acquire() as db, db.transaction():
        await db.execute("SELECT set_config('app.gym_ids', $1, true)", f"{{{gym_id}}}")
        rows = await db.fetch("SELECT type, data FROM es.events ORDER BY pos")
    return [(row["type"], json.loads(row["data"])) for row in rows]


async def code(work: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await work
    return refusal.value.code


async def test_a_gym_is_registered_once_and_its_slug_is_its_own(house: House) -> None:
    gym = await house.gym()
    other = gym_of(slug=gym.slug)
    assert (
        await code(gyms.register_gym(house.parts, other, house.asks(PLATFORM, OPERATOR)))
        == "SLUG_TAKEN"
    )
    again = gym_of(gym_id=gym.gym_id)
    assert (
        await code(gyms.register_gym(house.parts, again, house.asks(PLATFORM, OPERATOR)))
        == "GYM_ALREADY_REGISTERED"
    )
    # that attempt did not use up the slug it named
    await house.gym(slug=again.slug)


async def test_of_gyms_that_want_one_slug_at_once_one_gets_it(house: House) -> None:
    slug = f"rush-{new_id().hex[-20:]}"
    wanting = [gym_of(slug=slug) for _ in range(6)]
    outcomes = await asyncio.gather(
        *(gyms.register_gym(house.parts, one, house.asks(PLATFORM, OPERATOR)) for one in wanting),
        return_exceptions=True,
    )
    codes = [one.code for one in outcomes if isinstance(one, Refused)]
    assert codes == ["SLUG_TAKEN"] * 5


async def test_a_registration_that_died_half_way_is_completed_by_a_repeat(
    house: House,
) -> None:
    command, ctx = gym_of(), house.asks(PLATFORM, OPERATOR)
    first = await gyms.register_gym(house.parts, command, ctx)
    admin = await asyncpg.connect(house.admin_dsn)
    for table in ("credentials", "gyms"):  # as if never written
        await admin.execute(f"DELETE FROM auth.{table} WHERE gym_id = $1", command.gym_id)
    await admin.close()
    assert (await house.refused(command.slug, "olga@example.com", PASSWORD)).code
    again = await gyms.register_gym(house.parts, command, ctx)
    assert (again.result, again.replayed) == (first.result, True)
    assert len(await recorded(house, command.gym_id)) == 3
    await house.sign_in(command.slug, "olga@example.com")


async def test_places_are_added_to_the_gym_of_who_asks(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    location = LocationId(new_id())
    opened = OpenLocation(location_id=location, name="Baixa", time_zone="Europe/Lisbon")
    await gyms.open_location(house.parts, opened, house.asks(gym.gym_id, Role.OWNER))
    room = AddRoom(location_id=location, room_id=RoomId(new_id()), name="Box", capacity=20)
    await gyms.add_room(house.parts, room, house.asks(gym.gym_id, Role.OWNER))
    state, _ = await house.store.read(gym.gym_id, gym_aggregate, gym.gym_id)
    assert dict(state.rooms) == {room.room_id: location}
    theirs = house.asks(other.gym_id, Role.OWNER)
    assert await code(gyms.add_room(house.parts, room, theirs)) == "LOCATION_NOT_FOUND"


async def test_an_email_belongs_to_one_person_of_a_gym(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    await house.client(gym.gym_id, email="Ann@Example.com")
    assert await code(house.client(gym.gym_id, email="ann@example.com")) == "EMAIL_TAKEN"
    assert await code(house.staff(gym.gym_id, Role.TRAINER, email="ANN@example.com")) == (
        "EMAIL_TAKEN"
    )
    await house.client(other.gym_id, email="ann@example.com")


async def test_a_client_who_changes_their_email_signs_in_with_the_new_one(house: House) -> None:
    gym = await house.gym()
    ann = await house.client(gym.gym_id)
    change = ChangeClientContact(
        client_id=ann.client_id, name="Ann", email="new@example.com", phone="+351 900 000 000"
    )
    await clients.change_contact(house.parts, change, house.asks(gym.gym_id, Role.OWNER))
    assert (await house.refused(gym.slug, "ann@example.com", PASSWORD)).code == (
        "INVALID_CREDENTIALS"
    )
    await house.sign_in(gym.slug, "new@example.com")
    ben = await house.client(gym.gym_id, name="Ben", email="ann@example.com")
    assert (
        await code(
            clients.change_contact(
                house.parts,
                change.model_copy(update={"client_id": ben.client_id}),
                house.asks(gym.gym_id, Role.OWNER),
            )
        )
        == "EMAIL_TAKEN"
    )
    await house.sign_in(gym.slug, "ann@example.com")


async def test_clients_who_swap_emails_at_once_leave_one_owner_each(house: House) -> None:
    gym = await house.gym()
    people = [await house.client(gym.gym_id, email=f"p{n}@example.com") for n in range(4)]
    wanted = "shared@example.com"
    asked = [
        clients.change_contact(
            house.parts,
            ChangeClientContact(client_id=one.client_id, name="X", email=wanted),
            house.asks(gym.gym_id, Role.OWNER),
        )
        for one in people
    ]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    codes = [one.code for one in outcomes if isinstance(one, Refused)]
    assert codes == ["EMAIL_TAKEN"] * 3
    await house.sign_in(gym.slug, wanted)


async def test_events_hold_nothing_personal_in_clear(house: House) -> None:
    gym = await house.gym()
    await house.client(gym.gym_id, phone="+351 912 345 678")
    stored = str(await recorded(house, gym.gym_id))
    for word in ("Ann", "ann@", "912", "Olga", "olga@", PASSWORD):
        assert word not in stored


async def test_sealed_fields_open_with_the_persons_key_in_their_place_only(house: House) -> None:
    gym = await house.gym()
    ann = await house.client(gym.gym_id)
    [sealed] = [d for t, d in await recorded(house, gym.gym_id) if "client_registered" in t]
    ask = house.asks(gym.gym_id, SYSTEM, actor="system:projections")
    told = await queries.person_keys(
        house.parts, PersonKeys(person_ids=(ann.client_id, ClientId(new_id()))), ask
    )
    assert list(told["keys"]) == [str(ann.client_id)]
    keys = await house.parts.vault.keys(gym.gym_id, [ann.client_id])
    key = keys[ann.client_id]
    assert key is not None
    assert unseal(key, gym.gym_id, ann.client_id, "name", sealed["name"]) == "Ann Lee"
    for gym_id, person, field in (
        (gym.gym_id, ann.client_id, "email"),
        (new_id(), ann.client_id, "name"),
        (gym.gym_id, new_id(), "name"),
    ):
        with pytest.raises(Unopenable):
            unseal(key, gym_id, person, field, sealed["name"])


async def test_keys_are_handed_to_projections_only(house: House) -> None:
    gym = await house.gym()
    query = PersonKeys(person_ids=(gym.owner_id,))
    for ask in (
        house.asks(gym.gym_id, SYSTEM, actor="system:booking"),
        house.asks(gym.gym_id, Role.OWNER),
    ):
        assert await code(queries.person_keys(house.parts, query, ask)) == "FORBIDDEN"


async def test_an_erased_client_opens_nowhere_and_cannot_sign_in(house: House) -> None:
    gym = await house.gym()
    ann = await house.client(gym.gym_id)
    tokens = await house.sign_in(gym.slug, "ann@example.com")
    erase, ask = EraseClient(client_id=ann.client_id), house.asks(gym.gym_id, Role.OWNER)
    await clients.erase_client(house.parts, erase, ask)
    assert (await clients.erase_client(house.parts, erase, ask)).replayed
    assert await house.parts.vault.keys(gym.gym_id, [ann.client_id]) == {ann.client_id: None}
    refusal = await house.refused(gym.slug, "ann@example.com", PASSWORD)
    assert refusal.code == "INVALID_CREDENTIALS"
    asked = RefreshTokens(refresh_token=tokens.refresh_token)
    assert await code(house.door.refresh(asked, new_id())) == "SESSION_EXPIRED"
    change = ChangeClientContact(client_id=ann.client_id, name="Ann")
    fresh = house.asks(gym.gym_id, Role.OWNER)
    assert await code(clients.change_contact(house.parts, change, fresh)) == "CLIENT_ERASED"
    again = RegisterClient(client_id=ann.client_id, name="Ann", email="ann@example.com")
    assert await code(clients.register_client(house.parts, again, fresh)) == "CLIENT_ERASED"
    await house.client(gym.gym_id, email="ann@example.com")  # the address is free again


async def test_an_erasure_that_died_half_way_is_finished_by_housekeeping(house: House) -> None:
    gym = await house.gym()
    ann = await house.client(gym.gym_id)
    erasure = Erasure(gym.gym_id, ann.client_id)
    await house.parts.erasures.begin(erasure, house.clock.now())
    ctx = house.asks(gym.gym_id, Role.OWNER)

    def erased(unit: Unit) -> None:
        unit.record(client, ann.client_id, rules.erase(unit.state(client, ann.client_id)))

    await house.store.execute(ctx, erased)
    house.clock.advance(timedelta(minutes=2))
    await house.housekeeping.tidy()
    assert await house.parts.vault.keys(gym.gym_id, [ann.client_id]) == {ann.client_id: None}
    assert erasure not in await house.parts.erasures.begun_before(house.clock.now())


async def test_an_erasure_that_was_never_decided_comes_to_nothing(house: House) -> None:
    gym = await house.gym()
    ann = await house.client(gym.gym_id)
    await house.parts.erasures.begin(Erasure(gym.gym_id, ann.client_id), house.clock.now())
    house.clock.advance(timedelta(minutes=2))
    await house.housekeeping.tidy()
    await house.sign_in(gym.slug, "ann@example.com")


async def test_a_client_of_another_gym_is_not_there(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    ann = await house.client(gym.gym_id)
    theirs = house.asks(other.gym_id, Role.OWNER)
    erase = EraseClient(client_id=ann.client_id)
    assert await code(clients.erase_client(house.parts, erase, theirs)) == "CLIENT_NOT_FOUND"
    await house.sign_in(gym.slug, "ann@example.com")


async def test_repeating_a_registration_changes_nothing_not_even_the_password(
    house: House,
) -> None:
    gym = await house.gym()
    gym_id, ctx = gym.gym_id, house.asks(gym.gym_id, Role.OWNER)
    command = RegisterClient(
        client_id=ClientId(new_id()), name="Ann", email="a@example.com", password=PASSWORD
    )
    first = await clients.register_client(house.parts, command, ctx)
    again = await clients.register_client(house.parts, command, ctx)
    assert (again.result, again.position, again.replayed) == (first.result, first.position, True)
    other = command.model_copy(update={"name": "Bob"})
    assert await code(clients.register_client(house.parts, other, ctx)) == "IDEMPOTENCY_KEY_REUSED"
    fresh = house.asks(gym_id, Role.OWNER)
    assert await code(clients.register_client(house.parts, command, fresh)) == (
        "CLIENT_ALREADY_REGISTERED"
    )


async def test_one_id_is_not_both_a_client_and_a_staff_member(house: House) -> None:
    gym = await house.gym()
    ask = house.asks(gym.gym_id, Role.OWNER)
    as_client = RegisterClient(client_id=ClientId(gym.owner_id), name="Olga")
    assert await code(clients.register_client(house.parts, as_client, ask)) == (
        "CLIENT_ALREADY_REGISTERED"
    )
    ann = await house.client(gym.gym_id)
    as_staff = HireStaff(
        staff_id=StaffId(ann.client_id), name="A", email="a@b.example", roles=(Role.TRAINER,)
    )
    assert await code(staff.hire_staff(house.parts, as_staff, ask)) == "STAFF_ALREADY_HIRED"


async def test_two_owners_who_remove_each_other_at_once_leave_one(house: House) -> None:
    gym = await house.gym()
    tom = await house.staff(gym.gym_id, Role.OWNER)
    asked = [
        staff.change_staff_roles(
            house.parts,
            ChangeStaffRoles(staff_id=StaffId(one), roles=()),
            house.asks(gym.gym_id, Role.OWNER),
        )
        for one in (gym.owner_id, tom.staff_id)
    ]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [one.code for one in outcomes if isinstance(one, Refused)] == ["LAST_OWNER"]


async def test_an_identity_of_another_issuer_is_one_person_of_the_gym(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    ann = await house.client(gym.gym_id)
    issuer, subject = "https://id.example/auth/v1", str(new_id())
    link = LinkIdentity(issuer=issuer, subject=subject, client_id=ann.client_id)
    await identities.link_identity(house.parts, link, house.asks(gym.gym_id, Role.ADMIN))
    to_owner = LinkIdentity(issuer=issuer, subject=subject, staff_id=gym.owner_id)
    owner, admin = house.asks(gym.gym_id, Role.OWNER), house.asks(gym.gym_id, Role.ADMIN)
    assert await code(identities.link_identity(house.parts, to_owner, owner)) == "IDENTITY_TAKEN"
    assert await code(identities.link_identity(house.parts, to_owner, admin)) == "FORBIDDEN"

    async def who(slug: str) -> dict[str, Any]:
        query = PrincipalOf(gym=slug, issuer=issuer, subject=subject)
        return await queries.principal_of(house.parts, query, house.asks(PLATFORM))

    assert await who(gym.slug) == {
        "gym_id": str(gym.gym_id),
        "actor": f"client:{ann.client_id}",
        "roles": ["member"],
    }
    assert await who(other.slug) == queries.NOBODY
    assert await who("no-such-gym") == queries.NOBODY
    erase = EraseClient(client_id=ann.client_id)
    await clients.erase_client(house.parts, erase, house.asks(gym.gym_id, Role.OWNER))
    assert await who(gym.slug) == queries.NOBODY


async def test_rows_of_another_gym_are_not_there_for_the_service_itself(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    async with house.pool.acquire() as db:
        assert await db.fetchval("SELECT count(*) FROM auth.credentials") == 0
    async with tenant(house.pool, other.gym_id) as db:
        people = [row[0] for row in await db.fetch("SELECT person_id FROM auth.credentials")]
    assert people == [UUID(str(other.owner_id))]
    assert gym.owner_id not in people
