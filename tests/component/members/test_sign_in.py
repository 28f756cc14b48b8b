"""Signing in, and guessing how to, on a real database."""

import asyncio
import time
from datetime import timedelta

import jwt
import pytest

from chassis.eventstore.store import Busy
from chassis.tenancy import tenant
from contracts.ids import new_id
from services.members.attempts import PER_ACCOUNT
from tests.component.members.house import PASSWORD, House
from tests.world.waiting import until


async def test_the_first_owner_signs_in_as_owner(house: House) -> None:
    gym = await house.gym()
    tokens = await house.sign_in(gym.slug, "OLGA@example.com ")
    told = jwt.decode(tokens.access_token, options={"verify_signature": False})
    assert (told["sub"], told["gym"]) == (f"staff:{gym.owner_id}", str(gym.gym_id))
    assert told["roles"] == ["owner"]
    assert told["exp"] - told["iat"] <= 15 * 60


async def test_nobody_learns_from_the_answer_whether_an_email_is_known(house: House) -> None:
    gym = await house.gym()
    answers = [
        await house.refused(gym.slug, "olga@example.com", "wrong password"),
        await house.refused(gym.slug, "nobody@example.com", "wrong password"),
        await house.refused("no-such-gym", "olga@example.com", "wrong password"),
    ]
    assert {(a.code, a.message, a.field, str(a.details)) for a in answers} == {
        ("INVALID_CREDENTIALS", "E-mail or password is wrong.", None, "{}")
    }


@pytest.mark.parametrize("email", ["olga@example.com", "nobody@example.com"])
async def test_guessing_is_stopped_whether_the_account_exists_or_not(
    house: House, email: str
) -> None:
    gym = await house.gym()
    answers = await asyncio.gather(
        *(house.refused(gym.slug, email, f"guess {n}") for n in range(PER_ACCOUNT + 3))
    )
    codes = [answer.code for answer in answers]
    assert codes.count("INVALID_CREDENTIALS") == PER_ACCOUNT
    assert codes.count("TOO_MANY_ATTEMPTS") == 3
    locked = await house.refused(gym.slug, email, PASSWORD)
    assert locked.code == "TOO_MANY_ATTEMPTS"
    assert 0 < locked.details["retry_after"] <= 15 * 60
    house.clock.advance(timedelta(minutes=15))
    assert (await house.refused(gym.slug, email, "wrong")).code == "INVALID_CREDENTIALS"


async def test_an_address_that_guesses_is_stopped_at_every_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.members.attempts.PER_ADDRESS", 3)
    gym, address = await house.gym(), f"test {new_id()}"
    for n in range(3):
        await house.refused(gym.slug, f"nobody{n}@example.com", "wrong", address)
    refusal = await house.refused(gym.slug, "olga@example.com", PASSWORD, address)
    assert refusal.code == "TOO_MANY_ATTEMPTS"


async def test_right_passwords_never_use_up_an_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.members.attempts.PER_ADDRESS", 2)
    gym, address = await house.gym(), f"test {new_id()}"
    for _ in range(5):
        await house.sign_in(gym.slug, "olga@example.com", PASSWORD, address)


async def test_passwords_and_tokens_are_kept_as_hashes_only(house: House) -> None:
    gym = await house.gym()
    tokens = await house.sign_in(gym.slug, "olga@example.com")
    async with tenant(house.pool, gym.gym_id) as db:
        rows = [
            *await db.fetch("SELECT * FROM auth.credentials"),
            *await db.fetch("SELECT * FROM auth.refresh_tokens"),
        ]
    kept = " ".join(str(dict(row)) for row in rows)
    assert "$argon2id$" in kept
    assert not any(word in kept for word in (PASSWORD, "olga", tokens.refresh_token))


async def test_a_rush_on_the_door_is_told_to_come_back_rather_than_made_to_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.members.passwords.WAITING", 2)
    gym = await house.gym()
    waiting = [asyncio.create_task(house.parts.passwords.hash("password")) for _ in range(2)]
    await asyncio.sleep(0)  # both have come in
    with pytest.raises(Busy):
        await house.sign_in(gym.slug, "olga@example.com")
    await asyncio.gather(*waiting)
    await house.sign_in(gym.slug, "olga@example.com")


async def test_an_unknown_email_takes_as_long_to_refuse_as_a_wrong_password(house: House) -> None:
    seconds: dict[str, list[float]] = {"olga@example.com": [], "nobody@example.com": []}

    async def alike() -> bool:
        """The quickest of each; a moment of calm may have come to one of them alone."""
        gym = await house.gym()  # nobody may guess the same account for long
        for _ in range(7):  # in turns, so that a busy machine slows both
            for email, taken in seconds.items():
                began = time.perf_counter()
                await house.refused(gym.slug, email, "wrong")
                taken.append(time.perf_counter() - began)
        known, unknown = (min(taken) for taken in seconds.values())
        return 0.4 < unknown / known < 2.5  # a skipped hash would make it a tenth

    await until(alike)
