"""Staff and clients through members' commands, on real databases."""

import asyncio
from typing import Any

from chassis.decider import Refused
from contracts.ids import PLATFORM, ClientId, StaffId, new_id
from contracts.members import (
    ChangeClientContact,
    EraseClient,
    HireStaff,
    LinkIdentity,
    PrincipalOf,
    RegisterClient,
)
from contracts.permissions import Role
from services.members import queries
from services.members.commands import clients, identities, staff
from tests.component.members.house import PASSWORD, House, code


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


async def test_what_is_written_late_takes_an_email_from_nobody_who_has_it_since(
    house: House,
) -> None:
    gym = await house.gym()
    ann, index = await house.client(gym.gym_id), house.parts.index
    change = ChangeClientContact(client_id=ann.client_id, name="Ann", email="new@example.com")
    await clients.change_contact(house.parts, change, house.asks(gym.gym_id, Role.OWNER))
    await house.client(gym.gym_id, name="Ben", email="ann@example.com", password="another one")

    hers = index.email(gym.gym_id, "ann@example.com")  # as a replica that stood still would say
    await house.parts.credentials.move(gym.gym_id, ann.client_id, hers, 1)
    await house.parts.credentials.follow(gym.gym_id, f"client:{ann.client_id}", hers, 1, "hash")

    await house.sign_in(gym.slug, "ann@example.com", "another one")
    await house.sign_in(gym.slug, "new@example.com")


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
