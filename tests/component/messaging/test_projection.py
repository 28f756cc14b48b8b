"""A read model shows each event exactly once, whatever dies, or it stands still and says so."""

import asyncio

import anyio
import asyncpg
import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chassis.projection import open_views
from chassis.projection.engine import Projection, Projections
from chassis.projection.lag import State
from chassis.tenancy import Pool
from contracts.ids import GymId, new_id
from tests.component.messaging.probe import (
    fresh_stream,
    message,
    publish,
    running,
    until,
)
from tests.component.messaging.tallies import Tally, Views, level


async def test_each_event_is_applied_once_in_order(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await publish(client, 40)

    projection = Projection(tally, client=client, pool=pool, max_batch=16)
    async with running(projection.run):
        await level(views, tally, 40)
        await publish(client, 10, first=41)
        await level(views, tally, 50)
        await until(lambda: projection.status.behind == 0)

    assert await views.seen(tally) == list(range(1, 51))
    assert await views.total(tally) == sum(range(1, 51))
    assert await views.checkpoint(tally) == (50, 50)
    assert projection.status.lag_seconds == 0


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


async def test_a_stream_that_is_refilled_is_continued_not_repeated(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await publish(client, 5)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 5)
        await fresh_stream(client)
        await publish(client, 7)
        await level(views, tally, 7)

    assert await views.seen(tally) == list(range(1, 8))


async def test_screens_get_one_hint_per_change_after_the_commit(
    views: Views, pool: Pool, client: Client, other_client: Client
) -> None:
    tally, gym = await views.make(), GymId(new_id())
    heard: asyncio.Queue[tuple[str, int, int]] = asyncio.Queue()

    async def hear(hint: Msg) -> None:
        await heard.put(
            (hint.subject, orjson.loads(hint.data)["position"], (await views.checkpoint(tally))[1])
        )

    await other_client.subscribe(f"live.*.{tally.name}.>", cb=hear)
    progress = await other_client.subscribe(f"progress.{tally.name}")
    await other_client.flush()
    await publish(client, 3, gym_id=gym)

    async with running(Projection(tally, client=client, pool=pool).run):
        async with asyncio.timeout(10):
            subject, position, committed = await heard.get()
            told = orjson.loads((await progress.next_msg(timeout=5)).data)

    assert subject == f"live.{gym}.{tally.name}.all"
    assert committed >= position == 3
    assert told == {"source": "probe", "position": 3}
    assert heard.empty()


async def test_a_poison_event_stops_its_read_model_alone_and_is_named(
    views: Views, pool: Pool, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, healthy = await views.make(poison=7), await views.make()
    await publish(client, 10)

    projections = Projections([broken, healthy], client=client, pool=pool)
    async with running(projections.run):
        status = projections.statuses()[0]
        await until(lambda: status.state is State.STOPPED)
        await level(views, healthy, 10)
        await publish(client, 2, first=11)
        await level(views, healthy, 12)
        await until(lambda: status.behind == 4)
        assert projections.ready

    assert await views.seen(broken) == [1, 2, 3, 4, 5, 6]
    assert status.error == "the event at sequence 7 (position 7) cannot be applied: KeyError"
    labels = {"projection": broken.name}
    assert REGISTRY.get_sample_value("b2b_projection_stopped", labels) == 1
    assert (REGISTRY.get_sample_value("b2b_projection_lag_seconds", labels) or 0) > 0
    assert "secret content" not in capsys.readouterr().out

    fixed = Projection(Tally(broken.name), client=client, pool=pool)
    async with running(fixed.run):
        await level(views, broken, 12)
    assert await views.seen(broken) == list(range(1, 13))


@pytest.mark.parametrize("n", [5_000_000, 2**70], ids=["by a check", "by its type"])
async def test_an_event_the_table_refuses_is_poison(
    views: Views, pool: Pool, client: Client, n: int
) -> None:
    tally = await views.make()
    await publish(client, 2)
    await client.jetstream().publish(*message(3, event=b'{"n": %d}' % n))
    await publish(client, 1, first=4)

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await until(lambda: projection.status.state is State.STOPPED)

    assert await views.seen(tally) == [1, 2]
    assert "sequence 3 " in (projection.status.error or "")


@pytest.mark.parametrize("event", [{"n": "many"}, "not an object"], ids=str)
async def test_an_event_that_breaks_its_own_type_is_poison(
    views: Views, pool: Pool, client: Client, event: object
) -> None:
    tally = await views.make()
    await publish(client, 2)
    await client.jetstream().publish(*message(3, event=event))

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await until(lambda: projection.status.state is State.STOPPED)

    assert await views.seen(tally) == [1, 2]


async def test_types_from_the_future_are_passed_over(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await publish(client, 1)
    await client.jetstream().publish(*message(2, event_type="probe.future.v9", event={"x": 1}))
    await publish(client, 1, first=3)

    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 3)

    assert await views.seen(tally) == [1, 3]


async def test_what_is_away_for_the_moment_is_waited_for(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make(away=2)
    await publish(client, 4)

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await level(views, tally, 4)
        await until(lambda: projection.status.state is State.RUNNING)

    assert await views.seen(tally) == [1, 2, 3, 4]


async def test_a_stream_that_tells_another_history_is_not_applied(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await publish(client, 5)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 5)
    await fresh_stream(client)
    await publish(client, 4)
    await client.jetstream().publish(*message(5))
    await client.jetstream().publish(*message(5))  # sequence 6 is not behind position 5

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await until(lambda: projection.status.state is State.STOPPED)

    assert "another history" in (projection.status.error or "")
    assert await views.checkpoint(tally) == (5, 5)


async def test_a_missing_table_is_waited_for_and_shown(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await views.db.execute(f"ALTER TABLE views.{tally.name} RENAME TO {tally.name}_gone")
    await publish(client, 2)

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await until(lambda: projection.status.state is State.RETRYING)
        assert projection.status.error == asyncpg.UndefinedTableError.__name__
        await views.db.execute(f"ALTER TABLE views.{tally.name}_gone RENAME TO {tally.name}")
        await level(views, tally, 2)


async def test_an_outage_before_the_first_event_is_over_when_it_is_over(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await views.db.execute("REVOKE SELECT ON views.checkpoints FROM views_projector")
    projections = Projections([tally], client=client, pool=pool)
    [status] = projections.statuses()
    async with running(projections.run):
        try:
            await until(lambda: status.state is State.RETRYING)
            assert not projections.ready
        finally:
            await views.db.execute("GRANT SELECT ON views.checkpoints TO views_projector")
        await until(lambda: status.state is State.RUNNING)
        assert projections.ready
        assert status.lag_seconds == 0
