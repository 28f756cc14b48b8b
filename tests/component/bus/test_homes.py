"""Each gym is at home at one of a service's replicas, whichever of them is asked.

Each test has a nats-server of its own, with the real rights.
"""

import asyncio

import pytest
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from chassis.bus.homes import SUBJECT, Homes
from chassis.bus.reactions import Hopeless
from chassis.bus.signature import HEADER, sign
from contracts.envelope import Reply
from tests.component.bus.lock import KEY
from tests.component.bus.room import PATIENCE
from tests.component.bus.town import GYMS, RING, Town, owner
from tests.world.waiting import until

ANOTHER = "cmd.booking.another"


async def test_every_command_of_a_gym_is_carried_out_where_it_is_at_home(town: Town) -> None:
    async with town.replica():
        replies = await asyncio.gather(*(town.ring(gym) for gym in GYMS for _ in range(4)))

        assert {reply.outcome for reply in replies} == {"done"}
        for replica in town.replicas:
            at_home = [gym for gym in GYMS if town.home_of(gym) is replica]
            assert at_home
            assert replica.rung == dict.fromkeys(at_home, 4)
        town.replicas.pop()


async def test_whoever_comes_takes_gyms_and_moves_no_others(town: Town) -> None:
    before = {gym: town.home_of(gym) for gym in GYMS}
    async with town.replica() as newcomer:
        after = {gym: town.home_of(gym) for gym in GYMS}
        moved = [gym for gym in GYMS if after[gym] is not before[gym]]
        town.replicas.pop()

    assert moved
    assert {after[gym].homes for gym in moved} == {newcomer.homes}
    await town.meet()
    assert {gym: town.home_of(gym) for gym in GYMS} == before


async def test_what_is_handed_on_is_verified_like_what_is_asked(town: Town) -> None:
    replica, caller = town.replicas[0], owner(GYMS[0])
    (name,) = town.replicas[1].homes.others
    for signed in (sign(caller, ANOTHER, b"{}", KEY), sign(caller, RING, b"{}", bytes(32))):
        answer = await town.operator.request(
            f"home.booking.{name}", b"{}", timeout=PATIENCE,
            headers={HEADER: signed, SUBJECT: RING},
        )  # fmt: skip
        assert Reply.model_validate_json(answer.data).code == "UNVERIFIED_CALLER"
    assert not replica.rung


async def test_what_the_home_does_not_know_is_carried_out_where_it_was_asked(town: Town) -> None:
    older = town.replicas[1]
    del older.homes._served[RING]  # of the release before
    gym = town.one_of(older)

    replies = await asyncio.gather(*(town.ring(gym) for _ in range(20)))

    assert {reply.outcome for reply in replies} == {"done"}


async def test_a_process_that_only_reacts_is_no_home_for_commands(town: Town) -> None:
    only_reacts = Homes("booking")
    only_reacts.serve("retry.booking.test", _unserved)
    await only_reacts.open(town.operator)
    other = town.replicas[0]
    await until(lambda: other.knows(2), PATIENCE)

    homes_of = {other.homes.elsewhere(gym, RING) for gym in GYMS}
    reacting = {other.homes.elsewhere(gym, "retry.booking.test") for gym in GYMS}

    assert len(homes_of) == 2
    assert len(reacting) == 3
    await only_reacts.close()


async def test_every_event_of_a_gym_is_reacted_to_where_it_is_at_home(town: Town) -> None:
    await town.hang(GYMS * 2)

    async def all_heard() -> bool:
        return sum(one.heard.total() for one in town.replicas) >= 2 * len(GYMS)

    await until(all_heard, PATIENCE)
    for replica in town.replicas:
        assert set(replica.heard) <= {gym for gym in GYMS if town.home_of(gym) is replica}
        assert set(replica.heard.values()) == {2}


@pytest.mark.parametrize(
    ("fault", "tries"),
    [(Hopeless("no"), 1), (ValueError("a defect"), 2)],
    ids=["hopeless", "may pass"],
)
async def test_what_fails_at_home_fails_for_whoever_handed_it_on(
    town: Town, fault: Exception, tries: int
) -> None:
    for replica in town.replicas:
        replica.fault = fault
    letters = await town.operator.jetstream(timeout=PATIENCE).subscribe(
        "dlq.>", ordered_consumer=True
    )
    gyms = [town.one_of(replica) for replica in town.replicas]
    with capture_logs():  # tracebacks take seconds to write
        await town.hang(gyms * 4)
        told = [await letters.next_msg(timeout=PATIENCE) for _ in range(len(gyms) * 4)]

    assert {(letter.headers or {})["Dlq-Error"] for letter in told} == {type(fault).__name__}
    assert {gym: town.home_of(gym).heard[gym] for gym in gyms} == dict.fromkeys(gyms, 4 * tries)


async def _unserved(_: Msg) -> bytes:
    raise AssertionError("nobody asks")
