"""What can never be applied stops its read model, and no other, and is named."""

import pytest
from nats.aio.client import Client
from prometheus_client import REGISTRY

from chassis.projection.engine import Projection, Projections
from chassis.projection.lag import State
from chassis.tenancy import Pool
from tests.component.messaging.probe import fresh_stream, message, publish, running
from tests.component.messaging.tallies import Tally, Views, level
from tests.world.chronicle import Chronicle
from tests.world.waiting import until


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


@pytest.mark.faults
async def test_a_stream_that_tells_another_history_is_not_applied(
    views: Views, pool: Pool, client: Client, tell: Chronicle
) -> None:
    tally = await views.make()
    await publish(client, 5)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 5)
    await fresh_stream(client)
    await publish(client, 4)
    await client.jetstream().publish(*message(5))
    await client.jetstream().publish(*message(5))  # sequence 6 is not behind position 5
    tell("the stream was wiped, and refilled with another history")

    projection = Projection(tally, client=client, pool=pool)
    async with running(projection.run):
        await until(lambda: projection.status.state is State.STOPPED)

    assert "another history" in (projection.status.error or "")
    assert await views.checkpoint(tally) == (5, 5)
    tell("the read model stands still where it was, and says why")
