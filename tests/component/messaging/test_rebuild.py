"""A read model is rebuilt beside itself: the live copy serves until the swap, nothing is lost."""

import asyncio
import sys
from collections.abc import Iterable, Sequence

import anyio
import asyncpg
import pytest
from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.clock import FixedClock
from chassis.projection import Change, NotYet
from chassis.projection.engine import Projection
from chassis.projection.ledger import Poison
from chassis.projection.model import NEXT
from chassis.projection.rebuild import RebuildFailed, rebuild
from chassis.tenancy import Db, Pool
from contracts.envelope import Envelope
from services.projections.app import models
from tests.component.messaging.probe import publish, running
from tests.component.messaging.tallies import Tally, Views, level
from tests.conftest import NOON


class Moody(Tally):
    """Every third time something it needs is away."""

    calls = failures = 0

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        self.calls += 1
        if self.calls % 3 == 0:
            self.failures += 1
            raise NotYet("members is away")
        return await super().apply(db, events)


async def test_a_rebuild_under_load_equals_the_fold_and_never_shows_less(
    views: Views, pool: Pool, client: Client, other_client: Client
) -> None:
    tally = await views.make()
    await publish(client, 400)
    shown: list[int] = []
    stop = anyio.Event()

    async def look() -> None:
        while not stop.is_set():
            shown.append(await pool.fetchval(f"SELECT count(*) FROM views.{tally.name}_seen"))
            await anyio.lowlevel.checkpoint()

    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 400)
        more = asyncio.create_task(publish(client, 300, first=401))
        looking = asyncio.create_task(look())
        reached: list[tuple[int, int]] = []
        await rebuild(
            tally,
            dsn=views.dsn,
            client=other_client,
            progress=lambda done, of: reached.append((done, of)),
        )
        await more
        await level(views, tally, 700)
        stop.set()
        await looking

    assert await views.seen(tally) == list(range(1, 701))
    assert await views.total(tally) == sum(range(1, 701))
    assert shown == sorted(shown)
    assert reached[-1][0] == reached[-1][1] >= 400
    assert await views.db.fetchval("SELECT to_regclass($1)", f"views_next.{tally.name}") is None


async def test_the_new_tables_are_like_the_old_ones(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    before = [await views.shape(table) for table in tally.tables]
    await publish(client, 3)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 3)
        await rebuild(tally, dsn=views.dsn, client=client)
        await publish(client, 1, first=4)
        await level(views, tally, 4)

    assert [await views.shape(table) for table in tally.tables] == before
    assert len(before[0]) > 10


async def test_every_read_model_there_is_can_be_copied(views: Views, client: Client) -> None:
    asker = Asker(client, key=bytes(32), clock=FixedClock(NOON))
    projector = await asyncpg.connect(views.dsn)
    for model in models(asker, FixedClock(NOON)):
        await projector.execute(
            "SELECT views.begin_rebuild($1, $2, $3)", model.name, model.source, list(model.tables)
        )
        for table in model.tables:
            copied = [
                each.replace("views_next.", "views.") for each in await views.shape(table, NEXT)
            ]
            assert copied == await views.shape(table)
            await views.db.execute(f"DROP TABLE {NEXT}.{table}")
    await projector.close()


async def test_new_code_tells_the_whole_past_anew(views: Views, pool: Pool, client: Client) -> None:
    tally = await views.make()
    await publish(client, 10)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 10)
    assert await views.total(tally) == 55

    await rebuild(Tally(tally.name, factor=10), dsn=views.dsn, client=client)

    assert await views.total(tally) == 550
    assert await views.checkpoint(tally) == (10, 10)


async def test_a_failed_rebuild_leaves_the_live_copy_alone(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await publish(client, 10)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 10)
        with pytest.raises(Poison, match="position 4"):
            await rebuild(Tally(tally.name, poison=4), dsn=views.dsn, client=client)
        await publish(client, 1, first=11)
        await level(views, tally, 11)

    assert await views.seen(tally) == list(range(1, 12))


async def test_what_was_read_ahead_is_read_again_after_an_error_that_passes(
    views: Views, pool: Pool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.projection.rebuild.BATCH", 32)
    monkeypatch.setattr("chassis.projection.rebuild.RETRY_AFTER", 0)
    tally = await views.make()
    await publish(client, 400)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 400)
        moody = Moody(tally.name)
        await rebuild(moody, dsn=views.dsn, client=client)

    assert moody.failures >= 3
    assert await views.seen(tally) == list(range(1, 401))
    assert await views.total(tally) == sum(range(1, 401))


async def test_a_poison_that_was_read_ahead_is_met_where_it_stands(
    views: Views, pool: Pool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.projection.rebuild.BATCH", 32)
    tally = await views.make()
    await publish(client, 400)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 400)
        with pytest.raises(Poison, match="position 333"):
            await rebuild(Tally(tally.name, poison=333), dsn=views.dsn, client=client)

    rebuilt = await views.db.fetchval(f"SELECT max(position) FROM {NEXT}.{tally.name}_seen")
    assert rebuilt == 332


async def test_a_second_rebuild_takes_over_the_first(
    views: Views, pool: Pool, client: Client, other_client: Client
) -> None:
    """One that goes on while the first cannot; of two that can, the quicker ends."""
    tally = await views.make()
    await publish(client, 1000)
    async with running(Projection(tally, client=client, pool=pool).run):
        await level(views, tally, 1000)
        begun = asyncio.Event()

        async def first() -> None:
            slow = Tally(tally.name, away=sys.maxsize)
            begun.set()
            with pytest.raises(RebuildFailed, match="took over"):
                await rebuild(slow, dsn=views.dsn, client=client)

        failing = asyncio.create_task(first())
        await begun.wait()
        await _copy_exists(views, tally)
        await rebuild(tally, dsn=views.dsn, client=other_client)
        await failing

    assert await views.total(tally) == sum(range(1, 1001))


async def _copy_exists(views: Views, tally: Tally) -> None:
    with anyio.fail_after(60):
        while not await views.db.fetchval(
            "SELECT EXISTS (SELECT FROM views_next.checkpoints WHERE name = $1)", tally.name
        ):
            await anyio.lowlevel.checkpoint()


async def test_a_table_that_cannot_be_copied_is_refused(
    views: Views, pool: Pool, client: Client
) -> None:
    tally = await views.make()
    await views.db.execute(
        f"ALTER TABLE views.{tally.name}_seen ADD FOREIGN KEY (gym_id)"
        f" REFERENCES views.{tally.name}"
    )
    with pytest.raises(Exception, match="cannot be rebuilt beside"):
        await rebuild(tally, dsn=views.dsn, client=client)
    await views.db.execute(f"DROP TABLE views.{tally.name}_seen")
