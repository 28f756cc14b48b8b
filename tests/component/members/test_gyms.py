"""Gyms, their places and their owners through members' commands, on real databases."""

import asyncio
from uuid import UUID

import asyncpg

from chassis.decider import Refused
from chassis.tenancy import tenant
from contracts.ids import PLATFORM, LocationId, RoomId, StaffId, new_id
from contracts.members import AddRoom, ChangeStaffRoles, OpenLocation
from contracts.permissions import OPERATOR, Role
from services.members.commands import gyms, staff
from services.members.domain.gym import gym as gym_aggregate
from tests.component.members.house import PASSWORD, House, code, gym_of, recorded


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


async def test_rows_of_another_gym_are_not_there_for_the_service_itself(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    async with house.pool.acquire() as db:
        assert await db.fetchval("SELECT count(*) FROM auth.credentials") == 0
    async with tenant(house.pool, other.gym_id) as db:
        people = [row[0] for row in await db.fetch("SELECT person_id FROM auth.credentials")]
    assert people == [UUID(str(other.owner_id))]
    assert gym.owner_id not in people
