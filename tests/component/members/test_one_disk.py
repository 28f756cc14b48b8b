"""Members beside a primary cut off from its copies: nobody is told what may yet be lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Any

import pytest

from chassis.clock import FixedClock
from contracts.ids import GymId, new_id
from contracts.members import RefreshTokens, SignOut, Tokens
from tests.component.members.conftest import Databases, house_on
from tests.component.members.house import House
from tests.world.primary import Primary, primary_of
from tests.world.waiting import until

ENDED = "SELECT ended_at IS NOT NULL FROM auth.sign_ins WHERE gym_id = $1"
USED = "SELECT count(*) FROM auth.refresh_tokens WHERE gym_id = $1 AND used_by IS NOT NULL"
A_WHILE = 1.0  # seconds in which an answer that waits for nothing would have come


@pytest.fixture(scope="module")
async def primary() -> AsyncIterator[Primary]:
    async with primary_of("b2b_members") as started:
        yield started


@pytest.fixture
async def house(primary: Primary, clock: FixedClock) -> AsyncIterator[House]:
    names = Databases("b2b_members", "b2b_vault")
    async with house_on(primary.installation, names, clock) as wired:
        yield wired
        await primary.find_copies()


async def test_a_sign_out_that_only_one_disk_has_is_told_to_nobody(
    house: House, primary: Primary
) -> None:
    gym_id, tokens = await _signed_in(house)
    await primary.lose_copies()
    out = SignOut(refresh_token=tokens.refresh_token)
    await _given_up(primary, house.sign_in_desk.sign_out(out))
    await until(lambda: primary.admin.fetchval(ENDED, gym_id))

    with pytest.raises(TimeoutError):
        await _standing(house, primary, gym_id)
    assert await _is_untold(house.sign_in_desk.sign_out(out))
    asked = RefreshTokens(refresh_token=tokens.refresh_token)
    assert await _is_untold(house.sign_in_desk.refresh(asked, new_id()))

    await primary.find_copies()
    await house.sign_in_desk.sign_out(out)
    assert await _standing(house, primary, gym_id) == {}


async def test_a_refresh_that_only_one_disk_has_gives_its_repeat_no_token(
    house: House, primary: Primary
) -> None:
    gym_id, tokens = await _signed_in(house)
    asked, key = RefreshTokens(refresh_token=tokens.refresh_token), new_id()
    await primary.lose_copies()
    await _given_up(primary, house.sign_in_desk.refresh(asked, key))
    await until(lambda: _is_used(primary, gym_id))

    assert await _is_untold(house.sign_in_desk.refresh(asked, key))

    await primary.find_copies()
    following = await house.sign_in_desk.refresh(asked, key)
    assert following.refresh_token != tokens.refresh_token


async def test_who_is_signed_in_is_told_while_the_copies_are_away(
    house: House, primary: Primary
) -> None:
    gym_id, _ = await _signed_in(house)

    await primary.lose_copies()

    assert list((await _standing(house, primary, gym_id)).values()) == [("owner",)]


async def _signed_in(house: House) -> tuple[GymId, Tokens]:
    gym = await house.gym()
    return gym.gym_id, await house.sign_in(gym.slug, gym.owner_email)


async def _given_up(primary: Primary, work: Awaitable[Any]) -> None:
    """Its wait for a copy is cancelled, as after fifteen seconds; what it wrote is then seen."""
    asking = asyncio.ensure_future(work)
    await until(primary.somebody_waits)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def _is_untold(work: Awaitable[Any]) -> bool:
    """Whether it has no answer, neither good nor bad."""
    try:
        await asyncio.wait_for(work, A_WHILE)
    except TimeoutError:
        return True
    return False


async def _is_used(primary: Primary, gym_id: GymId) -> bool:
    return bool(await primary.admin.fetchval(USED, gym_id))


async def _standing(house: House, primary: Primary, gym_id: GymId) -> dict[Any, tuple[str, ...]]:
    """Of everybody who ever signed in at the gym, as the gateway asks."""
    rows = await primary.admin.fetch(
        "SELECT sign_in_id, actor FROM auth.sign_ins WHERE gym_id = $1", gym_id
    )
    claimed = {row["sign_in_id"]: row["actor"] for row in rows}
    return await house.sign_in_desk.standing(gym_id, claimed)
