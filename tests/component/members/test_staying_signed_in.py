"""How long a sign-in lasts, what it is worth meanwhile, and what ends it, on a real database."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import jwt
import pytest

from chassis.decider import Refused
from contracts.ids import GymId, new_id
from contracts.members import ChangeStaffRoles, RefreshTokens, SignOut, Tokens
from contracts.permissions import Role
from services.members.commands import staff
from services.members.sign_ins import REFRESH_LIFE, SIGN_IN_LIFE
from tests.component.members.house import PASSWORD, House
from tests.world.waiting import until

WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def refresh(house: House, token: str, command_id: object = None) -> str:
    """The next refresh token."""
    key = command_id or new_id()
    return (await house.sign_in_desk.refresh(RefreshTokens(refresh_token=token), key)).refresh_token  # type: ignore[arg-type]


async def expired(house: House, token: str) -> bool:
    try:
        await refresh(house, token)
    except Refused as refusal:
        return refusal.code == "SESSION_EXPIRED"
    return False


async def test_a_refresh_token_works_once_and_its_second_use_ends_the_sign_in(
    house: House,
) -> None:
    gym = await house.gym()
    first = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    second = await refresh(house, first)
    third = await refresh(house, second)
    assert await expired(house, first)
    assert await expired(house, third), "the thief's and the owner's copy both end"


async def test_a_refresh_whose_answer_was_lost_is_asked_again_with_the_same_key(
    house: House,
) -> None:
    gym, key = await house.gym(), new_id()
    first = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    second = await refresh(house, first, key)
    assert await refresh(house, first, key) == second
    third = await refresh(house, second)
    assert await expired(house, first), "and not once the next token was used"
    assert await expired(house, third)


async def test_of_many_refreshes_at_once_one_succeeds(house: House) -> None:
    """Held until all have begun: none may decide on the token as it was before it waited."""
    gym = await house.gym()
    token = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    async with (
        asyncio.timeout(60),
        asyncpg.create_pool(house.admin_dsn, min_size=0) as pool,
        pool.acquire() as db,
    ):

        async def all_wait() -> bool:
            return bool(await pool.fetchval(WAITING) == len(refreshes))

        async with db.transaction():
            await db.execute("SELECT FROM auth.sign_ins WHERE gym_id = $1 FOR UPDATE", gym.gym_id)
            refreshes = [asyncio.create_task(expired(house, token)) for _ in range(3)]
            await until(all_wait)
        outcomes = await asyncio.gather(*refreshes)
    assert outcomes.count(False) == 1


async def test_signing_out_ends_the_sign_in_and_no_other(house: House) -> None:
    gym = await house.gym()
    here = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    there = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    await house.sign_in_desk.sign_out(SignOut(refresh_token=here))
    assert await expired(house, here)
    assert not await expired(house, there)


@pytest.mark.parametrize("token", ["", "nonsense", "a" * 200, "é"])
async def test_what_is_no_refresh_token_is_an_expired_session(house: House, token: str) -> None:
    assert await expired(house, token)
    await house.sign_in_desk.sign_out(SignOut(refresh_token=token))


async def test_an_unused_sign_in_ends_by_itself(house: House) -> None:
    gym = await house.gym()
    token = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    house.clock.advance(REFRESH_LIFE)
    assert await expired(house, token)


async def test_a_sign_in_in_use_ends_after_its_longest_life(house: House) -> None:
    gym = await house.gym()
    token = (await house.sign_in(gym.slug, "olga@example.com")).refresh_token
    days = REFRESH_LIFE - timedelta(days=1)
    for _ in range(SIGN_IN_LIFE // days):
        house.clock.advance(days)
        token = await refresh(house, token)
    house.clock.advance(SIGN_IN_LIFE % days)
    assert await expired(house, token)


async def test_a_role_that_is_taken_away_is_gone_at_the_next_refresh(house: House) -> None:
    gym = await house.gym()
    tom = await house.staff(gym.gym_id, Role.ADMIN, Role.TRAINER)
    tokens = await house.sign_in(gym.slug, "tom@example.com")
    demoted = ChangeStaffRoles(staff_id=tom.staff_id, roles=(Role.TRAINER,))
    await staff.change_staff_roles(house.parts, demoted, house.asks(gym.gym_id, Role.OWNER))
    asked = RefreshTokens(refresh_token=tokens.refresh_token)
    refreshed = await house.sign_in_desk.refresh(asked, new_id())
    told = jwt.decode(refreshed.access_token, options={"verify_signature": False})
    assert told["roles"] == ["trainer"]
    assert await standing(house, gym.gym_id, told) == ("trainer",)


async def test_who_left_the_gym_is_signed_out_and_cannot_come_back(house: House) -> None:
    gym = await house.gym()
    tom = await house.staff(gym.gym_id, Role.TRAINER)
    tokens = await house.sign_in(gym.slug, "tom@example.com")
    told = jwt.decode(tokens.access_token, options={"verify_signature": False})
    left = ChangeStaffRoles(staff_id=tom.staff_id, roles=())
    await staff.change_staff_roles(house.parts, left, house.asks(gym.gym_id, Role.OWNER))
    assert await standing(house, gym.gym_id, told) == ()
    assert await expired(house, tokens.refresh_token)
    refusal = await house.refused(gym.slug, "tom@example.com", PASSWORD)
    assert refusal.code == "INVALID_CREDENTIALS"


async def test_a_standing_is_asked_for_the_right_gym_and_person_only(house: House) -> None:
    gym, other = await house.gym(), await house.gym()
    tokens = await house.sign_in(gym.slug, "olga@example.com")
    told = jwt.decode(tokens.access_token, options={"verify_signature": False})
    assert await standing(house, gym.gym_id, told) == ("owner",)
    assert await standing(house, other.gym_id, told) == ()
    assert await standing(house, gym.gym_id, told | {"sub": f"staff:{other.owner_id}"}) == ()
    assert await standing(house, gym.gym_id, told | {"sid": str(new_id())}) == ()


async def test_the_standing_of_many_is_told_at_once(house: House) -> None:
    gym = await house.gym()
    first = await house.sign_in(gym.slug, "olga@example.com")
    second = await house.sign_in(gym.slug, "olga@example.com")
    await house.sign_in_desk.sign_out(SignOut(refresh_token=second.refresh_token))
    sign_ins = [UUID(claims(tokens)["sid"]) for tokens in (first, second)]

    told = await house.sign_in_desk.standing(
        gym.gym_id, dict.fromkeys(sign_ins, f"staff:{gym.owner_id}")
    )

    assert told == {sign_ins[0]: ("owner",)}


def claims(tokens: Tokens) -> dict[str, Any]:
    told: dict[str, Any] = jwt.decode(tokens.access_token, options={"verify_signature": False})
    return told


async def standing(house: House, gym_id: GymId, told: dict[str, Any]) -> tuple[str, ...]:
    """What the sign-in of a token's claims is worth."""
    sign_in = UUID(told["sid"])
    return (await house.sign_in_desk.standing(gym_id, {sign_in: told["sub"]})).get(sign_in, ())
