"""Two processes project one read model: each event is applied once, by who gets on with it."""

import asyncio

import anyio
import pytest
from nats.aio.client import Client
from structlog.testing import capture_logs

from chassis.projection import open_views
from chassis.projection.engine import Projection
from chassis.projection.lag import State
from chassis.tenancy import Pool
from tests.component.messaging.probe import publish, running
from tests.component.messaging.tallies import Views, level
from tests.world.waiting import until


async def test_two_projectors_whose_connections_are_killed_apply_each_event_once(
    views: Views, pool: Pool, client: Client, other_client: Client
) -> None:
    tally = await views.make()
    second = await open_views(views.dsn)
    projections = [
        Projection(tally, client=client, pool=pool, max_batch=8),
        Projection(tally, client=other_client, pool=second, max_batch=8),
    ]
    async with running(*(each.run for each in projections)):
        for part in range(5):
            await publish(client, 60, first=1 + 60 * part)
            await views.db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'projections views'"
            )
        await level(views, tally, 300)
        # A stopped one would mean that the table, not the checkpoint, turned a repetition away.
        assert State.STOPPED not in {each.status.state for each in projections}
        await until(lambda: not any(each.status.behind for each in projections))
    await second.close()

    assert await views.seen(tally) == list(range(1, 301))
    assert await views.total(tally) == sum(range(1, 301))


async def test_of_two_projectors_one_works_and_the_other_takes_over_when_it_is_gone(
    views: Views, pool: Pool, client: Client, other_client: Client
) -> None:
    tally = await views.make()
    second = await open_views(views.dsn)
    projections = [
        Projection(tally, client=client, pool=pool),
        Projection(tally, client=other_client, pool=second),
    ]
    ends = [anyio.Event(), anyio.Event()]
    async with anyio.create_task_group() as tasks:
        for projection, end in zip(projections, ends, strict=True):
            tasks.start_soon(projection.run, end)
        with capture_logs() as said:
            for seq in range(1, 7):
                await publish(client, 1, first=seq)
                await until(lambda: all(each.status.seq >= seq for each in projections))  # noqa: B023
        (worker,) = (n for n, each in enumerate(projections) if not each._is_second)
        ends[worker].set()
        await publish(client, 5, first=7)
        await level(views, tally, 11)
        ends[1 - worker].set()
    await second.close()

    # One finds out that it is not alone; one more, should the machine stand still for a moment.
    assert [line["event"] for line in said].count("projection_fenced") <= 2
    assert await views.seen(tally) == list(range(1, 12))


async def test_a_projector_whose_work_was_done_while_it_waited_is_not_behind(
    views: Views, pool: Pool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally, overtaken = await views.make(), asyncio.Event()
    projection = Projection(tally, client=client, pool=pool)
    measure = projection._measure

    async def measure_and_be_overtaken() -> None:
        await measure()
        await views.move(tally, 4)  # another process has done all there is
        overtaken.set()

    monkeypatch.setattr(projection, "_measure", measure_and_be_overtaken)
    async with running(projection.run):
        await publish(client, 1)
        await level(views, tally, 1)
        tally.away = 1
        await publish(client, 3, first=2)
        await overtaken.wait()
        await until(lambda: projection.status.state is State.RUNNING)

    assert projection.status.behind == 0
    assert await views.seen(tally) == [1]


async def test_a_projector_comes_back_to_what_a_new_copy_lacks(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await publish(client, 3)
        await level(views, tally, 3)
        await views.move(tally, 10)  # another process has done so much
        await publish(client, 7, first=4)
        await until(lambda: projection.status.seq == 10)
        await views.move(tally, 7)  # a copy made anew has less
        await publish(client, 1, first=11)
        await level(views, tally, 11)

    assert await views.seen(tally) == [1, 2, 3, 8, 9, 10, 11]
