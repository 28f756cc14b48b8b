"""What is sealed of people, who opens it, and that nobody opens it after an erasure."""

from datetime import timedelta

import pytest

from chassis.eventstore.unit import Unit
from chassis.sealing import Unopenable, unseal
from contracts.ids import ClientId, new_id
from contracts.members import (
    ChangeClientContact,
    EraseClient,
    PersonKeys,
    RefreshTokens,
    RegisterClient,
)
from contracts.permissions import SYSTEM, Role
from services.members import queries
from services.members.commands import clients
from services.members.domain import client as rules
from services.members.domain.client import client
from services.members.erasures import Erasure
from tests.component.members.house import PASSWORD, House, code, recorded


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
    assert await code(house.sign_in_desk.refresh(asked, new_id())) == "SESSION_EXPIRED"
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
