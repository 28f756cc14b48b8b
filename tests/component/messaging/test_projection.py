"""A read model shows each event exactly once, whatever dies, or it stands still and says so."""

import asyncio
import time

import asyncpg
import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.projection import lag
from chassis.projection.engine import Projection, Projections
from chassis.projection.lag import State
from chassis.tenancy import Pool
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from tests.component.messaging.probe import connected_as, fresh_stream, message, publish, running
from tests.component.messaging.tallies import Views, level
from tests.world.chronicle import Chronicle
from tests.world.waiting import until

STOOD_STILL = 0.5  # seconds between two looks, which are a twentieth of one apart


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> float:
    """The silence that is wondered about, in seconds: a few heartbeats' time."""
    monkeypatch.setattr(lag, "UNHEARD", 3.0)
    return lag.UNHEARD


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


@pytest.mark.faults
async def test_a_stream_that_is_refilled_is_continued_not_repeated(
    views: Views, pool: Pool, client: Client, tell: Chronicle
) -> None:
    tally = await views.make()
    await publish(client, 5)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 5)
        await fresh_stream(client)
        tell("the stream was wiped behind event 5, and refilled with 7")
        await publish(client, 7)
        await level(views, tally, 7)

    assert await views.seen(tally) == list(range(1, 8))
    tell("the read model has seen all 7, once and in order")


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
        async with asyncio.timeout(60):
            subject, position, committed = await heard.get()
            told = orjson.loads((await progress.next_msg(timeout=30)).data)

    assert subject == f"live.{gym}.{tally.name}.all"
    assert committed >= position == 3
    assert told == {"source": "probe", "position": 3}
    assert heard.empty()


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


async def test_who_may_not_hear_the_stream_is_behind_and_says_so(
    views: Views, pool: Pool, client: Client, installation: Installation, unheard: float
) -> None:
    tally = await views.make()

    async with connected_as(installation, "gateway") as refused:  # it may read no stream
        projection = Projection(tally, client=refused, pool=pool)
        async with running(projection.run):
            await until(lambda: projection.status.state is State.RETRYING)
            told = projection.status.told()

    assert told.lag_seconds > unheard
    assert told.state == "retrying"

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await publish(client, 1)
        await level(views, tally, 1)
        await until(lambda: projection.status.state is State.RUNNING)


async def test_a_stream_with_nothing_new_is_no_silence(
    views: Views, pool: Pool, client: Client, unheard: float
) -> None:
    projection = Projection(await views.make(), client=client, pool=pool)
    status, began = projection.status, time.monotonic()
    looked, found = began, set[tuple[State, float]]()

    def hears_heartbeats_only() -> bool:
        nonlocal began, looked
        before, looked = looked, time.monotonic()
        if not status.is_located or looked - before > STOOD_STILL:
            began = looked  # and what was found means nothing
            found.clear()
            return False
        found.add((status.state, status.lag_seconds))
        return projection._reader.heard_at - began > unheard

    async with running(projection.run):
        await until(hears_heartbeats_only, within=60)

    assert found == {(State.RUNNING, 0.0)}


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
