"""The vault and the keys in it, on a real database."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from chassis.tenancy import tenant
from contracts.ids import GymId, new_id
from services.members.master_keys import MasterKeys
from services.members.signing_keys import ROTATE_EVERY, SigningKeys
from services.members.vault import PersonErased, Vault
from tests.component.members.house import House

BOTH = {1: bytes(range(32)), 2: bytes(range(1, 33))}
NEWER = MasterKeys(BOTH)
ONLY_NEWEST = MasterKeys({2: bytes(range(1, 33))})


async def test_a_person_has_one_key_however_many_ask_at_once(house: House, gym_id: GymId) -> None:
    person = new_id()
    sealers = await asyncio.gather(*(house.parts.vault.sealer(gym_id, person) for _ in range(8)))
    sealed = sealers[0].seal("name", "Ann")
    assert {one.open("name", sealed) for one in sealers} == {"Ann"}


async def test_a_destroyed_key_never_comes_back(house: House, gym_id: GymId) -> None:
    vault, person = house.parts.vault, new_id()
    await vault.sealer(gym_id, person)
    await vault.destroy(gym_id, person)
    await vault.destroy(gym_id, person)
    with pytest.raises(PersonErased):
        await vault.sealer(gym_id, person)
    assert await vault.keys(gym_id, [person]) == {person: None}
    put_back = "UPDATE vault.person_keys SET wrapped = 'x', erased_at = NULL WHERE person_id = $1"
    async with tenant(house.vault_pool, gym_id) as db:
        with pytest.raises(asyncpg.RaiseError, match="does not come back"):
            await db.execute(put_back, person)


async def test_who_was_erased_before_having_a_key_gets_none(house: House, gym_id: GymId) -> None:
    person = new_id()
    await house.parts.vault.destroy(gym_id, person)
    with pytest.raises(PersonErased):
        await house.parts.vault.sealer(gym_id, person)


async def test_another_gyms_keys_are_not_there(house: House, gym_id: GymId) -> None:
    person = new_id()
    await house.parts.vault.sealer(gym_id, person)
    assert await house.parts.vault.keys(GymId(new_id()), [person]) == {}


async def test_a_master_key_can_be_changed_and_the_old_one_thrown_away(
    house: House, gym_id: GymId
) -> None:
    people = [new_id() for _ in range(3)]
    sealed = {p: (await house.parts.vault.sealer(gym_id, p)).seal("name", "Ann") for p in people}
    vault = Vault(house.vault_pool, NEWER)
    assert await vault.rewrap(gym_id, at_most=2) == 2
    assert await vault.rewrap(gym_id, at_most=2) == 1
    assert await vault.rewrap(gym_id) == 0
    later = Vault(house.vault_pool, ONLY_NEWEST)
    for person in people:
        assert (await later.sealer(gym_id, person)).open("name", sealed[person]) == "Ann"


async def test_secrets_and_signing_keys_follow_the_master_key_too(lone_house: House) -> None:
    house = lone_house
    secret, signer = await house.parts.vault.secret("blind index"), await house.keys.signer()
    await Vault(house.vault_pool, NEWER).rewrap_secrets()
    await SigningKeys(house.pool, NEWER, house.clock).rotate()
    assert await Vault(house.vault_pool, ONLY_NEWEST).secret("blind index") == secret
    later = await SigningKeys(house.pool, ONLY_NEWEST, house.clock).signer()
    assert later.kid == signer.kid


async def test_every_table_with_a_gym_is_walled_by_gym(house: House) -> None:
    unwalled = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'gym_id'
     WHERE n.nspname IN ('auth', 'vault') AND c.relkind = 'r'
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1
    """
    assert [row[0] for row in await house.pool.fetch(unwalled)] == []
    assert await house.vault_pool.fetch(unwalled) == []


async def test_a_wrapped_key_moved_to_another_person_does_not_open(
    house: House, gym_id: GymId
) -> None:
    ann, ben = new_id(), new_id()
    await house.parts.vault.sealer(gym_id, ann)
    await house.parts.vault.sealer(gym_id, ben)
    async with tenant(house.vault_pool, gym_id) as db:
        await db.execute(
            "UPDATE vault.person_keys SET wrapped = (SELECT wrapped FROM vault.person_keys"
            " WHERE person_id = $1) WHERE person_id = $2",
            ann,
            ben,
        )
    with pytest.raises(InvalidTag):
        await house.parts.vault.sealer(gym_id, ben)


async def test_a_new_master_key_is_brought_in_while_others_do_not_seal_with_it_yet(
    house: House,
) -> None:
    """Two roll-outs: first everybody opens with it, then one after the other seals with it."""
    gym_id, ann, ben = GymId(new_id()), new_id(), new_id()
    knows_it, seals_with_it = MasterKeys(BOTH, 1), MasterKeys(BOTH, 2)
    old, first, second = (
        Vault(house.vault_pool, keys) for keys in (house.master, knows_it, seals_with_it)
    )

    sealed = (await first.sealer(gym_id, ann)).seal("name", "Ann")
    assert (await old.sealer(gym_id, ann)).open("name", sealed) == "Ann"

    sealed = (await second.sealer(gym_id, ben)).seal("name", "Ben")
    assert await second.rewrap(gym_id) == 1
    for person in (ann, ben):
        await first.sealer(gym_id, person)
    assert (await first.sealer(gym_id, ben)).open("name", sealed) == "Ben"
    with pytest.raises(KeyError):
        await old.sealer(gym_id, ben)


async def test_a_named_secret_is_the_same_for_everybody(house: House) -> None:
    name = f"test {new_id()}"
    vaults = [Vault(house.vault_pool, house.master) for _ in range(4)]
    secrets = await asyncio.gather(*(vault.secret(name) for vault in vaults))
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 32


async def test_the_next_signing_key_is_published_before_it_signs(house: House) -> None:
    await house.pool.execute("DELETE FROM auth.signing_keys")  # other tests moved their clocks
    before = {one["kid"] for one in (await house.keys.published())["keys"]}
    house.clock.advance(ROTATE_EVERY + timedelta(minutes=5))
    signer = await house.keys.signer()
    assert signer.kid in before
    now = {one["kid"] for one in (await house.keys.published())["keys"]}
    assert now > before, "the last stays published, and there is a new next"
    house.clock.advance(timedelta(hours=1))
    later = {one["kid"] for one in (await house.keys.published())["keys"]}
    assert len(later) == 2
    assert all(set(one) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
               for one in (await house.keys.published())["keys"])  # fmt: skip


async def test_replicas_agree_on_the_signing_key(house: House) -> None:
    replicas = [SigningKeys(house.pool, house.master, house.clock) for _ in range(4)]
    house.clock.advance(ROTATE_EVERY * 3)
    signers = await asyncio.gather(*(one.signer() for one in replicas))
    assert len({one.kid for one in signers}) == 1


def test_what_is_wrapped_for_one_purpose_does_not_open_for_another() -> None:
    wrapped = NEWER.wrap("a", b"place", b"secret")
    assert NEWER.unwrap("a", b"place", wrapped) == b"secret"
    for purpose, place in (("b", b"place"), ("a", b"elsewhere")):
        with pytest.raises(InvalidTag):
            NEWER.unwrap(purpose, place, wrapped)


@pytest.mark.parametrize("keys", [{}, {1: b"short"}])
def test_no_master_key_or_a_short_one_is_refused(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="MASTER_KEYS"):
        MasterKeys(keys)
