"""A rush for one class while something dies: nobody is lost, doubled or squeezed in."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from contracts.ids import new_id
from tests.faults.books import every_invariant_holds, must_be_right
from tests.faults.rush import rush
from tests.world import documents
from tests.world.chronicle import Chronicle
from tests.world.gym import Gym
from tests.world.hearing import is_everything_heard, reactions
from tests.world.system import System
from tests.world.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

SEATS = 12
PEOPLE = 40
WITHIN = 60.0  # seconds until reactions must hear again
Break = Callable[[System], Awaitable[None]]


def killed(process: str) -> Break:
    async def do(system: System) -> None:
        system.kill(process)

    return do


def frozen(process: str, seconds: float) -> Break:
    async def do(system: System) -> None:
        pid = system.pid(process)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)  # how long it stands still is the fault itself
        finally:
            os.kill(pid, signal.SIGCONT)

    return do


async def postgres_dies(system: System) -> None:
    assert system.installation.postgres is not None
    system.installation.postgres.kill()
    system.installation.postgres.restart()


async def nats_dies(system: System) -> None:
    assert system.installation.nats is not None
    system.installation.nats.kill()
    system.installation.nats.restart()


FAULTS: dict[str, Break] = {
    "booking is killed": killed("booking"),
    "projections are killed": killed("projections"),
    "the gateway is killed": killed("gateway"),
    "booking stands still": frozen("booking", 1.5),
    "postgres is killed": postgres_dies,
    "nats is killed": nats_dies,
}
OTHERS_DO_TOO = {
    "projections are killed",
    "the gateway is killed",
    "booking stands still",
}  # fmt: skip - in tests of every run
STRUCK = [
    pytest.param(name, marks=pytest.mark.chaos) if name in OTHERS_DO_TOO else name
    for name in FAULTS
]


@pytest.mark.parametrize("fault", STRUCK, ids=lambda name: name.replace(" ", "-"))
async def test_a_rush_survives_when(fault: str, system: System, gym: Gym, tell: Chronicle) -> None:
    crowd = await rush(gym, seats=SEATS, people=PEOPLE)

    async def breaking() -> None:
        await crowd.halfway.wait()
        tell(f"{fault} when {len(crowd.told)} of {PEOPLE} were answered")
        await FAULTS[fault](system)

    await asyncio.gather(breaking(), crowd.all_book())

    refused = set(crowd.told.values()) - {"reserved", "waiting", "cancelled"}
    assert refused <= {"WAITLIST_FULL"}, refused
    await must_be_right(system, crowd, tell)


async def test_the_same_key_from_fifty_people_at_once_books_once(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    alone = await rush(gym, seats=SEATS, people=1)
    (client,), key = alone.clients, str(new_id())

    answers = await asyncio.gather(*(alone.book(client, key) for _ in range(50)))

    assert set(answers) == {"reserved"}
    tell(f"{len(answers)} requests came with one key at once; all had one answer")
    state = await must_be_right(system, alone, tell)
    assert len(state.reserved) == 1


async def test_streams_are_refilled_and_screens_are_right_after_nats_lost_everything(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=SEATS, people=7)
    *early, late = crowd.clients
    await asyncio.gather(*map(crowd.book, early))
    nats = system.installation.nats
    assert nats is not None
    heard = set(await reactions(system.installation))

    nats.kill()
    nats.wipe()
    nats.start()
    tell("NATS was killed, its disk was wiped, and it was started again")
    await system.b2b("streams")
    tell("streams were declared: the relays refill them")
    await crowd.book(late)

    await must_be_right(system, crowd, tell)

    async def hearing_again() -> bool:
        found = set(await reactions(system.installation))
        return found >= heard and await is_everything_heard(system.installation)

    assert heard
    await until(hearing_again, WITHIN)

    async def last_given() -> int:
        delivered = (await reactions(system.installation))["access_session_scheduled"].delivered
        assert delivered is not None
        return delivered.stream_seq

    before = await last_given()
    await gym.session(SEATS)

    async def heard_of_it() -> bool:
        return await last_given() > before and await is_everything_heard(system.installation)

    await until(heard_of_it, WITHIN)
    tell(f"all {len(heard)} reactions hear again")
    tell.hold((await every_invariant_holds(system)).values())


@pytest.mark.chaos
async def test_a_read_model_built_anew_is_the_one_that_was_there(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    crowd = await rush(gym, seats=2, people=4)
    await asyncio.gather(*map(crowd.book, crowd.clients))
    await must_be_right(system, crowd, tell)

    await system.b2b("projections", "rebuild", "roster")
    await system.b2b("projections", "rebuild", "calendar")
    tell("roster and calendar were built anew")

    await must_be_right(system, crowd, tell)


@pytest.mark.chaos
async def test_a_repeat_after_everything_was_killed_gets_the_first_answer(
    system: System, gym: Gym, tell: Chronicle
) -> None:
    session, client, key = await gym.session(SEATS), await gym.client(), str(new_id())
    asked = {"sessionId": session, "clientId": client}
    first = await gym.owner.do(documents.BOOK, key=key, **asked)

    for process in ("booking", "projections", "gateway"):
        system.kill(process)
        tell(f"{process} was killed after the answer")
    await system.all_ready()

    assert first["userErrors"] == []
    assert await gym.owner.do(documents.BOOK, key=key, **asked) == first
    tell("the repeat got the first answer")
    tell.hold((await every_invariant_holds(system)).values())
