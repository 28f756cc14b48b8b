"""What an operator does from a terminal reaches the running system, and the other way round."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.ids import new_id
from deploy.schema import ROOT
from tests.world import documents
from tests.world.gym import Gym
from tests.world.people import PASSWORD, Person
from tests.world.system import System

WITHIN = 60.0  # seconds


@pytest.fixture
async def somebody(url: str) -> AsyncIterator[Person]:
    """Not signed in."""
    person = Person(url)
    yield person
    await person.aclose()


async def test_a_minted_token_is_that_of_the_person(
    system: System, gym: Gym, somebody: Person
) -> None:
    mia, session = await gym.member(), await gym.session()
    booked = await mia.at.done(documents.BOOK, sessionId=session)

    said = await system.b2b("token", "mint", mia.email, "--gym", gym.slug)

    somebody._token = said.strip()
    told = await somebody.ask(documents.MINE, atLeast=booked["position"])
    assert [one["session"]["id"] for one in told["nodes"]] == [session]


async def test_nobody_gets_a_token_for_who_is_not_there(system: System, gym: Gym) -> None:
    with pytest.raises(AssertionError, match=r"b2b: nobody at this gym signs in as who@x.test"):
        await system.b2b("token", "mint", "who@x.test", "--gym", gym.slug)


async def test_a_registered_gym_lets_its_owner_in_and_its_name_is_taken(
    system: System, somebody: Person, tmp_path: Path
) -> None:
    slug, email = f"gym-{new_id().hex[-12:]}", f"olga-{new_id().hex}@x.test"
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    register = (
        "gym", "register", slug, "--name", "Iron", "--owner-name", "Olga",
        "--owner-email", email, "--owner-password-file", str(password),
    )  # fmt: skip

    said = await system.b2b(*register)

    assert said.startswith("gym_")
    await somebody.sign_in(slug, email)
    with pytest.raises(AssertionError, match="b2b: SLUG_TAKEN"):
        await system.b2b(*register)


async def test_tail_shows_what_was_and_then_what_happens(system: System, gym: Gym) -> None:
    session = await gym.session()
    tail = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "tail", "--all", "--gym", gym.slug,
        "--type", "booking.session_scheduled", cwd=ROOT,
        env={**os.environ, "B2B_DATA": str(system.installation.data)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tail.stdout is not None
    try:
        async with asyncio.timeout(WITHIN):
            was = (await tail.stdout.readline()).decode()
            later = await gym.session()
            happens = (await tail.stdout.readline()).decode()
    finally:
        tail.terminate()
        await tail.wait()

    for line, shown in ((was, session), (happens, later)):
        assert f"gym {gym.id} booking.session_scheduled.v1 session-" in line
        assert shown.removeprefix("ses_") in line.replace("-", "")
