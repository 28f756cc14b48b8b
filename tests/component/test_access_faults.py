"""Doors work while others are away, and access knows afterwards what it missed."""

from contracts.booking import BookClass, CancelReservation
from contracts.envelope import Reply
from contracts.permissions import OPERATOR
from deploy.local.installation import Installation
from tests.component.members.house import gym_of
from tests.component.serving import Gateway, ready, serving, started
from tests.component.test_access_process import CHECKED_IN, House
from tests.component.test_booking_process import heard


async def opened(gateway: Gateway) -> House:
    gym = gym_of()
    reply: Reply = await gateway.ask(gym.gym_id, gym, "system:operator", OPERATOR)
    assert reply.outcome == "done", reply
    house = House(gateway, gym.gym_id)
    await house.open_up()
    return house


async def test_a_door_decides_while_everybody_else_is_away_and_booking_hears_of_it_later(
    installation: Installation,
) -> None:
    async with serving(installation, "members", "booking", "access") as gateway:
        house = await opened(gateway)
        (ann, session), (leo, gone) = await house.seated(), await house.seated()
        await house.member(leo, CancelReservation(session_id=gone, client_id=leo))
        await house.keeps_out(leo, "no_reservation")

    async with serving(installation, "access") as house.gateway:
        told = await house.opens_for(ann)
        assert (told.session_id, (await house.enters(leo)).granted) == (session, False)

    async with serving(installation, "booking"):
        last = (await heard(installation, house.gym_id, CHECKED_IN))[-1].model_dump()
    assert (last["client_id"], last["source"]) == (ann, "door")


async def test_what_happened_while_access_was_dead_is_known_when_it_is_back(
    installation: Installation,
) -> None:
    settings = installation.environment("access")
    async with serving(installation, "members", "booking") as gateway:
        first = started("access", settings)
        await ready(settings["HEALTH_PORT"], first)
        house = await opened(gateway)
        ann, session = await house.seated()
        ben, cid = await house.client(), await house.client()
        await house.member(cid, BookClass(session_id=session, client_id=cid))
        await house.opens_for(ann)  # access knows of the session
        first.kill()
        first.wait()
        await house.member(ben, BookClass(session_id=session, client_id=ben))
        await house.member(cid, CancelReservation(session_id=session, client_id=cid))

        async with serving(installation, "access"):
            assert (await house.opens_for(ben)).session_id == session
            await house.keeps_out(cid, "no_reservation")
