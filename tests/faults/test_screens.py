"""Screens stay true through restarts of what carries their changes."""

import pytest

from tests.faults.books import every_invariant_holds
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.system import System

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]


async def test_a_screen_left_open_over_a_restart_of_nats_still_moves(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    mia, session = await gym.member(), await gym.session()

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        await roster.shows(lambda f: f["roster"] and f["roster"]["reservations"] == [])
        assert system.installation.nats
        system.installation.nats.restart()
        tell("NATS was restarted under an open screen")
        await mia.at.done(documents.BOOK, sessionId=session)
        await roster.shows(lambda f: len(f["roster"]["reservations"]) == 1, within=60)
    tell("the screen showed the next booking")
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.chaos
async def test_a_screen_left_open_over_a_restart_of_postgres_still_moves(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    mia, session = await gym.member(), await gym.session()

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        await roster.shows(lambda f: f["roster"] and f["roster"]["reservations"] == [])
        assert system.installation.postgres
        system.installation.postgres.restart()
        tell("Postgres was restarted under an open screen")
        booked = await mia.at.done(documents.BOOK, sessionId=session)
        await roster.shows(lambda f: len(f["roster"]["reservations"]) == 1, within=60)

    seen = await gym.owner.ask(documents.SESSION, id=session, atLeast=booked["position"])
    assert seen["reserved"] == 1
    tell("the screen showed the next booking")
    tell.hold((await every_invariant_holds(system)).values())
