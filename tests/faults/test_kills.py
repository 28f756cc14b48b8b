"""Any process dies at any moment of a rush; the moments are the seed's."""

import asyncio
import random

import pytest

from deploy.local.access import PROCESSES
from tests.faults.books import must_be_right
from tests.faults.rush import rush
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.chaos, pytest.mark.timeout(300)]

PEOPLE = 60
DEATHS = 6
WITHIN = 90.0  # seconds until somebody must have been answered
SEEDS = range(1, 8)


def deaths(seed: int) -> list[tuple[int, str]]:
    """(how many were answered, who dies then), in their order."""
    dice = random.Random(seed)
    return [
        (moment, dice.choice(PROCESSES)) for moment in sorted(dice.sample(range(PEOPLE), DEATHS))
    ]


def test_all_seeds_together_kill_every_process() -> None:
    assert {victim for seed in SEEDS for _, victim in deaths(seed)} == set(PROCESSES)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_rush_survives_deaths_at_the_moments_of(
    seed: int, system: System, gym: Gym, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=12, people=PEOPLE)

    async def killing() -> None:
        for answered, victim in deaths(seed):
            await until(lambda answered=answered: _answered(crowd.told, answered), WITHIN)  # type: ignore[misc]
            pid = await until(lambda victim=victim: _running(system, victim), WITHIN)  # type: ignore[misc]
            system.kill(victim)
            tell(f"{victim} ({pid}) was killed when {len(crowd.told)} of {PEOPLE} were answered")

    await asyncio.gather(killing(), crowd.all_book())

    tell(f"all {PEOPLE} were answered")
    await system.all_ready()  # who died again and again is begun again after half a minute
    await must_be_right(system, crowd, tell)


async def _answered(told: dict[str, str], count: int) -> bool:
    return len(told) >= count


async def _running(system: System, process: str) -> int | None:
    return system.supervisor.children[process].pid
