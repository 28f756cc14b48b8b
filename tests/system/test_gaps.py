"""Screens stay true through restarts of what carries their changes."""

import asyncio
from typing import Any

import pytest

from contracts.ids import new_id
from deploy.local.installation import Installation
from tests.system import documents
from tests.system.gym import Gym
from tests.system.people import Refused

pytestmark = pytest.mark.faults


async def test_a_screen_left_open_over_a_restart_of_nats_still_moves(
    gym: Gym, running: Installation
) -> None:
    mia, session = await gym.member(), await gym.session()

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        await roster.shows(lambda f: f["roster"] and f["roster"]["reservations"] == [])
        assert running.nats
        running.nats.restart()
        await _patiently(mia.at.done, documents.BOOK, sessionId=session)
        await roster.shows(lambda f: len(f["roster"]["reservations"]) == 1)


async def test_a_screen_left_open_over_a_restart_of_postgres_still_moves(
    gym: Gym, running: Installation
) -> None:
    mia, session = await gym.member(), await gym.session()

    async with gym.owner.watching(documents.ROSTER_CHANGED, id=session) as roster:
        await roster.shows(lambda f: f["roster"] and f["roster"]["reservations"] == [])
        assert running.postgres
        running.postgres.restart()
        booked = await _patiently(mia.at.done, documents.BOOK, sessionId=session)
        await roster.shows(lambda f: len(f["roster"]["reservations"]) == 1, within=15)

    seen = await gym.owner.ask(documents.SESSION, id=session, atLeast=booked["position"])
    assert seen["reserved"] == 1


async def _patiently(do: Any, document: str, **given: Any) -> dict[str, Any]:
    """Repeat with one key, as the error asks for, until there is an answer."""
    key = str(new_id())
    async with asyncio.timeout(30):
        while True:
            try:
                done: dict[str, Any] = await do(document, key=key, **given)
            except Refused as refused:
                if refused.code not in {"UNAVAILABLE", "BUSY", "INTERNAL"}:
                    raise
                await asyncio.sleep(0.2)
            else:
                return done
