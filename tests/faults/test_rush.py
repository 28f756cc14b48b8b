"""A rush for one class while something dies: nobody is lost, doubled or squeezed in."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from contracts.ids import new_id
from deploy.local.places import free_port
from tests.faults.books import must_balance, must_be_shown, must_be_streamed
from tests.faults.city import City, Gym, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

SEATS = 12
PEOPLE = 40
Break = Callable[[City], Awaitable[None]]


def killed(process: str) -> Break:
    async def do(city: City) -> None:
        os.kill(city.pid(process), signal.SIGKILL)

    return do


def frozen(process: str, seconds: float) -> Break:
    async def do(city: City) -> None:
        pid = city.pid(process)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)  # how long it stands still is the fault itself
        finally:
            os.kill(pid, signal.SIGCONT)

    return do


async def postgres_dies(city: City) -> None:
    assert city.installation.postgres is not None
    city.installation.postgres.kill()
    city.installation.postgres.restart()


async def nats_dies(city: City) -> None:
    assert city.installation.nats is not None
    city.installation.nats.kill()
    city.installation.nats.restart()


FAULTS: dict[str, Break] = {
    "booking is killed": killed("booking"),
    "projections are killed": killed("projections"),
    "the gateway is killed": killed("gateway"),
    "booking stands still": frozen("booking", 1.5),
    "postgres is killed": postgres_dies,
    "nats is killed": nats_dies,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda name: name.replace(" ", "-"))
async def test_a_rush_survives_when(fault: str, city: City, gym: Gym) -> None:
    session = await gym.session(SEATS)
    people = await gym.clients(PEOPLE)
    told: dict[str, str] = {}
    halfway = asyncio.Event()

    async def one(client: str, gives_up: bool) -> None:
        told[client] = await gym.book(session, client)
        if len(told) >= PEOPLE // 4:
            halfway.set()
        if gives_up and told[client] == "reserved":
            told[client] = await gym.cancel(session, client)

    async def breaking() -> None:
        await halfway.wait()
        await FAULTS[fault](city)

    await asyncio.gather(breaking(), *(one(client, n % 5 == 0) for n, client in enumerate(people)))

    refused = set(told.values()) - {"reserved", "waiting", "cancelled"}
    assert refused <= {"WAITLIST_FULL"}, refused
    state = await must_balance(city, gym, session, told)
    await must_be_streamed(city, gym)
    await must_be_shown(gym, session, state)


async def test_two_replicas_of_booking_agree_on_one_class(city: City, gym: Gym) -> None:
    second = await city.another("booking", free_port())
    try:
        session = await gym.session(SEATS)
        people = await gym.clients(PEOPLE)
        told = dict(
            zip(
                people,
                await asyncio.gather(*(gym.book(session, client) for client in people)),
                strict=True,
            )
        )
        leavers = [client for client in people if told[client] == "reserved"][:5]
        left = await asyncio.gather(*(gym.cancel(session, client) for client in leavers))
        told |= dict(zip(leavers, left, strict=True))
        state = await must_balance(city, gym, session, told)
        await must_be_streamed(city, gym)
        await must_be_shown(gym, session, state)
    finally:
        await city.supervisor.children[second].stop(8)
        del city.supervisor.children[second]


async def test_the_same_key_from_fifty_people_at_once_books_once(city: City, gym: Gym) -> None:
    session, client, key = await gym.session(SEATS), await gym.client(), str(new_id())

    answers = await asyncio.gather(*(gym.book(session, client, key) for _ in range(50)))

    assert set(answers) == {"reserved"}
    state = await must_balance(city, gym, session, {client: "reserved"})
    assert len(state.reserved) == 1


async def test_streams_are_refilled_and_screens_are_right_after_nats_lost_everything(
    city: City, gym: Gym
) -> None:
    session = await gym.session(SEATS)
    people = await gym.clients(6)
    told = {client: await gym.book(session, client) for client in people}
    nats = city.installation.nats
    assert nats is not None

    heard = await city.consumers()

    nats.kill()
    nats.wipe()
    nats.start()
    await city.b2b("streams")
    late = await gym.client()
    told[late] = await gym.book(session, late)

    state = await must_balance(city, gym, session, told)
    await must_be_streamed(city, gym)
    await must_be_shown(gym, session, state)

    async def hearing_again() -> bool:
        return await city.consumers() >= heard

    assert heard
    await until(hearing_again, 30)


async def test_a_read_model_built_anew_is_the_one_that_was_there(city: City, gym: Gym) -> None:
    session = await gym.session(2)
    told = {client: await gym.book(session, client) for client in await gym.clients(4)}
    state = await must_balance(city, gym, session, told)
    await must_be_shown(gym, session, state)

    await city.b2b("projections", "rebuild", "roster")
    await city.b2b("projections", "rebuild", "calendar")

    await must_be_shown(gym, session, state)


async def test_a_repeat_after_everything_was_killed_gets_the_first_answer(
    city: City, gym: Gym
) -> None:
    session, client, key = await gym.session(SEATS), await gym.client(), str(new_id())
    asked = {"sessionId": session, "clientId": client, "idempotencyKey": key}
    first = await gym.do("bookClass", "reservation { id } position", **asked)

    for process in ("booking", "projections", "gateway"):
        os.kill(city.pid(process), signal.SIGKILL)
    await until(lambda: _all_up(city))

    assert await gym.do("bookClass", "reservation { id } position", **asked) == first


async def _all_up(city: City) -> bool:
    return all(child.pid is not None for child in city.supervisor.children.values())
